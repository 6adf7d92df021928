"""Where new pools come from: the transaction that created each, read after the pool was seen.

A row waits for none of it where an order names the token. Where pools of all tokens are looked for and no
node lists them all, an account that changes proves nothing: the transaction decides whether a pool is new.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from orders import gateway
from orders.gateway import Origin, SeenPool
from orders.models import Launch
from orders.records import launches

# A node may not have the transaction yet that another one has shown.
_TRIES: Final = 3
_AGAIN_SECONDS: Final = 2
_MOST_WAITING: Final = 2_000
_MOST_OLD: Final = 100_000
# What may be an old pool that somebody trades in is asked for less often.
_DOUBTFUL_EVERY_SECONDS: Final = 0.5


@dataclass(slots=True)
class _Waiting:
    """Something to be asked for: how often it was, and when (monotonic seconds) it is due."""

    of: Any
    due: float = field(default_factory=time.monotonic)
    tries: int = 0

    def is_asked(self) -> None:
        """Ask again after a while, should there be no answer."""
        self.due = time.monotonic() + _AGAIN_SECONDS

    def has_more_tries(self) -> bool:
        """Count a try that found nothing; whether there will be another."""
        self.tries += 1
        return self.tries < _TRIES


@dataclass(frozen=True, slots=True)
class Question:
    """A call of a node, and what becomes of its answer: pools to be seen, and rows that have changed."""

    ask: Callable[[], Any]
    take_in: Callable[[Any], tuple[list[SeenPool], list[Launch]]]


class Origins:
    """Transactions not read yet, launches without a known origin, pools that may be new; in this order."""

    def __init__(self) -> None:
        self._signatures: OrderedDict[str, _Waiting] = OrderedDict()
        self._rows: OrderedDict[str, _Waiting] = OrderedDict()
        self._doubtful: OrderedDict[str, SeenPool] = OrderedDict()
        self._old: OrderedDict[str, None] = OrderedDict()
        self._doubted_at = float("-inf")

    def forget(self) -> None:
        """Begin anew: what is looked for has changed."""
        self._doubtful.clear()
        self._old.clear()

    def read_later(self, signatures: Iterable[str]) -> None:
        """Transactions that may have created pools."""
        for signature in signatures:
            if len(self._signatures) < _MOST_WAITING:
                self._signatures.setdefault(signature, _Waiting(signature))

    def ask_for(self, row: Launch) -> None:
        """Read where this launch comes from, unless that is known."""
        if not row.signature and len(self._rows) < _MOST_WAITING:
            self._rows[row.pool] = _Waiting(row)

    def doubt(self, pools: Iterable[SeenPool]) -> None:
        """Pools that were seen and may be old ones."""
        for one in pools:
            if one.pool not in self._old and len(self._doubtful) < _MOST_WAITING:
                self._doubtful.setdefault(one.pool, one)

    def next_question(self, since_slot: int | None) -> Question | None:
        """What is due; what was created before ``since_slot`` is not new."""
        now = time.monotonic()
        for signature, waiting in self._signatures.items():
            if waiting.due <= now:
                waiting.is_asked()
                return self._of_signature(signature)
        for pool, waiting in list(self._rows.items()):
            if waiting.of.signature:
                del self._rows[pool]
            elif waiting.due <= now:
                waiting.is_asked()
                return self._of_row(pool)
        if not self._doubtful or since_slot is None or now - self._doubted_at < _DOUBTFUL_EVERY_SECONDS:
            return None
        self._doubted_at = now
        return self._of_doubtful(self._doubtful.popitem(last=False)[1], since_slot)

    def _of_signature(self, signature: str) -> Question:
        def take_in(created: list[SeenPool] | None) -> tuple[list[SeenPool], list[Launch]]:
            if created is not None or not self._signatures[signature].has_more_tries():
                del self._signatures[signature]
            return created or [], []

        return Question(lambda: gateway.pools_created_by(signature), take_in)

    def _of_row(self, pool: str) -> Question:
        def take_in(origin: Origin | None) -> tuple[list[SeenPool], list[Launch]]:
            waiting = self._rows[pool]
            if origin is None and waiting.has_more_tries():
                return [], []
            del self._rows[pool]
            return [], [] if origin is None else [launches.change(waiting.of, _columns(waiting.of, origin))]

        return Question(lambda: gateway.origin_of(pool), take_in)

    def _of_doubtful(self, seen: SeenPool, since_slot: int) -> Question:
        def take_in(origin: Origin | None) -> tuple[list[SeenPool], list[Launch]]:
            if origin is not None and origin.slot >= since_slot:
                return [gateway.with_origin(seen, origin)], []
            self._old[seen.pool] = None
            while len(self._old) > _MOST_OLD:
                self._old.popitem(last=False)
            return [], []

        return Question(lambda: gateway.origin_of(seen.pool), take_in)


def _columns(row: Launch, origin: Origin) -> dict[str, str]:
    return {
        "signature": origin.signature,
        "creator": row.creator or origin.creator,
        "graduated_from": origin.graduated_from,
    }
