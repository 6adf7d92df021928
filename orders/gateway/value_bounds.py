"""Between which values amounts of a market lie now, found out as cheaply as is enough.

What was known at an earlier look holds still, within the factors by which the pools' answers have changed
since; then a few quotes of single pools; and the best route itself, which costs most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from dex.routing.estimates import ONE, Factors, Samples, Sizes, factors_between
from dex.types import SwapMode
from orders.gateway.executable import Market, PriceLook

# What searches for routes may miss of the best worth, and prices between two amounts of the line between
# them, in parts of a million.
_MARGIN: Final = 300
_MILLION: Final = 1_000_000
# The same in base units, for the smallest amounts.
_UNITS: Final = 2


@dataclass(frozen=True, slots=True)
class Range:
    """The least and the most that an amount is worth or costs; None for no bound."""

    least: int
    most: int | None


_NOT_KNOWN: Final = Range(0, None)
_Known = dict[int, tuple[Range, Samples]]


class MarketBounds:
    """The bounds of one market, look by look."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._sizes: Sizes | None = None
        # By amount, with what the pools answered then; what a look does not ask for is forgotten.
        self._known: _Known = {}

    def at(self, prices: PriceLook, least: int, most: int) -> BoundsNow | None:
        """The bounds by these prices, for amounts between ``least`` and ``most``.

        None where a transfer fee with a maximum lets prices rise with the amount: then no amount says
        anything of another.
        """
        if not prices.prices_fall(self._market, most):
            return None
        estimates = prices.estimates(self._market)
        wanted = estimates.sizes(least, most)
        if self._sizes is None or not self._sizes.stand_for(wanted):
            self._sizes = wanted
        before, self._known = self._known, {}
        return BoundsNow(self._market, prices, estimates.samples(self._sizes), before, self._known)


class BoundsNow:
    """The bounds of one market at one look; ``known`` is what the next look goes by."""

    def __init__(
        self, market: Market, prices: PriceLook, samples: Samples, before: _Known, known: _Known
    ) -> None:
        self._market = market
        self._prices = prices
        self._samples = samples
        self._before = before
        self._known = known
        self._factors: dict[int, Factors | None] = {}

    def remembered(self, amount: int) -> Range:
        """By what was known at an earlier look."""
        entry = self._known.get(amount) or self._before.get(amount)
        if entry is None:
            return _NOT_KNOWN
        known, samples = self._known[amount] = entry
        if samples is self._samples:
            return known
        factors = self._factors_since(samples)
        if factors is None:
            return _NOT_KNOWN
        most = None if known.most is None else -(-known.most * factors[1] // ONE)
        return Range(known.least * factors[0] // ONE, most)

    def estimated(self, amount: int) -> Range:
        """By quotes of single pools."""
        found = self._prices.estimates(self._market).interval(amount)
        least, most = found.least, found.most
        if self._market.mode is SwapMode.EXACT_OUT:
            least, most = (None if most is None else -most), (None if least is None else -least)
        return self._keep(amount, least or 0, most)

    def exact(self, amount: int) -> Range:
        """By the best route."""
        value = self._prices.of(self._market, amount).value
        return _NOT_KNOWN if value is None else self._keep(amount, value, value)

    def _keep(self, amount: int, least: int, most: int | None) -> Range:
        lowest = max(0, least - least * _MARGIN // _MILLION - _UNITS)
        highest = None if most is None else most + most * _MARGIN // _MILLION + _UNITS
        found = Range(lowest, highest)
        self._known[amount] = found, self._samples
        return found

    def _factors_since(self, samples: Samples) -> Factors | None:
        key = id(samples)
        if key not in self._factors:
            self._factors[key] = factors_between(samples, self._samples)
        return self._factors[key]
