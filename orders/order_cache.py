"""Answers about orders under way, kept in Redis. Whether one may be used is for the database to say.

A document is kept with the order's version and number of attempts, which grow with all that it shows,
and is used only for a row that was read just now and has the same. So a cache that is flushed, frozen,
down, or brings back old documents changes nothing but speed; and nobody gets at a document but
through a row of their own. A code of authenticity keeps out what others have written there.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from orders.lifecycle import UNFINISHED
from orders.models import Order

logger = logging.getLogger(__name__)

_PATIENCE_SECONDS: Final = 0.05
_LEAVE_ALONE_SECONDS: Final = 5
_CODE_BYTES: Final = 16
# What a document looks like is decided by these; a release that changes them starts afresh.
_FORM: Final = ("wire.py", "events.py", "amounts.py")


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
    """Reads and keeps documents; never raises, and after a failure leaves Redis alone for some seconds.

    So a Redis that does not answer costs a process one wait of 50 ms, not one for every request.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._client: Redis | None = None
        self._location = ""
        self._away_until = 0.0

    def serves(self, order: Order) -> bool:
        """Whether documents of this order are kept: while it is under way, and 0 seconds is never."""
        return bool(settings.ORDER_CACHE_SECONDS) and order.status in UNFINISHED

    def read(self, stamp: Stamp) -> bytes | None:
        """The document of exactly this state, or None."""
        client = self._reachable()
        if client is None:
            return None
        try:
            kept = client.get(_key(stamp))
        except (RedisError, OSError) as error:
            self._leave_alone(error)
            return None
        return _opened(kept, stamp) if isinstance(kept, bytes) else None

    def keep(self, stamp: Stamp, document: bytes) -> None:
        """Keep a document for ORDER_CACHE_SECONDS; it must show this state and no other."""
        client = self._reachable()
        if client is None:
            return
        try:
            client.set(_key(stamp), _code(stamp, document) + document, ex=settings.ORDER_CACHE_SECONDS)
        except (RedisError, OSError) as error:
            self._leave_alone(error)

    def forget_failures(self) -> None:
        """Ask Redis again at once."""
        self._away_until = 0.0

    def _reachable(self) -> Redis | None:
        if time.monotonic() < self._away_until:
            return None
        location = str(settings.CACHES["default"]["LOCATION"])
        with self._lock:
            if self._client is None or self._location != location:
                self._location, self._client = location, _connect(location)
            return self._client

    def _leave_alone(self, error: Exception) -> None:
        logger.warning("orders are read without the cache: %s", type(error).__name__)
        self._away_until = time.monotonic() + _LEAVE_ALONE_SECONDS


def _connect(location: str) -> Redis:
    return Redis.from_url(
        location,
        socket_timeout=_PATIENCE_SECONDS,
        socket_connect_timeout=_PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )


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
    sources = [(Path(__file__).parent / name).read_bytes() for name in _FORM]
    return hashlib.sha256(b"\0".join([*(each.encode() for each in addresses), *sources])).hexdigest()[:16]


order_cache: Final = OrderCache()
