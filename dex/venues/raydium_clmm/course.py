"""The way of a pool's price in one direction: its steps, worked out array by array as far as asked.

Order of arrays and ticks: raydium-clmm instructions/swap.rs swap_internal.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import Final, NoReturn

from dex.errors import (
    AmountTooLarge,
    AmountTooSmall,
    InsufficientLiquidity,
    UnknownLayout,
    UnsupportedPool,
)
from dex.venues.integer_math import U64_MAX
from dex.venues.raydium_clmm.curve import (
    HIGHEST_PRICE,
    LOWEST_PRICE,
    Outcome,
    Position,
    Step,
    Totals,
    at_the_end,
    purchase_within,
    sale_within,
    whole_step,
)
from dex.venues.raydium_clmm.tick_arrays import TickArray
from dex.venues.raydium_clmm.tick_math import U128_MAX, sqrt_price_at

_PAID: Final = attrgetter("totals.paid")
_GOT: Final = attrgetter("totals.got")
_NOTHING: Final = Totals(0, 0, 0, 0, 0)


class Course:
    """What a pool does with any amount in one direction, at one state.

    ``starts`` are the tick arrays in the order of the walk, ``read`` gives one of them, ``span`` is how
    many ticks one covers; ``is_complete`` says that the pool has none beyond. Reading is put off until an
    amount needs the array; what has been worked out is kept, and replaced in one assignment, so that
    threads may share a course.
    """

    def __init__(
        self,
        origin: Position,
        rate: int,
        falling: bool,
        starts: Sequence[int],
        span: int,
        is_complete: bool,
        read: Callable[[int], TickArray],
    ) -> None:
        self.origin = origin
        self._rate = rate
        self._falling = falling
        self._limit = LOWEST_PRICE if falling else HIGHEST_PRICE
        self._starts = starts
        self._span = span
        self._is_complete = is_complete
        self._read = read
        self._walked: tuple[tuple[Step, ...], int] = ((), 0)

    def sell(self, amount: int) -> Outcome:
        """What ``amount`` of the input pays; raises NoQuote or UnsupportedPool."""
        step = self._step_to(_PAID, amount)
        outcome = (
            at_the_end(step)
            if step.totals.paid == amount
            else sale_within(step, self._rate, amount - step.before.paid)
        )
        return self._checked(outcome)

    def buy(self, amount: int) -> Outcome:
        """What ``amount`` of the output costs; raises NoQuote or UnsupportedPool."""
        step = self._step_to(_GOT, amount)
        outcome = (
            at_the_end(step)
            if step.totals.got == amount
            else purchase_within(step, self._rate, amount - step.before.got)
        )
        return self._checked(outcome)

    def _checked(self, outcome: Outcome) -> Outcome:
        totals = outcome.totals
        if totals.paid > U64_MAX or totals.got > U64_MAX:
            raise AmountTooLarge("the swap moves more than a token amount can hold")
        if totals.paid == 0 or totals.got == 0 or outcome.sqrt_price == self.origin.sqrt_price:
            raise AmountTooSmall("after fee and rounding the pool pays nothing")
        return outcome

    def _step_to(self, total: Callable[[Step], int], amount: int) -> Step:
        """The first step whose end comes to ``amount``; raises as ``sell``."""
        steps, read = self._walked
        while not steps or total(steps[-1]) < amount:
            if steps and steps[-1].end == self._limit:
                self._refuse_at_the_limit(steps[-1].totals)
            steps, read = (*steps, *self._steps_of(steps, read)), read + 1
            self._walked = steps, read
        return steps[bisect_left(steps, amount, key=total)]

    def _refuse_at_the_limit(self, totals: Totals) -> NoReturn:
        if totals.got == 0:
            raise AmountTooSmall("the pool pays nothing up to the end of the program's range")
        raise InsufficientLiquidity("the price would leave the program's range")

    def _steps_of(self, steps: Sequence[Step], read: int) -> Iterator[Step]:
        """The steps within the next array."""
        at, totals = (steps[-1].after, steps[-1].totals) if steps else (self.origin, _NOTHING)
        for tick, net in self._ticks(read):
            price = sqrt_price_at(tick)
            end = max(price, self._limit) if self._falling else min(price, self._limit)
            liquidity = at.liquidity - net if self._falling else at.liquidity + net
            ahead = end <= at.sqrt_price if self._falling else end >= at.sqrt_price
            if not (ahead and 0 <= liquidity <= U128_MAX):
                raise UnknownLayout("the pool's ticks contradict its price or liquidity")
            after = Position(end, liquidity, tick - 1 if self._falling else tick)
            step = whole_step(at, end, after, totals, self._rate, read + 1)
            yield step
            if end != price:
                return
            at, totals = after, step.totals

    def _ticks(self, index: int) -> Sequence[tuple[int, int]]:
        if index == len(self._starts):
            reason = (
                "the pool does not hold that much"
                if self._is_complete
                else f"the swap needs more than the {index} tick arrays that a transaction carries"
            )
            raise InsufficientLiquidity(reason)
        array = self._read(self._starts[index])
        if array.has_limit_orders:
            raise UnsupportedPool("the pool has limit orders on the way")
        ticks, tick = array.ticks, self.origin.tick
        if index == 0 and array.start <= tick < array.start + self._span:
            passed = bisect_left(ticks, (tick + 1,))
            ticks = ticks[:passed] if self._falling else ticks[passed:]
        elif not ticks:
            raise InsufficientLiquidity("a tick array that the bitmap names is empty")
        return ticks[::-1] if self._falling else ticks
