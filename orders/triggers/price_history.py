"""Samples prices over time: in every worker a thread, of which one at a time is at work.

A sample is what the best pool, or the best two over a middle token, would pay for one whole token. Of the two
directions of a pair the one whose price has more digits is sampled, so that a token that is worth little is
not rounded away; the other is its inverse.

Pairs that somebody waits on or looks at are sampled each second, those that only profit is counted by every
thirty. While the node says of no account of the former that it has changed, nothing is read for them, and a
price that is what it was is put down again only every few seconds.
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
from orders.notify import price_interest
from orders.platform.lazy_thread import LazyThread
from orders.records import open_orders, price_samples, price_watch
from orders.records.open_orders import Pair
from orders.triggers.feed import Feed

logger = logging.getLogger(__name__)

LISTED: Final = "listed"
TRADED: Final = "traded"
OFF: Final = "off"
CHOICES: Final = (LISTED, TRADED, OFF)
_EVERY_SECONDS: Final = 1
_ALL_EVERY_SECONDS: Final = 30
# Less than five, so that each candle of five seconds has a price.
_SAME_AGAIN_SECONDS: Final = 4
# After a look so many times as long as it took: orders are executed by the same process.
_RESTS: Final = 9
_PAIRS_EVERY_SECONDS: Final = 10
_DIRECTIONS_EVERY_SECONDS: Final = 600
# Beyond so many a look takes longer than it is worth; those of open orders and of swaps come first.
_MOST_PAIRS: Final = 40
_MOST_CLOSE: Final = 12


class PriceHistory:
    """Samples the prices of followed pairs while this worker holds the lease, until stopped."""

    def __init__(self) -> None:
        self._pairs: list[Pair] = []
        # Those of them that are sampled each second.
        self._close: list[Pair] = []
        # Of each pair, which direction is sampled.
        self._directions: dict[Pair, Pair] = {}
        # The newest of each direction, and what was written of it at which time of the monotonic clock.
        self._prices: dict[Pair, int] = {}
        self._written: dict[Pair, tuple[int, float]] = {}
        self._pairs_at = self._directions_at = self._all_at = float("-inf")
        self._minute: datetime | None = None
        self._stopped = threading.Event()
        self._changed = threading.Event()
        self._feed = Feed(self._changed.set)
        # The accounts that the prices of close pairs move by, as of a slot, and of which pairs they are.
        self._moving: tuple[list[str], int] = [], 0
        self._moving_of: list[Pair] | None = None
        self._thread = LazyThread("prices", self._run)

    def start(self) -> None:
        """Begin to sample; does nothing where it has begun, or where nothing is to be sampled."""
        if settings.PRICE_SAMPLES != OFF:
            self._thread.ensure()

    def stop(self) -> None:
        """Sample no more; returns when the thread has ended and the lease is free."""
        self._stopped.set()
        self._thread.join()
        self._feed.stop()

    def look(self) -> None:
        """Sample once, where this worker holds the lease. Raises what the database raises.

        A node that does not answer leaves a gap.
        """
        if not price_watch.hold():
            self._all_at = float("-inf")
            return
        now = timezone.now()
        self._follow(now)
        due = self._due()
        if due:
            self._read(due)
        self._write(due or self._close, now)
        self._end_minute(now)

    def _due(self) -> list[Pair]:
        """The pairs that are to be read now; none while the close ones have just the prices that they had."""
        clock = time.monotonic()
        if clock - self._all_at >= _ALL_EVERY_SECONDS:
            self._all_at = clock
            return self._pairs
        is_same = self._feed.is_live and not self._changed.is_set() and self._moving_of == self._close
        return [] if is_same else self._close

    def _read(self, pairs: list[Pair]) -> None:
        """Read the prices of these pairs; those that cannot be had are unknown."""
        self._changed.clear()
        markets = {_market(pair): _whole(pair[0]) for pair in self._wanted(pairs)}
        try:
            look = gateway.look_at(markets) if markets else None
        except DexError:
            look = None
        for direction in [each for pair in pairs for each in (pair, pair[::-1])]:
            self._prices.pop(direction, None)
        if look is None:
            self._moving_of = None
            return
        self._prices |= self._found(look, markets)
        if pairs == self._close:
            self._moving, self._moving_of = (look.moving_accounts(), look.slot), pairs

    def _write(self, pairs: list[Pair], now: datetime) -> None:
        """Put down the prices of these pairs, where they are not what they were a moment ago."""
        clock, rows = time.monotonic(), {}
        for pair in pairs:
            direction = self._directions.get(pair, pair)
            price = self._prices.get(direction)
            written, at = self._written.get(direction, (None, float("-inf")))
            if price is not None and (price != written or clock - at >= _SAME_AGAIN_SECONDS):
                rows[direction] = price
                self._written[direction] = price, clock
        if rows:
            price_samples.write(rows, now)

    def _follow(self, now: datetime) -> None:
        if time.monotonic() - self._pairs_at >= _PAIRS_EVERY_SECONDS:
            self._close, self._pairs_at = close_pairs(), time.monotonic()
            self._pairs = followed_pairs(now, self._close)
        if time.monotonic() - self._directions_at >= _DIRECTIONS_EVERY_SECONDS:
            self._directions, self._directions_at = {}, time.monotonic()
            self._all_at = float("-inf")

    def _wanted(self, pairs: list[Pair]) -> list[Pair]:
        """Each pair in its direction, or in both where that is not chosen yet."""
        chosen = [(pair, self._directions.get(pair)) for pair in pairs]
        return [
            each for pair, direction in chosen for each in ([direction] if direction else [pair, pair[::-1]])
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
        chosen = set(self._directions.values())
        return {pair: price for pair, price in prices.items() if pair in chosen}

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
                self._feed.watch(*self._moving)
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


def followed_pairs(now: datetime, close: Iterable[Pair] = ()) -> list[Pair]:
    """The pairs that are sampled, each once: the close ones, those of late swaps, and those of the list.

    Of those that are traded, each side against USDC and SOL too: that is what profit is counted by.
    """
    traded = price_samples.traded_pairs(now)
    mints = sorted({mint for pair in traded for mint in pair if _is_known(mint)})
    pairs = [pair for pair in traded if set(pair) <= set(mints)]
    listed = [str(token.mint) for token in gateway.tokens()] if settings.PRICE_SAMPLES == LISTED else []
    found = [*close, *sorted(pairs), *_against_main(mints), *_against_main(listed)]
    return _once(found)[:_MOST_PAIRS]


def close_pairs() -> list[Pair]:
    """The pairs that are sampled each second: SOL in USDC, and those that are looked at or waited on."""
    wanted = [*_against_main([]), *price_interest.pairs(), *sorted(open_orders.pairs())]
    return _once(pair for pair in wanted if all(map(_is_known, pair)))[:_MOST_CLOSE]


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


def _is_known(mint: str) -> bool:
    return gateway.token_by_mint(mint) is not None


def _market(pair: Pair) -> Market:
    return Market(*pair, SwapMode.EXACT_IN, NO_BOUNDS)


def _whole(mint: str) -> int:
    return int(10 ** gateway.decimals_of(mint))
