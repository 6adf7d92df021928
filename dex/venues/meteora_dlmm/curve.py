"""A pair's walked curve: what is bought and sold up to each bin of one direction.

The fee of a bin depends on the bins walked and on the references, never on the amount. So one walk
answers every amount: the bins that it empties are found by bisection, and only the last one is
calculated. The curve is walked as far as the largest amount so far needed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from threading import Lock
from typing import Final, NamedTuple

from dex.errors import UnsupportedPool
from dex.types import Snapshot
from dex.venues.integer_math import require_u64, shortfall_bps
from dex.venues.meteora_dlmm.bins import Fill, Step, buy_from, sell_into
from dex.venues.meteora_dlmm.prices import ONE, price_of
from dex.venues.meteora_dlmm.walk import Place, Walk

_NOTHING: Final = Fill(0, 0, 0, 0)


class Traded(NamedTuple):
    """A swap between the vaults: ``emptied`` steps taken whole, then ``last`` in the step after them.

    ``net_in`` and ``gross_out`` are the amounts at the bins' own prices, without fees.
    """

    amount_in: int
    amount_out: int
    net_in: int
    gross_out: int
    emptied: int
    last: Fill | None

    @property
    def fee(self) -> int:
        """The fee, which the program takes on one side only, in units of that side."""
        return self.amount_in - self.net_in + self.gross_out - self.amount_out

    @property
    def bins(self) -> int:
        """How many bins took part."""
        return self.emptied + (self.last is not None)


class _Series:
    """The least amounts that leave each step behind; they never fall from one step to the next."""

    def __init__(self) -> None:
        self._least: list[int] = []

    def append(self, amount: int) -> None:
        # Rounding keeps the order by itself; the maximum keeps the bisection sound in any case.
        self._least.append(max(amount, self._least[-1]) if self._least else amount)

    def covers(self, amount: int) -> bool:
        """Whether ``amount`` ends within the steps known."""
        return bool(self._least) and amount < self._least[-1]

    def steps_left_behind(self, amount: int) -> int:
        return bisect_right(self._least, amount)


class Curve:
    """What a pair buys and sells in one direction, over the accounts that its walk has read."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.steps: list[Step] = []
        self.places: list[Place] = []
        self._totals = [_NOTHING]
        self._passed = _Series()
        self._emptied = _Series()
        self._extending = Lock()

    def sell(self, snapshot: Snapshot, amount: int) -> Traded:
        """What an input of ``amount`` > 0 buys, snapshot being one that the walk serves.

        Raises InsufficientLiquidity, AmountTooLarge, PoolRefused or AccountMissing.
        """
        self._extend(snapshot, self._passed, amount)
        emptied = self._passed.steps_left_behind(amount)
        total = self._totals[emptied]
        return self._joined(emptied, amount - total.amount_in, sell_into)

    def buy(self, snapshot: Snapshot, amount: int) -> Traded:
        """What an output of ``amount`` > 0 costs; errors as ``sell``."""
        self._extend(snapshot, self._emptied, amount)
        emptied = self._emptied.steps_left_behind(amount)
        traded = self._joined(emptied, amount - self._totals[emptied].amount_out, buy_from)
        if any(step.has_orders for step in self.steps[: traded.bins]):
            raise UnsupportedPool("buying an exact amount from limit orders is not supported")
        require_u64(traded.amount_in)
        return traded

    def impact_bps(self, traded: Traded) -> int:
        """How far the bins' output falls short of the price of the active bin, in basis points."""
        state = self.walk.state
        price = price_of(state.active_id, state.bin_step)
        if self.walk.sells_x:
            return shortfall_bps(traded.net_in * price, traded.gross_out * ONE)
        return shortfall_bps(traded.net_in * ONE, traded.gross_out * price)

    def _extend(self, snapshot: Snapshot, series: _Series, amount: int) -> None:
        if series.covers(amount):
            return
        with self._extending:
            while not series.covers(amount):
                found = self.walk.next_step(snapshot)
                if found is None:
                    return
                self._append(*found)

    def _append(self, step: Step, place: Place) -> None:
        before = self._totals[-1]
        self.steps.append(step)
        self.places.append(place)
        self._totals.append(_sum(before, step.whole))
        self._passed.append(before.amount_in + step.passed_from)
        self._emptied.append(before.amount_out + step.emptied_from)

    def _joined(self, emptied: int, left: int, fill: Callable[[Step, int], Fill]) -> Traded:
        total, last = self._totals[emptied], None
        if left:
            if emptied == len(self.steps):
                raise self.walk.why_ended()
            last = fill(self.steps[emptied], left)
            total = _sum(total, last)
        return Traded(total.amount_in, total.amount_out, total.net_in, total.gross_out, emptied, last)


def _sum(first: Fill, second: Fill) -> Fill:
    return Fill(
        first.amount_in + second.amount_in,
        first.net_in + second.net_in,
        first.gross_out + second.gross_out,
        first.amount_out + second.amount_out,
    )
