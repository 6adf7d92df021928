"""When a pool opens, from its account: swaps are refused before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from struct import Struct
from typing import Final

from dex.errors import UnsupportedPool
from dex.types import AccountData, Clock
from dex.venues.meteora_damm_v2 import layout as damm_v2
from dex.venues.meteora_dlmm import layout as dlmm
from dex.venues.orca_whirlpool import adaptive_fee
from dex.venues.raydium_amm_v4 import layout as amm_v4
from dex.venues.raydium_clmm import layout as clmm
from dex.venues.raydium_cpmm import layout as cpmm

_BY_TIMESTAMP: Final = 1
_AMM_V4_WAITING: Final = 7
# DLMM pair types that have an activation point: by permission, and customizable.
_WITH_ACTIVATION: Final = (1, 2)
_U64: Final = Struct("<Q")
_CLMM_OPEN_TIME: Final = 1_080


class Unit(StrEnum):
    """What a point of time is counted in."""

    UNIX = "unix"
    SLOT = "slot"


@dataclass(frozen=True, slots=True)
class Opening:
    """The stored opening. ``after``: swaps begin after that point, not at it. ``waits`` false: the program
    no longer looks at it.
    """

    unit: Unit
    point: int
    after: bool = False
    waits: bool = True

    @property
    def first(self) -> int:
        """The first point at which the program swaps, 0 where it does not look at the opening."""
        return self.point + int(self.after) if self.waits else 0

    def is_open(self, clock: Clock) -> bool:
        """Whether the program swaps at this clock, as far as the opening goes."""
        return self.at(clock) >= self.first

    def at(self, clock: Clock) -> int:
        """The clock in the opening's unit."""
        return clock.unix_timestamp if self.unit is Unit.UNIX else clock.slot


def opening_of(venue: str, pool: AccountData, oracle: AccountData | None = None) -> Opening | None:
    """The opening of a venue's pool; None for one that opens with its creation.

    ``oracle`` is that of a Whirlpool with an adaptive fee. Raises WrongOwner, UnknownLayout or
    UnsupportedPool, also for an unknown venue.
    """
    if venue.startswith("orca-whirlpool"):
        return _whirlpool(oracle)
    read = _READERS.get(venue)
    if read is None:
        raise UnsupportedPool(f"the openings of {venue} are not known")
    return read(pool)


def _cpmm(pool: AccountData) -> Opening:
    return Opening(Unit.UNIX, cpmm.parse_state(cpmm.POOL.check(pool, pool.owner)).open_time)


def _amm_v4(pool: AccountData) -> Opening:
    state = amm_v4.parse_state(amm_v4.POOL.check(pool, pool.owner))
    return Opening(Unit.UNIX, state.open_time, waits=state.status == _AMM_V4_WAITING)


def _clmm(pool: AccountData) -> Opening:
    (open_time,) = _U64.unpack_from(clmm.POOL.check(pool, pool.owner), _CLMM_OPEN_TIME)
    return Opening(Unit.UNIX, open_time, after=True)


def _damm_v2(pool: AccountData) -> Opening:
    state = damm_v2.parse_state(damm_v2.POOL.check(pool, pool.owner))
    return Opening(unit_of(state.activation_type), state.activation_point)


def _dlmm(pool: AccountData) -> Opening | None:
    state = dlmm.parse_state(dlmm.PAIR.check(pool, pool.owner))
    if state.pair_type not in _WITH_ACTIVATION:
        return None
    return Opening(unit_of(state.activation_type), state.activation_point)


def _whirlpool(oracle: AccountData | None) -> Opening | None:
    """Only pools of a permissioned tier have a time from which they trade; 0 stands for none."""
    if oracle is None:
        return None
    enabled_at = adaptive_fee.parse(oracle, oracle.owner).trade_enabled_at
    return Opening(Unit.UNIX, enabled_at) if enabled_at else None


def unit_of(activation_type: int) -> Unit:
    """What Meteora's activation types count in."""
    return Unit.UNIX if activation_type == _BY_TIMESTAMP else Unit.SLOT


_READERS: Final[Mapping[str, Callable[[AccountData], Opening | None]]] = {
    "meteora-damm-v2": _damm_v2,
    "meteora-dlmm": _dlmm,
    "raydium-amm-v4": _amm_v4,
    "raydium-clmm": _clmm,
    "raydium-cpmm": _cpmm,
}
