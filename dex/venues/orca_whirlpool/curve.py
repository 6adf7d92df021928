"""One step of a swap: within one liquidity, towards one price, at one fee rate.

Formulas: whirlpools math/swap_math.rs, math/token_math.rs. Square-root prices are Q64.64 of token b per
token a; amounts are base units, and exclude what a Token-2022 mint keeps back from the transfers.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from dex.errors import AmountTooLarge, InsufficientLiquidity
from dex.venues.integer_math import U64_MAX, ceil_div
from dex.venues.orca_whirlpool.tick_price import MAX_SQRT_PRICE, MIN_SQRT_PRICE

RATE_DENOMINATOR: Final = 1_000_000

_U128_MAX: Final = (1 << 128) - 1
_U192_MAX: Final = (1 << 192) - 1


class Step(NamedTuple):
    """What a step moves: the fee comes on top of ``amount_in``."""

    sqrt_price: int
    amount_in: int
    amount_out: int
    fee: int


def step(
    left: int, rate: int, liquidity: int, sqrt_price: int, target: int, *, exact_in: bool, a_to_b: bool
) -> Step:
    """Trade ``left`` (input with its fee, or output) as far as ``target``, at ``rate`` millionths.

    Raises AmountTooLarge or InsufficientLiquidity where a number leaves the program's range.
    """
    low, high = (target, sqrt_price) if a_to_b else (sqrt_price, target)
    fixed_is_a = a_to_b == exact_in
    need = _delta(fixed_is_a, low, high, liquidity, round_up=exact_in)
    usable = left * (RATE_DENOMINATOR - rate) // RATE_DENOMINATOR if exact_in else left
    if need <= usable:
        reached = target
    else:
        reached = _moved(fixed_is_a, sqrt_price, liquidity, usable, exact_in)
        low, high = (reached, sqrt_price) if a_to_b else (sqrt_price, reached)
        if reached != target or need > U64_MAX:
            need = _bounded(_delta(fixed_is_a, low, high, liquidity, round_up=exact_in))
    other = _bounded(_delta(not fixed_is_a, low, high, liquidity, round_up=not exact_in))
    if not exact_in:
        return Step(reached, other, min(need, left), _fee_on_top(other, rate))
    fee = _fee_on_top(need, rate) if reached == target else left - need
    return Step(reached, need, other, fee)


def _fee_on_top(amount: int, rate: int) -> int:
    return ceil_div(amount * rate, RATE_DENOMINATOR - rate)


def _bounded(amount: int) -> int:
    if amount > U64_MAX:
        raise AmountTooLarge("a step of the swap moves more than a token amount can hold")
    return amount


def _delta(of_a: bool, low: int, high: int, liquidity: int, *, round_up: bool) -> int:
    """How much of a token lies between two prices; more than a u64 where the program says it overflows."""
    product = liquidity * (high - low)
    if not of_a:
        if product > _U128_MAX:
            return U64_MAX + 1
        return (product + (1 << 64) - 1 if round_up else product) >> 64
    if product > _U192_MAX:
        raise AmountTooLarge("the pool's liquidity is more than the program can calculate with")
    if round_up:
        return ceil_div(product << 64, high * low)
    return (product << 64) // (high * low)


def _moved(in_a: bool, sqrt_price: int, liquidity: int, amount: int, is_input: bool) -> int:
    """The price that an amount moves the pool to; it stops short of the step's target."""
    if not in_a:
        if is_input:
            return sqrt_price + (amount << 64) // liquidity
        return sqrt_price - ceil_div(amount << 64, liquidity)
    if amount == 0:
        return sqrt_price
    product = amount * sqrt_price
    divisor = (liquidity << 64) + product if is_input else (liquidity << 64) - product
    if divisor <= 0:
        raise InsufficientLiquidity("the pool does not hold that much")
    moved = ceil_div(liquidity * sqrt_price << 64, divisor)
    if not MIN_SQRT_PRICE <= moved <= MAX_SQRT_PRICE:
        raise InsufficientLiquidity("the amount would move the price out of the program's range")
    return moved
