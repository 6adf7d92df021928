"""Samples prices over time: in every worker a thread, of which one at a time is at work.

A sample is what the best pool, or the best two over a middle token, would pay for one whole token. Of the two
directions of a pair the one whose price has more digits is sampled, so that a token that is worth little is
not rounded away; the other is its inverse.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection as database
from django.utils import timezone

from dex.errors import DexError
from dex.types import NO_BOUNDS, SwapMode
from orders import gateway
from orders.gateway import Market, PriceLook
from orders.platform.lazy_thread import LazyThread
from orders.records import price_samples, price_watch
from orders.records.open_orders import Pair

logger = logging.getLogger(__name__)

LISTED: Final = "listed"
TRADED: Final = "traded"
OFF: Final = "off"
CHOICES: Final = (LISTED, TRADED, OFF)
_EVERY_SECONDS: Final = 1
# After a look so many times as long as it took: orders are executed by the same process.
_RESTS: Final = 9
_PAIRS_EVERY_SECONDS: Final = 10
_DIRECTIONS_EVERY_SECONDS: Final = 600
# Beyond so many a look takes longer than it is worth; those of open orders and of swaps come first.
_MOST_PAIRS: Final = 40


class PriceHistory:
    """Samples the prices of followed pairs while this worker holds the lease, until stopped."""

    def __init__(self) -> None:
        self._pairs: list[Pair] = []
        # Of each pair, which direction is sampled.
        self._directions: dict[Pair, Pair] = {}
        self._pairs_at = self._directions_at = float("-inf")
        self._minute: datetime | None = None
        self._stopped = threading.Event()
        self._thread = LazyThread("prices", self._run)

    def start(self) -> None:
        """Begin to sample; does nothing where it has begun, or where nothing is to be sampled."""
        if settings.PRICE_SAMPLES != OFF:
            self._thread.ensure()

    def stop(self) -> None:
        """Sample no more; returns when the thread has ended and the lease is free."""
        self._stopped.set()
        self._thread.join()

    def look(self) -> None:
        """Sample once, where this worker holds the lease. Raises what the database raises.

        A node that does not answer leaves a gap.
        """
        if not price_watch.hold():
            return
        now = timezone.now()
        self._follow(now)
        markets = {_market(pair): _whole(pair[0]) for pair in self._wanted()}
        try:
            look = gateway.look_at(markets) if markets else None
        except DexError:
            look = None
        if look is not None:
            price_samples.write(self._found(look, markets), now)
        self._end_minute(now)

    def _follow(self, now: datetime) -> None:
        if time.monotonic() - self._pairs_at >= _PAIRS_EVERY_SECONDS:
            self._pairs, self._pairs_at = followed_pairs(now), time.monotonic()
        if time.monotonic() - self._directions_at >= _DIRECTIONS_EVERY_SECONDS:
            self._directions, self._directions_at = {}, time.monotonic()

    def _wanted(self) -> list[Pair]:
        """Each pair in its direction, or in both where that is not chosen yet."""
        chosen = [self._directions.get(pair) for pair in self._pairs]
        return [
            each
            for pair, direction in zip(self._pairs, chosen, strict=True)
            for each in ([direction] if direction else [pair, pair[::-1]])
        ]

    def _found(self, look: PriceLook, markets: dict[Market, int]) -> dict[Pair, int]:
        """The prices of a look, of each pair in the direction that has more digits."""
        prices: dict[Pair, int] = {}
        for market, amount in markets.items():
            price = look.estimates(market).best_single(amount)
            if price:
                prices[market.token_in, market.token_out] = price
        for pair in self._pairs:
            if pair not in self._directions and any(each in prices for each in (pair, pair[::-1])):
                self._directions[pair] = max((pair, pair[::-1]), key=lambda each: prices.get(each, 0))
        return {pair: price for pair, price in prices.items() if pair in self._directions.values()}

    def _end_minute(self, now: datetime) -> None:
        minute = now.replace(second=0, microsecond=0)
        if minute != self._minute:
            price_samples.roll_up(now)
            price_samples.prune(now)
            self._minute = minute

    def _run(self) -> None:
        while not self._stopped.is_set():
            began = time.monotonic()
            try:
                self.look()
            except DatabaseError as error:
                logger.warning("prices are not sampled now: %s", type(error).__name__)
                database.close()
            took = time.monotonic() - began
            self._stopped.wait(max(_EVERY_SECONDS - took, _RESTS * took))
        try:
            price_watch.give_up()
        except DatabaseError as error:
            logger.warning("the sampling is free when its lease runs out: %s", type(error).__name__)
        database.close()


def followed_pairs(now: datetime) -> list[Pair]:
    """The pairs that are sampled, each once: of open orders and late swaps, and of the list.

    Of those that are traded, each side against USDC and SOL too: that is what profit is counted by.
    """
    traded = price_samples.traded_pairs(now)
    mints = sorted({mint for pair in traded for mint in pair if gateway.token_by_mint(mint) is not None})
    pairs = [pair for pair in traded if set(pair) <= set(mints)]
    listed = [str(token.mint) for token in gateway.tokens()] if settings.PRICE_SAMPLES == LISTED else []
    return _once([*sorted(pairs), *_against_main(mints), *_against_main(listed)])[:_MOST_PAIRS]


def _against_main(mints: Iterable[str]) -> list[Pair]:
    usdc = gateway.listed_token("USDC")
    main = [str(usdc.mint), gateway.SOL] if usdc else [gateway.SOL]
    ends = [(mint, quote) for mint in mints for quote in main if mint != quote]
    return [*([(gateway.SOL, main[0])] if usdc else []), *ends]


def _once(pairs: Iterable[Pair]) -> list[Pair]:
    found: dict[frozenset[str], Pair] = {}
    for pair in pairs:
        found.setdefault(frozenset(pair), pair)
    return list(found.values())


def _market(pair: Pair) -> Market:
    return Market(*pair, SwapMode.EXACT_IN, NO_BOUNDS)


def _whole(mint: str) -> int:
    return int(10 ** gateway.decimals_of(mint))
