"""DAMM v2's rate limiter (base-fee mode 2): buying much at once right after the start costs more.

Formulas: damm-v2 base_fee/fee_rate_limiter.rs. With c the first fee, i the increment, x0 the
reference amount and an input of x0 + (a·x0 + b), slice k of size x0 pays c + i·k, until the
highest fee is reached; everything after that pays the highest fee.
"""

from __future__ import annotations

from math import isqrt
from typing import Final

from dex.errors import AmountTooLarge, UnsupportedPool
from dex.venues.integer_math import BPS, U64_MAX, ceil_div, require_u64
from dex.venues.meteora_damm_v2.layout import RATE_LIMITER, BaseFee, PoolState

FEE_DENOMINATOR: Final = 1_000_000_000


def applies(state: PoolState, point: int, sells_a: bool) -> bool:
    """Whether a swap at ``point`` is limited: only b for a, within the duration after activation."""
    fee = state.base_fee
    if fee.mode != RATE_LIMITER or sells_a or not (fee.first or fee.second or fee.third or fee.fourth):
        return False
    return state.activation_point <= point <= state.activation_point + fee.second


def _numerator(bps: int) -> int:
    return bps * FEE_DENOMINATOR // BPS


def _steps(fee: BaseFee) -> int:
    """How many increments fit between the first and the highest fee."""
    increment, room = _numerator(fee.first), _numerator(fee.third) - fee.cliff
    if increment <= 0 or room < 0 or fee.fourth <= 0:
        raise UnsupportedPool("the pool's rate limiter makes no sense")
    return room // increment


def numerator_of_included(fee: BaseFee, amount: int) -> int:
    """Billionths charged on an input of ``amount`` base units, fee included."""
    reference, first, increment = fee.fourth, fee.cliff, _numerator(fee.first)
    if amount <= reference:
        return first
    slices, rest = divmod(amount - reference, reference)
    steps = _steps(fee)
    if slices < steps:
        stepped = first + first * slices + increment * slices * (slices + 1) // 2
        total = reference * stepped + rest * (first + increment * (slices + 1))
    else:
        stepped = first + first * steps + increment * steps * (steps + 1) // 2
        total = reference * stepped + ((slices - steps) * reference + rest) * _numerator(fee.third)
    return ceil_div(ceil_div(total, FEE_DENOMINATOR) * FEE_DENOMINATOR, amount)


def _left_of(fee: BaseFee, amount: int) -> int:
    return amount - ceil_div(amount * numerator_of_included(fee, amount), FEE_DENOMINATOR)


def _gross(amount: int, numerator: int) -> int:
    if amount < 0 or numerator >= FEE_DENOMINATOR:
        raise AmountTooLarge("the pool's rate limiter has no inverse for this amount")
    return require_u64(ceil_div(amount * FEE_DENOMINATOR, FEE_DENOMINATOR - numerator))


def _included_on_the_steps(fee: BaseFee, left: int) -> int:
    """Solves i*y*y + 2*left*d*x0 = (2*d + i - 2*c)*x0*y for the input y, then adds the remainder."""
    reference, first, increment = fee.fourth, fee.cliff, _numerator(fee.first)
    linear = (2 * FEE_DENOMINATOR + increment - 2 * first) * reference
    under_root = linear**2 - 8 * increment * left * FEE_DENOMINATOR * reference
    if under_root < 0:
        raise AmountTooLarge("the pool's rate limiter has no inverse for this amount")
    included = require_u64((linear - isqrt(under_root)) // (2 * increment))
    remaining_rate = first + increment * (included // reference)
    return included + _gross(left - _left_of(fee, included), remaining_rate)


def numerator_of_excluded(fee: BaseFee, left: int) -> int:
    """Billionths charged when ``left`` base units shall be left of the input.

    Raises AmountTooLarge where the program's own inverse overflows.
    """
    if left <= _left_of(fee, fee.fourth):
        return fee.cliff
    last_step = (_steps(fee) + 1) * fee.fourth
    checked = min(last_step, U64_MAX)
    left_of_checked = _left_of(fee, checked)
    if left == left_of_checked:
        return numerator_of_included(fee, checked)
    if left < left_of_checked:
        included = require_u64(_included_on_the_steps(fee, left))
    elif last_step > U64_MAX:
        raise AmountTooLarge("the input leaves the range of a token amount")
    else:
        included = require_u64(checked + _gross(left - left_of_checked, _numerator(fee.third)))
    numerator = ceil_div((included - left) * FEE_DENOMINATOR, included)
    if numerator < fee.cliff:
        raise AmountTooLarge("the pool's rate limiter has no inverse for this amount")
    return numerator
