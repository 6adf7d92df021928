"""Answers about orders under way, kept in Redis. Whether one may be used is for the database to say.

A document is kept with the order's version and number of attempts, which grow with all that it shows,
and is used only for a row that was read just now and has the same. So a cache that is flushed, frozen,
down, or brings back old documents changes nothing but speed; and nobody gets at a document but
through a row of their own. A code of authenticity keeps out what others have written there.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings

from orders.lifecycle import UNFINISHED
from orders.models import Order
from orders.platform.redis_client import BriefRedis

_CODE_BYTES: Final = 16
_ORDERS: Final = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Stamp:
    """Which state of which order a document shows."""

    order_id: UUID
    version: int
    attempts: int

    @classmethod
    def of(cls, order: Order) -> Stamp:
        """The state of a row as it was read."""
        return cls(order.pk, order.version, order.attempt)


class OrderCache:
    """Reads and keeps documents; never raises, and waits for no Redis that does not answer."""

    def __init__(self, redis: BriefRedis) -> None:
        self.redis = redis

    def serves(self, order: Order) -> bool:
        """Whether documents of this order are kept: while it is under way, and 0 seconds is never."""
        return bool(settings.ORDER_CACHE_SECONDS) and order.status in UNFINISHED

    def read(self, stamp: Stamp) -> bytes | None:
        """The document of exactly this state, or None."""
        kept = self.redis.ask(lambda redis: redis.get(_key(stamp)))
        return _opened(kept, stamp) if isinstance(kept, bytes) else None

    def keep(self, stamp: Stamp, document: bytes) -> None:
        """Keep a document for ORDER_CACHE_SECONDS; it must show this state and no other."""
        sealed = _code(stamp, document) + document
        self.redis.ask(lambda redis: redis.set(_key(stamp), sealed, ex=settings.ORDER_CACHE_SECONDS))


def _key(stamp: Stamp) -> str:
    return f"orders:document:{_form()}:{stamp.order_id.hex}:{stamp.version}:{stamp.attempts}"


def _opened(kept: bytes, stamp: Stamp) -> bytes | None:
    code, document = kept[:_CODE_BYTES], kept[_CODE_BYTES:]
    return document if hmac.compare_digest(code, _code(stamp, document)) else None


def _code(stamp: Stamp, document: bytes) -> bytes:
    secret = hashlib.sha256(settings.SECRET_KEY.encode()).digest()
    return hashlib.blake2b(_key(stamp).encode() + document, key=secret, digest_size=_CODE_BYTES).digest()


def _form() -> str:
    return _digest(settings.EXPLORER_URL, settings.SOLANA_RPC_URL)


@lru_cache(maxsize=4)
def _digest(*addresses: str) -> str:
    # What a document looks like is decided by these; a release that changes them starts afresh.
    files = [_ORDERS / "amounts.py", *sorted((_ORDERS / "wire").glob("*.py"))]
    sources = [file.read_bytes() for file in files]
    return hashlib.sha256(b"\0".join([*(each.encode() for each in addresses), *sources])).hexdigest()[:16]


order_cache: Final = OrderCache(BriefRedis("orders are read without the cache"))
