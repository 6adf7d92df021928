"""Every open order is looked at now and then, whatever the bounds of the book say of it.

The book passes over orders by bounds that hold where what an amount brings a unit falls with its size. A
mint can break that: a transfer fee with a cap takes less of more. So each entry is also held against a quote
of its own size over single pools, and near its level, or beyond, against the best route, as if it had been
near.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final
from uuid import UUID

from dex.types import SwapMode
from orders.gateway import PriceLook
from orders.triggers.book import Book, Entry
from orders.triggers.rules import distance_bps

_PASS_SECONDS: Final = 60
# CPU of one look that goes to it at most: of very many orders a pass takes longer.
_MOST_SECONDS: Final = 0.02
# What the best route may bring more than the best single pools, in basis points.
_ROUTE_GAIN_BPS: Final = 200
_ALL_BPS: Final = 10_000


class Audit:
    """Goes through a book, those first that are new; ``clock`` is monotonic seconds."""

    def __init__(self, book: Book, clock: Callable[[], float]) -> None:
        self._book = book
        self._clock = clock
        self._new: deque[UUID] = deque()
        self._queue: deque[UUID] = deque()
        self._at = clock()
        self._owed = 0.0

    def put(self, order_id: UUID) -> None:
        """An order is new, or other than it was: it is looked at soon."""
        self._new.append(order_id)

    def due(self) -> Iterator[Entry]:
        """Those whose turn it is at this look; what is done with each counts as this look's time."""
        now = self._clock()
        size = len(self._book)
        self._owed = min(size, self._owed + size * (now - self._at) / _PASS_SECONDS)
        self._at = now
        until = time.thread_time() + _MOST_SECONDS
        while time.thread_time() < until and (entry := self._next()) is not None:
            yield entry

    def _next(self) -> Entry | None:
        while self._new:
            entry = self._book.get(self._new.popleft())
            if entry is not None and not entry.fired:
                return entry
        while self._owed >= 1:
            self._owed -= 1
            if not self._queue:
                self._queue.extend(entry.order_id for entry in self._book)
            entry = self._book.get(self._queue.popleft()) if self._queue else None
            if entry is not None and not entry.fired:
                return entry
        return None


def value_alone(entry: Entry, prices: PriceLook) -> int | None:
    """What an entry's amount brings, or costs, over the best single pools: no more than by the best route."""
    worth = prices.estimates(entry.market).best_single(entry.amount)
    return None if worth is None else abs(worth)


def may_be_beyond(entry: Entry, value: int) -> bool:
    """Whether the best route may be at a level of an entry, by what single pools give."""
    terms = entry.terms
    if entry.market.mode is SwapMode.EXACT_OUT:
        least = value * (_ALL_BPS - _ROUTE_GAIN_BPS) // _ALL_BPS
        return terms.below is not None and least <= terms.below
    most = value * (_ALL_BPS + _ROUTE_GAIN_BPS) // _ALL_BPS
    return (terms.above is not None and most >= terms.above) or (
        terms.below is not None and value <= terms.below
    )


class Distances:
    """How far entries are from their triggers, as far as that is worth writing down anew."""

    def __init__(self) -> None:
        self._changed: dict[UUID, tuple[int, int]] = {}

    def note(self, entry: Entry, value: int) -> None:
        """An entry's amount brings, or costs, ``value`` now."""
        terms = entry.terms
        bps = distance_bps(None if terms.trail_bps is not None else terms.above, terms.below, value)
        if bps is None or (entry.noted_bps is not None and not _is_other(entry.noted_bps, bps)):
            return
        entry.noted_bps = bps
        self._changed[entry.order_id] = entry.version, bps

    def take(self, most: int) -> dict[UUID, tuple[int, int]]:
        """Versions and basis points by order, at most so many; the others come next."""
        taken = {order_id: self._changed[order_id] for order_id in list(self._changed)[:most]}
        for order_id in taken:
            del self._changed[order_id]
        return taken


def _is_other(noted: int, bps: int) -> bool:
    """Further off less counts: a tenth of the distance, or ten basis points."""
    return abs(bps - noted) > max(10, abs(noted) // 10)
