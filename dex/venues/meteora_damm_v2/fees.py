"""The trading fee of Meteora DAMM v2 in billionths, and taking it from or adding it to an amount.

Formulas: damm-v2 base_fee/fee_time_scheduler.rs, base_fee/fee_market_cap_scheduler.rs,
math/fee_math.rs and state/fee.rs. The rate limiter has its own module.
"""

from __future__ import annotations

from typing import Final

from dex.errors import UnsupportedPool
from dex.venues.integer_math import BPS, ceil_div, require_u64
from dex.venues.meteora_damm_v2 import rate_limiter
from dex.venues.meteora_damm_v2.layout import (
    MARKET_CAP_EXPONENTIAL,
    RATE_LIMITER,
    TIME_EXPONENTIAL,
    TIME_LINEAR,
    BaseFee,
    PoolState,
)
from dex.venues.meteora_damm_v2.rate_limiter import FEE_DENOMINATOR

_ONE_Q64: Final = 1 << 64
_HIGHEST_FEE: Final = {0: 500_000_000, 1: 990_000_000}


def without_fee(amount: int, numerator: int) -> int:
    """What is left of ``amount`` after a fee rounded up (get_excluded_fee_amount)."""
    return amount - ceil_div(amount * numerator, FEE_DENOMINATOR)


def with_fee(amount: int, numerator: int) -> int:
    """The gross amount that leaves ``amount`` (get_included_fee_amount); raises AmountTooLarge."""
    return require_u64(ceil_div(amount * FEE_DENOMINATOR, FEE_DENOMINATOR - numerator))


def _power_q64(base: int, exponent: int) -> int:
    """``base ** exponent`` in Q64.64, every product rounded down (damm-v2 math/u64x64_math.rs pow)."""
    result = _ONE_Q64
    while exponent:
        if exponent & 1:
            result = result * base >> 64
        base = base * base >> 64
        exponent >>= 1
    return result


def _after_periods(fee: BaseFee, periods: int) -> int:
    if fee.mode in (TIME_EXPONENTIAL, MARKET_CAP_EXPONENTIAL):
        if fee.fourth == 0:
            return fee.cliff
        step = _ONE_Q64 - (fee.fourth << 64) // BPS
        return _power_q64(step, periods) * fee.cliff >> 64
    reduced = fee.cliff - fee.fourth * periods
    if reduced < 0:
        raise UnsupportedPool("the pool's fee schedule runs below zero")
    return reduced


def _time_periods(state: PoolState, point: int) -> int:
    fee = state.base_fee
    return min(fee.first, (point - state.activation_point) // fee.period_frequency)


def _market_cap_periods(state: PoolState, point: int) -> int:
    fee = state.base_fee
    if point > state.activation_point + fee.third:
        return fee.first
    if state.sqrt_price <= state.init_sqrt_price:
        return 0
    if state.init_sqrt_price == 0:
        raise UnsupportedPool("the pool's fee schedule starts from no price")
    risen = (state.sqrt_price - state.init_sqrt_price) * BPS // state.init_sqrt_price
    return min(fee.first, risen // max(1, fee.second))


def _base_numerator(state: PoolState, point: int, sells_a: bool, amount: int, excluded: bool) -> int:
    fee = state.base_fee
    if fee.mode in (TIME_LINEAR, TIME_EXPONENTIAL):
        if fee.period_frequency == 0:
            return fee.cliff
        return _after_periods(fee, _time_periods(state, point))
    if fee.mode != RATE_LIMITER:
        return _after_periods(fee, _market_cap_periods(state, point))
    if not rate_limiter.applies(state, point, sells_a):
        return fee.cliff
    if excluded:
        return rate_limiter.numerator_of_excluded(fee, amount)
    return rate_limiter.numerator_of_included(fee, amount)


def fee_numerator(state: PoolState, point: int, sells_a: bool, amount: int, *, excluded: bool) -> int:
    """Billionths charged at ``point`` (at or after activation), base and dynamic fee, capped.

    ``amount`` is what the fee is taken from, or with ``excluded`` what shall be left of it; only
    the rate limiter looks at it. Raises UnsupportedPool or AmountTooLarge.
    """
    highest = _HIGHEST_FEE.get(state.fee_version)
    if highest is None:
        raise UnsupportedPool(f"the pool has fee version {state.fee_version}, which is not known")
    base = _base_numerator(state, point, sells_a, amount, excluded)
    return min(highest, base + state.dynamic_fee.numerator)
