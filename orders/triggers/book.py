"""Open orders in memory, by the price that matters to them, so that only those near it are quoted.

What an amount brings a unit falls with its size, and what it costs a unit (exact output) grows: so of orders
of about one size the quotes of the smallest and the largest bound the prices of all, and only those whose
level lies within that bound or beyond are quoted with their own size. A market where that does not hold, by a
transfer fee with a maximum, has no bounds: there each order is quoted. Prices are integers: base units a base
unit, times 2**64, rounded so that none is missed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

from dex.types import SwapMode
from orders.gateway import BoundsNow, Market, Range
from orders.triggers.rules import UNSEEN, Seen, Terms

_ONE: Final = 2**64
_KeyedId = tuple[int, int]


@dataclass(slots=True)
class Entry:
    """An open order. ``fired`` ones are tried again whatever the price is; ``due_at`` bounds how often."""

    number: int
    order_id: UUID
    version: int
    market: Market
    amount: int
    terms: Terms
    created_at: datetime
    due_at: datetime
    fired: bool = False
    for_funds: bool = False
    judged: bool = True
    # What it sells at most, in base units of the token in.
    sold: int = 0
    seen: Seen = UNSEEN
    # How far it is from its trigger, as was last written down.
    noted_bps: int | None = None

    @property
    def above_price(self) -> int | None:
        """The level from which on it matters, rounded down."""
        level = self.terms.above
        return None if level is None else level * _ONE // self.amount

    @property
    def below_price(self) -> int | None:
        """The level down from which it fires, rounded up."""
        level = self.terms.below
        return None if level is None else -(-level * _ONE // self.amount)


@dataclass(slots=True)
class _SizeClass:
    """Orders of one market whose amounts differ by less than a factor of two."""

    above: list[_KeyedId] = field(default_factory=list)
    below: list[_KeyedId] = field(default_factory=list)
    amounts: list[int] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        insort(self.amounts, entry.amount)
        if entry.above_price is not None:
            insort(self.above, (entry.above_price, entry.number))
        if entry.below_price is not None:
            insort(self.below, (entry.below_price, entry.number))

    def remove(self, entry: Entry) -> None:
        _remove(self.amounts, entry.amount)
        if entry.above_price is not None:
            _remove(self.above, (entry.above_price, entry.number))
        if entry.below_price is not None:
            _remove(self.below, (entry.below_price, entry.number))

    def near(self, mode: SwapMode, bounds: BoundsNow) -> set[int]:
        """Numbers of those that the prices of now may matter to."""
        found: set[int] = set()
        for known in (bounds.remembered, bounds.estimated, bounds.exact):
            found = {number for side in self._within(*self._prices(mode, known)) for _, number in side}
            if len(found) <= _FEW:
                break
        return found

    def _within(self, least: int, most: int | None) -> tuple[Sequence[_KeyedId], Sequence[_KeyedId]]:
        """Those that prices between these bounds may matter to."""
        end = None if most is None else bisect_right(self.above, (most, _ONE))
        return self.above[:end], self.below[bisect_left(self.below, (least, 0)) :]

    def _prices(self, mode: SwapMode, known: Callable[[int], Range]) -> tuple[int, int | None]:
        """The least and the most price that any amount of the class has now."""
        small, large = self.amounts[0], self.amounts[-1]
        dearest, cheapest = (large, small) if mode is SwapMode.EXACT_OUT else (small, large)
        low, high = known(cheapest).least, known(dearest).most
        return low * _ONE // cheapest, None if high is None else -(-high * _ONE // dearest)


# So many near ones of a class are looked at one by one before the class is looked at more closely.
_FEW: Final = 3


_Sorted = TypeVar("_Sorted", int, tuple[int, int])


def _remove(rows: list[_Sorted], value: _Sorted) -> None:
    at = bisect_left(rows, value)
    assert rows[at] == value
    del rows[at]


class Book:
    """Open orders by market and size."""

    def __init__(self) -> None:
        self._by_id: dict[UUID, Entry] = {}
        self._by_number: dict[int, Entry] = {}
        self._markets: dict[Market, dict[int, _SizeClass]] = {}
        # Those that the price says nothing about: they have fired, or wait for funds.
        self._fired: dict[UUID, Entry] = {}
        self._counting: dict[UUID, Entry] = {}
        self._unjudged: dict[UUID, Entry] = {}
        self._new: set[Market] = set()
        self._next = 0

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._by_id.values())

    def get(self, order_id: UUID) -> Entry | None:
        """The entry of an order, or None."""
        return self._by_id.get(order_id)

    def put(self, entry: Entry) -> None:
        """Add an entry, in place of that of the same order."""
        self.drop(entry.order_id)
        entry.number = self._next
        self._next += 1
        self._by_id[entry.order_id] = entry
        if entry.fired:
            self._fired[entry.order_id] = entry
            return
        self._by_number[entry.number] = entry
        self._class_of(entry).add(entry)
        self._new.add(entry.market)
        if not entry.judged:
            self._unjudged[entry.order_id] = entry

    def drop(self, order_id: UUID) -> None:
        """Remove the entry of an order, if there is one."""
        entry = self._by_id.pop(order_id, None)
        self._counting.pop(order_id, None)
        self._unjudged.pop(order_id, None)
        if entry is None or self._fired.pop(order_id, None) is not None:
            return
        del self._by_number[entry.number]
        size_class = self._class_of(entry)
        size_class.remove(entry)
        if not size_class.amounts:
            classes = self._markets[entry.market]
            del classes[entry.amount.bit_length()]
            if not classes:
                del self._markets[entry.market]

    def move_watermark(self, entry: Entry, watermark: int) -> None:
        """Put an entry where its new watermark wants it."""
        self.put(replace(entry, terms=entry.terms.with_watermark(watermark), seen=UNSEEN))

    def smallest(self, market: Market) -> int | None:
        """The smallest amount of a market's orders, or None."""
        classes = self._markets.get(market)
        return min(c.amounts[0] for c in classes.values()) if classes else None

    def is_counting(self, market: Market) -> bool:
        """Whether an order of the market counts slots."""
        return any(entry.market == market for entry in self._counting.values())

    def counting(self, market: Market) -> list[Entry]:
        """The entries of a market that count slots."""
        return [entry for entry in self._counting.values() if entry.market == market]

    def has_new(self, market: Market) -> bool:
        """Whether the market has orders that no look was at yet; not any more when this has answered."""
        was_new = market in self._new
        self._new.discard(market)
        return was_new

    def unjudged(self, market: Market) -> list[Entry]:
        """Those of which it is not known yet whether they would have fired when they were placed."""
        return [entry for entry in self._unjudged.values() if entry.market == market]

    def pass_judged(self, entry: Entry) -> None:
        """It would not have."""
        entry.judged = True
        self._unjudged.pop(entry.order_id, None)

    def largest(self) -> dict[Market, int]:
        """The markets that have to be looked at, each with the largest amount that is to be quoted."""
        found = {market: max(c.amounts[-1] for c in cs.values()) for market, cs in self._markets.items()}
        for entry in self._fired.values():
            found[entry.market] = max(found.get(entry.market, 0), entry.amount)
        return found

    def fired(self) -> list[Entry]:
        """Those that are to be tried again, whatever the price is."""
        return list(self._fired.values())

    def near(self, market: Market, bounds: BoundsNow | None) -> list[Entry]:
        """The entries of a market that a look at its prices may matter to; without bounds all of them."""
        if bounds is None:
            return self._waiting(market)
        found: dict[int, Entry] = {}
        for size_class in self._markets.get(market, {}).values():
            for number in size_class.near(market.mode, bounds):
                entry = self._by_number[number]
                if _may_matter(entry, bounds):
                    found[number] = entry
        return list(found.values())

    def _waiting(self, market: Market) -> list[Entry]:
        """All entries of a market that wait for a price."""
        classes = self._markets.get(market, {}).values()
        numbers = {number for each in classes for side in (each.above, each.below) for _, number in side}
        return [self._by_number[number] for number in sorted(numbers)]

    def amounts(self, market: Market) -> tuple[int, int] | None:
        """The smallest and the largest amount of a market's orders that wait for a price, or None."""
        classes = self._markets.get(market)
        if not classes:
            return None
        return min(c.amounts[0] for c in classes.values()), max(c.amounts[-1] for c in classes.values())

    def count(self, entry: Entry, seen: Seen) -> None:
        """Remember in how many slots in a row the price was beyond an entry's trigger."""
        entry.seen = seen
        if seen.times:
            self._counting[entry.order_id] = entry
        else:
            self._counting.pop(entry.order_id, None)

    def forget_counts(self, market: Market, but: Iterable[Entry]) -> None:
        """Begin anew for those of a market that this look did not find beyond their triggers."""
        kept = {entry.order_id for entry in but}
        for entry in list(self._counting.values()):
            if entry.market == market and entry.order_id not in kept:
                self.count(entry, UNSEEN)

    def _class_of(self, entry: Entry) -> _SizeClass:
        classes = self._markets.setdefault(entry.market, {})
        return classes.setdefault(entry.amount.bit_length(), _SizeClass())


def _may_matter(entry: Entry, bounds: BoundsNow) -> bool:
    """Whether the value of an entry's own amount may be at a level of it."""
    terms = entry.terms
    for known in (bounds.remembered, bounds.estimated, bounds.exact):
        value = known(entry.amount)
        is_above = terms.above is not None and (value.most is None or value.most >= terms.above)
        if not is_above and (terms.below is None or value.least > terms.below):
            return False
    return True
