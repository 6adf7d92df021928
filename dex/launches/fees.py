"""What a new pool charges when it opens, and how that changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from dex.errors import UnsupportedPool
from dex.launches.openings import Unit, unit_of
from dex.types import AccountData
from dex.venues.integer_math import ceil_div
from dex.venues.meteora_damm_v2 import layout as damm_v2
from dex.venues.meteora_damm_v2.fees import fee_numerator
from dex.venues.meteora_dlmm import layout as dlmm
from dex.venues.meteora_dlmm.fees import rate_of
from dex.venues.orca_whirlpool import layout as whirlpool
from dex.venues.raydium_amm_v4 import layout as amm_v4
from dex.venues.raydium_clmm import layout as clmm
from dex.venues.raydium_cpmm import layout as cpmm

_BILLION: Final = 1_000_000_000
_MILLIONTHS: Final = 1_000
_BPS: Final = 100_000
_HIGHEST: Final = {0: 500_000_000, 1: 990_000_000}


class Schedule(StrEnum):
    """How a base fee changes."""

    CONSTANT = "constant"
    BY_TIME = "by_time"  # falls by the period from the opening on
    BY_PRICE = "by_price"  # falls as the price rises from the first one, and ends by time
    BY_SIZE = "by_size"  # grows with the size of a purchase for a while


@dataclass(frozen=True, slots=True)
class FeePlan:
    """Base fees in billionths: ``first`` at the opening, ``last`` where the schedule ends (by size: the
    highest). ``ends`` is the point, in ``unit``, from which it no longer changes.

    ``is_dynamic``: a part that follows volatility comes on top.
    """

    schedule: Schedule
    first: int
    last: int
    ends: int | None = None
    unit: Unit | None = None
    is_dynamic: bool = False


def fee_plan(venue: str, pool: AccountData, config: AccountData | None = None) -> FeePlan | None:
    """A pool's fees; ``config`` is the AmmConfig of a CPMM or CLMM pool, without which theirs are not known.

    Raises WrongOwner, UnknownLayout or UnsupportedPool, also for an unknown venue.
    """
    if venue in _WITH_CONFIG:
        return None if config is None else _WITH_CONFIG[venue](pool, config)
    read = _READERS.get(venue)
    if read is None:
        raise UnsupportedPool(f"the fees of {venue} are not known")
    return read(pool)


def _cpmm(pool: AccountData, config: AccountData) -> FeePlan:
    rates = cpmm.parse_rates(config, pool.owner)
    has_creator = cpmm.parse_state(cpmm.POOL.check(pool, pool.owner)).enable_creator_fee
    return _constant((rates.trade + (rates.creator if has_creator else 0)) * _MILLIONTHS)


def _clmm(pool: AccountData, config: AccountData) -> FeePlan:
    return _constant(clmm.trade_rate(config, pool.owner) * _MILLIONTHS)


def _amm_v4(pool: AccountData) -> FeePlan:
    state = amm_v4.parse_state(amm_v4.POOL.check(pool, pool.owner))
    return _constant(ceil_div(state.fee_numerator * _BILLION, state.fee_denominator))


def _dlmm(pool: AccountData) -> FeePlan:
    state = dlmm.parse_state(dlmm.PAIR.check(pool, pool.owner))
    return _constant(rate_of(state, 0), is_dynamic=state.variable_fee_control > 0)


def _whirlpool(pool: AccountData) -> FeePlan:
    adaptive = whirlpool.parse_keys(pool, pool.owner).adaptive
    return _constant(whirlpool.parse_state(pool.data).fee_rate * _MILLIONTHS, is_dynamic=adaptive)


def _constant(fee: int, *, is_dynamic: bool = False) -> FeePlan:
    return FeePlan(Schedule.CONSTANT, fee, fee, is_dynamic=is_dynamic)


def _damm_v2(pool: AccountData) -> FeePlan:
    state = damm_v2.parse_state(damm_v2.POOL.check(pool, pool.owner))
    dynamic = bool(state.dynamic_fee.initialized)
    quiet = state._replace(dynamic_fee=state.dynamic_fee._replace(initialized=0))
    begin, base = state.activation_point, state.base_fee
    # It opens at its first price, and sales of the first token pay the base fee whatever their size.
    fresh = quiet._replace(sqrt_price=state.init_sqrt_price)
    first = fee_numerator(fresh, begin, True, 0, excluded=False)
    schedule, ends = _schedule(base, begin)
    if ends is None:
        return _constant(first, is_dynamic=dynamic)
    if schedule is Schedule.BY_SIZE:
        last = min(_HIGHEST[state.fee_version], base.third * _BPS)
    else:
        last = fee_numerator(quiet, ends, True, 0, excluded=False)
    return FeePlan(schedule, first, last, ends, unit_of(state.activation_type), dynamic)


def _schedule(base: damm_v2.BaseFee, begin: int) -> tuple[Schedule, int | None]:
    """The kind of a base fee and the point from which it is the last one; None for a constant fee."""
    if base.mode == damm_v2.RATE_LIMITER:
        # An all-zero limiter limits nothing; at its last point it still does.
        return Schedule.BY_SIZE, begin + base.second + 1 if base.fourth else None
    if base.mode in (damm_v2.TIME_LINEAR, damm_v2.TIME_EXPONENTIAL):
        length = base.first * base.period_frequency if base.fourth else 0
        return Schedule.BY_TIME, begin + length if length else None
    return Schedule.BY_PRICE, begin + base.third + 1 if base.first and base.fourth else None


_WITH_CONFIG: Final[Mapping[str, Callable[[AccountData, AccountData], FeePlan]]] = {
    "raydium-clmm": _clmm,
    "raydium-cpmm": _cpmm,
}
_READERS: Final[Mapping[str, Callable[[AccountData], FeePlan]]] = {
    "meteora-damm-v2": _damm_v2,
    "meteora-dlmm": _dlmm,
    "orca-whirlpool": _whirlpool,
    "orca-whirlpool-immutable": _whirlpool,
    "raydium-amm-v4": _amm_v4,
}
