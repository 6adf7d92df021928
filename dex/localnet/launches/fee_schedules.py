"""Base fees of launched DAMM v2 pools: they keep buyers away who are faster than others.

Layout: damm-v2 ``state/fee.rs``; numerators over 1e9. By time from a cliff of half the amount to the fee
that pools usually have; by size 1 % more for every reference amount. A pool that counts in slots has
periods of slots, else of seconds.
"""

from __future__ import annotations

import struct
from typing import Final

from dex.localnet.launches.plan import FeeKind, LaunchPlan

FEE_BPS: Final = 25
_NUMERATOR_OF_BPS: Final = 100_000
_FEE_OFFSET: Final = 8
_LINEAR, _EXPONENTIAL, _RATE_LIMITER = 0, 1, 2
_CLIFF: Final = 500_000_000
_PERIODS: Final = 60
# Each period takes so many bps of the fee away: after 60 of them 1.2 % are left.
_REDUCTION_BPS: Final = 600
_SLOTS_IN_PERIOD, _SECONDS_IN_PERIOD = 5, 2
_LIMITER_SLOTS, _LIMITER_SECONDS = 1_500, 600
_INCREMENT_BPS, _MOST_FEE_BPS, _LIMITER_CLIFF = 100, 5_000, 10_000_000
# A hundredth of what the pool begins with.
_REFERENCE_PART: Final = 100


def fee_fields(plan: LaunchPlan) -> dict[int, bytes]:
    """The bytes of the pool's base fee, by offset."""
    return {_FEE_OFFSET: _PACKED[plan.fee](plan)}


def _flat(_plan: LaunchPlan) -> bytes:
    return _by_time(FEE_BPS * _NUMERATOR_OF_BPS, _LINEAR, 0, 0, 0)


def _linear(plan: LaunchPlan) -> bytes:
    reduction = (_CLIFF - FEE_BPS * _NUMERATOR_OF_BPS) // _PERIODS
    return _by_time(_CLIFF, _LINEAR, _PERIODS, _period(plan), reduction)


def _exponential(plan: LaunchPlan) -> bytes:
    return _by_time(_CLIFF, _EXPONENTIAL, _PERIODS, _period(plan), _REDUCTION_BPS)


def _period(plan: LaunchPlan) -> int:
    return _SLOTS_IN_PERIOD if plan.by_slot else _SECONDS_IN_PERIOD


def _by_time(cliff: int, mode: int, periods: int, frequency: int, reduction: int) -> bytes:
    return struct.pack("<QB5xHQQ", cliff, mode, periods, frequency, reduction)


def _rate_limiter(plan: LaunchPlan) -> bytes:
    duration = _LIMITER_SLOTS if plan.by_slot else _LIMITER_SECONDS
    reference = max(1, plan.liquidity * 10**plan.quote.decimals // _REFERENCE_PART)
    return struct.pack(
        "<QB5xHIIQ", _LIMITER_CLIFF, _RATE_LIMITER, _INCREMENT_BPS, duration, _MOST_FEE_BPS, reference
    )


_PACKED: Final = {
    FeeKind.FLAT: _flat,
    FeeKind.LINEAR: _linear,
    FeeKind.EXPONENTIAL: _exponential,
    FeeKind.RATE_LIMITER: _rate_limiter,
}
