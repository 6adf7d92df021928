"""How long a look at many open orders takes on one core, and what each of them holds in memory.

The orders and the tokens are made up; the pools are copies of the node's own, quoted by the venues' adapters.
Reading rows and accounts is not part of it.
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final
from uuid import UUID

from django.utils import timezone

from orders.gateway import Market
from orders.gateway.made_up_markets import MadeUpMarkets
from orders.lifecycle import OrderType
from orders.triggers.book import Book, Entry
from orders.triggers.evaluation import Evaluation
from orders.triggers.rules import Terms

# Amounts lie within so many halvings of the largest, levels so many basis points from the price.
_HALVINGS: Final = 14
_NEAREST_BPS, _FURTHEST_BPS = 20, 2_000
_SLOT_SECONDS: Final = 0.4


@dataclass(frozen=True, slots=True)
class Look:
    """CPU seconds of one look, the orders that it fired, and the routes that it searched for.

    ``audit_seconds`` of it went to entries whose turn it was to be looked at whatever the bounds say.
    """

    seconds: float
    fired: int
    routes: int
    audit_seconds: float


class ManyOrders:
    """A book of made-up orders over made-up markets."""

    def __init__(self, markets: MadeUpMarkets, orders: int, seed: int = 1) -> None:
        self._markets = markets
        self._random = Random(seed)  # noqa: S311
        self._clock = 0.0
        self._worths = {market: dict(self._worths_of(market)) for market in markets.markets}
        gc.collect()
        tracemalloc.start()
        self.book = Book()
        for number in range(orders):
            self.book.put(self._entry(number))
        gc.collect()
        self.bytes_an_order = tracemalloc.get_traced_memory()[0] // max(1, orders)
        tracemalloc.stop()
        self._evaluation = Evaluation(self.book, lambda: self._clock)

    def look(self) -> Look:
        """One look at the markets as they are; orders that fire leave the book."""
        self._clock += _SLOT_SECONDS
        prices = self._markets.look()
        gc.collect()
        began = time.thread_time()
        found = self._evaluation.of(prices, self.book.largest())
        until = time.thread_time()
        self._evaluation.audit(prices, found)
        seconds = time.thread_time() - began
        for one in found.fired:
            self.book.drop(one.entry.order_id)
        audit_seconds = seconds - (until - began)
        return Look(seconds, len(found.fired), prices.routes_found, audit_seconds)

    def _worths_of(self, market: Market) -> Iterator[tuple[int, int]]:
        look, largest = self._markets.look(), self._markets.largest(market)
        for halvings in range(_HALVINGS):
            amount = largest >> halvings
            value = look.of(market, amount).value
            if amount and value:
                yield amount, value

    def _entry(self, number: int) -> Entry:
        market = self._random.choice(self._markets.markets)
        most, value = self._random.choice(list(self._worths[market].items()))
        amount = most * self._random.randrange(70, 100) // 100
        now = timezone.now()
        return Entry(
            number=0,
            order_id=UUID(int=self._random.getrandbits(128)),
            version=1,
            market=market,
            amount=amount,
            terms=self._terms(value * amount // most),
            created_at=now,
            due_at=now,
        )

    def _terms(self, value: int) -> Terms:
        """A limit above what the amount is worth, or a stop below."""
        away = value * self._random.randrange(_NEAREST_BPS, _FURTHEST_BPS) // 10_000
        if self._random.random() < 0.5:
            return Terms(OrderType.LIMIT, at_or_above=value + away)
        return Terms(OrderType.STOP, at_or_below=value - away, confirmations=2)
