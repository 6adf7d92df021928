"""Raydium CLMM's swap arithmetic: steps from tick to tick, exact in and exact out.

Formulas: raydium-clmm libraries/{swap_math,sqrt_price_math,liquidity_math}.rs. Amounts are base units
without what a Token-2022 mint keeps back; liquidity is a plain integer, square-root prices are Q64.64,
rates millionths. The price falls when token 0 is sold.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from dex.errors import InsufficientLiquidity
from dex.venues.integer_math import ceil_div, require_u64
from dex.venues.raydium_clmm.layout import RATE_DENOMINATOR
from dex.venues.raydium_clmm.tick_math import MAX_SQRT_PRICE, MIN_SQRT_PRICE

# Where swap_v2 stops when it is given no limit.
LOWEST_PRICE: Final = MIN_SQRT_PRICE + 1
HIGHEST_PRICE: Final = MAX_SQRT_PRICE - 1


class Position(NamedTuple):
    """Where a pool stands; ``tick`` is what it looks for the next tick from."""

    sqrt_price: int
    liquidity: int
    tick: int


class Totals(NamedTuple):
    """Sums over steps: input with its fee, that fee, output, crossed ticks, tick arrays read."""

    paid: int
    fee: int
    got: int
    crossings: int
    arrays: int


class Step(NamedTuple):
    """A move from ``at`` to the price ``end`` with one liquidity, and where the pool stands behind it.

    ``before`` and ``totals`` sum up to its two ends.
    """

    at: Position
    end: int
    before: Totals
    totals: Totals
    after: Position


class Outcome(NamedTuple):
    """A swap between the vaults and where it leaves the pool; ``tick`` None: the tick of the price."""

    totals: Totals
    sqrt_price: int
    liquidity: int
    tick: int | None


def amount_0(low: int, high: int, liquidity: int, *, round_up: bool) -> int:
    """Token 0 that ``liquidity`` holds between two square-root prices."""
    numerator, denominator = (liquidity << 64) * (high - low), low * high
    return ceil_div(numerator, denominator) if round_up else numerator // denominator


def amount_1(low: int, high: int, liquidity: int, *, round_up: bool) -> int:
    """Token 1 that ``liquidity`` holds between two square-root prices."""
    product = liquidity * (high - low)
    return ceil_div(product, 1 << 64) if round_up else product >> 64


def between(begin: int, end: int, liquidity: int) -> tuple[int, int]:
    """(input without fee, output) of a move between two square-root prices."""
    if end < begin:
        return (
            amount_0(end, begin, liquidity, round_up=True),
            amount_1(end, begin, liquidity, round_up=False),
        )
    return (
        amount_1(begin, end, liquidity, round_up=True),
        amount_0(begin, end, liquidity, round_up=False),
    )


def fee_on(amount_in: int, rate: int) -> int:
    """The fee that comes on top of an input that the curve takes whole."""
    return ceil_div(amount_in * rate, RATE_DENOMINATOR - rate)


def whole_step(at: Position, end: int, after: Position, before: Totals, rate: int, arrays: int) -> Step:
    """The step that reaches ``end``; ``arrays`` have been read for it."""
    amount_in, amount_out = between(at.sqrt_price, end, at.liquidity)
    fee = fee_on(amount_in, rate)
    totals = Totals(
        before.paid + amount_in + fee,
        before.fee + fee,
        before.got + amount_out,
        before.crossings + 1,
        arrays,
    )
    return Step(at, end, before, totals, after)


def sale_within(step: Step, rate: int, amount: int) -> Outcome:
    """The end of a sale that has ``amount`` left for a step, too little to reach its end.

    What rounding leaves of the input is fee.
    """
    net = amount * (RATE_DENOMINATOR - rate) // RATE_DENOMINATOR
    begin, liquidity, _ = step.at
    if step.end < begin:
        price = ceil_div((liquidity << 64) * begin, (liquidity << 64) + net * begin)
    else:
        price = begin + (net << 64) // liquidity
    amount_in, amount_out = between(begin, price, liquidity)
    return _stopped(step, price, amount, amount - amount_in, amount_out)


def purchase_within(step: Step, rate: int, amount: int) -> Outcome:
    """The end of a purchase that takes ``amount`` out of a step, less than all.

    Rounding may still carry the price to the step's end: the tick there is crossed then. Raises
    InsufficientLiquidity or AmountTooLarge.
    """
    begin, liquidity, _ = step.at
    if step.end < begin:
        price = begin - ceil_div(amount << 64, liquidity)
    else:
        rest = (liquidity << 64) - amount * begin
        if rest <= 0:
            raise InsufficientLiquidity("the pool does not hold that much")
        price = ceil_div((liquidity << 64) * begin, rest)
    if price == step.end:
        # The program counts no output for a step that holds more than fits.
        require_u64(step.totals.got - step.before.got)
        return at_the_end(step)._replace(totals=step.totals._replace(got=step.before.got + amount))
    amount_in, rounded_up = between(begin, price, liquidity)
    # At the lowest prices a single unit of price holds more than fits.
    require_u64(rounded_up)
    fee = fee_on(amount_in, rate)
    return _stopped(step, price, amount_in + fee, fee, amount)


def at_the_end(step: Step) -> Outcome:
    """A swap that a whole step completes to the unit."""
    return Outcome(step.totals, *step.after)


def _stopped(step: Step, price: int, paid: int, fee: int, got: int) -> Outcome:
    before = step.before
    totals = Totals(
        before.paid + paid, before.fee + fee, before.got + got, before.crossings, step.totals.arrays
    )
    # A price that did not move leaves the tick alone: on an edge it need not be the price's own.
    tick = step.at.tick if price == step.at.sqrt_price else None
    return Outcome(totals, price, step.at.liquidity, tick)
