"""What one look at the prices means for the orders in the book. No I/O: the watcher acts on what is found."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.conf import settings

from dex.types import SwapMode
from orders.gateway import Executable, Market, MarketBounds, PriceLook
from orders.lifecycle import OrderType
from orders.records.open_orders import Watermark
from orders.triggers.audit import Audit, Distances, may_be_beyond, value_alone
from orders.triggers.book import Book, Entry
from orders.triggers.guard import PriceHistory
from orders.triggers.release import Fired
from orders.triggers.rules import Verdict, is_beyond, judge

logger = logging.getLogger(__name__)

# Fees may change with time alone: a price that stands still is asked for again after so long.
_ASK_AGAIN_SECONDS: Final = 2
_GUARDED: Final = frozenset({OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP})
_SCALE: Final = 2**64


@dataclass(slots=True)
class Found:
    """Orders that fire; that would have fired when they were placed; that would not; and new watermarks.

    ``held_back`` are stops whose price is far from that of the last minutes, by how many basis points.
    """

    fired: list[Fired] = field(default_factory=list)
    early: list[Entry] = field(default_factory=list)
    sound: list[Entry] = field(default_factory=list)
    watermarks: list[Watermark] = field(default_factory=list)
    held_back: list[tuple[Entry, int]] = field(default_factory=list)


class Evaluation:
    """Judges the orders of a book look by look; ``clock`` is monotonic seconds."""

    def __init__(self, book: Book, clock: Callable[[], float] = time.monotonic) -> None:
        self._book = book
        self._clock = clock
        self._history = PriceHistory(clock)
        self._asked: dict[Market, tuple[float, object]] = {}
        self._held_since: dict[UUID, float] = {}
        self._bounds: dict[Market, MarketBounds] = {}
        self.audited = Audit(book, clock)
        self.distances = Distances()

    def of(self, prices: PriceLook, markets: Iterable[Market]) -> Found:
        """What the prices mean for the orders of these markets."""
        found = Found()
        asked = [market for market in markets if self._is_news(market, prices)]
        for market in asked:
            self._note_price(market, prices)
            near = self._near(market, prices)
            beyond = [entry for entry in near if self._judge(entry, prices, found)]
            self._book.forget_counts(market, beyond)
            self._forget_held(market, beyond)
            early = {entry.order_id for entry in found.early}
            found.sound += [e for e in self._book.unjudged(market) if e.order_id not in early]
        return found

    def _near(self, market: Market, prices: PriceLook) -> list[Entry]:
        amounts = self._book.amounts(market)
        if amounts is None:
            return []
        bounds = self._bounds.setdefault(market, MarketBounds(market))
        near = self._book.near(market, bounds.at(prices, *amounts))
        # What the bounds do not name, but a quote of its own size has begun to count.
        return list({entry.order_id: entry for entry in [*near, *self._book.counting(market)]}.values())

    def audit(self, prices: PriceLook, found: Found) -> None:
        """Hold those entries against quotes of their own sizes whose turn it is; `Audit` says why."""
        known = {one.entry.order_id for one in found.fired} | {entry.order_id for entry in found.early}
        for entry in self.audited.due():
            value = value_alone(entry, prices)
            if value is None:
                continue
            self.distances.note(entry, value)
            is_known = entry.order_id in known or entry.seen.times > 0
            if not is_known and may_be_beyond(entry, value) and self._judge(entry, prices, found):
                logger.info(
                    "order %s: beyond its trigger, though bounds of other sizes say not", entry.order_id
                )

    def keep(self, markets: Iterable[Market]) -> None:
        """Forget markets that nobody waits on."""
        kept = set(markets)
        self._history.keep(kept)
        for market in self._asked.keys() - kept:
            del self._asked[market]
        for market in self._bounds.keys() - kept:
            del self._bounds[market]

    def _is_news(self, market: Market, prices: PriceLook) -> bool:
        """Whether its quotes may be others than at the last look, or slots are to be counted."""
        now, state = self._clock(), prices.state(market)
        last = self._asked.get(market)
        if last is not None and last[1] == state and now - last[0] < _ASK_AGAIN_SECONDS:
            return self._book.is_counting(market) or self._book.has_new(market)
        self._asked[market] = now, state
        return True

    def _judge(self, entry: Entry, prices: PriceLook, found: Found) -> bool:
        """Whether the price is beyond the entry's trigger; what follows goes to ``found``."""
        quote = prices.of(entry.market, entry.amount)
        verdict, seen = judge(entry.terms, quote.value, prices.slot, entry.seen)
        if verdict is Verdict.RAISE and quote.value is not None:
            self._book.move_watermark(entry, quote.value)
            found.watermarks.append(Watermark(entry.order_id, entry.version, quote.value))
            return False
        if quote.value is not None:
            self.distances.note(entry, quote.value)
        if verdict is Verdict.WAIT or quote.value is None:
            return False
        if not entry.judged and is_beyond(entry.terms, quote.value):
            found.early.append(entry)
            return False
        self._book.count(entry, seen)
        if verdict is Verdict.FIRE and not self._is_held_back(entry, quote, found):
            found.fired.append(Fired(entry, quote.route, prices.slot))
        return True

    def _is_held_back(self, entry: Entry, quote: Executable, found: Found) -> bool:
        """Whether a stop's price is so far from the last minutes' that it must last for a while first."""
        if entry.terms.kind not in _GUARDED or quote.value is None:
            return False
        price = quote.value * _SCALE // entry.amount
        deviation = self._history.deviation_bps(entry.market, price)
        if deviation <= settings.STOP_GUARD_BPS:
            return False
        now = self._clock()
        since = self._held_since.get(entry.order_id)
        if since is None:
            self._held_since[entry.order_id] = now
            found.held_back.append((entry, deviation))
            return True
        return now - since < int(settings.STOP_GUARD_SECONDS)

    def _forget_held(self, market: Market, beyond: Iterable[Entry]) -> None:
        kept = {entry.order_id for entry in beyond}
        for order_id in list(self._held_since):
            entry = self._book.get(order_id)
            if entry is None or (entry.market == market and order_id not in kept):
                del self._held_since[order_id]

    def _note_price(self, market: Market, prices: PriceLook) -> None:
        amount = self._book.smallest(market)
        value = None if amount is None else prices.estimates(market).best_single(amount)
        if value is not None and amount is not None and market.mode is SwapMode.EXACT_IN:
            self._history.add(market, value * _SCALE // amount)
