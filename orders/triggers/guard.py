"""The price of the last minutes, which a stop's price is held against before it sells a position."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from statistics import median_low
from typing import Final

from orders.gateway import Market

_MINUTES_SECONDS: Final = 180
_LEAST_SAMPLES: Final = 30
_APART_SECONDS: Final = 1
_ALL_BPS: Final = 10_000
_Sample = tuple[float, int]


class PriceHistory:
    """Prices of markets, one per second at most, for the last minutes; ``clock`` is monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._samples: dict[Market, deque[_Sample]] = {}

    def add(self, market: Market, price: int) -> None:
        """Remember a price: base units a base unit, in any fixed scale."""
        now = self._clock()
        samples = self._samples.setdefault(market, deque())
        if samples and now - samples[-1][0] < _APART_SECONDS:
            return
        samples.append((now, price))
        while samples[0][0] < now - _MINUTES_SECONDS:
            samples.popleft()

    def keep(self, markets: set[Market]) -> None:
        """Forget markets that nobody waits on."""
        for market in self._samples.keys() - markets:
            del self._samples[market]

    def deviation_bps(self, market: Market, price: int) -> int:
        """How far a price is from the median of the last minutes; 0 where there are too few of them."""
        samples = self._samples.get(market, ())
        if len(samples) < _LEAST_SAMPLES:
            return 0
        middle = median_low(sample for _, sample in samples)
        return abs(price - middle) * _ALL_BPS // middle if middle else 0
