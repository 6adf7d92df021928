"""The oracle account of a pool whose fee grows with volatility (whirlpools state/oracle.rs).

The fee of a swap depends on the cluster's time: references are moved by it before the swap begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final, NamedTuple

from solders.pubkey import Pubkey

from dex.errors import PoolDisabled, UnsupportedPool
from dex.types import AccountData
from dex.venues.account_layout import Layout
from dex.venues.integer_math import ceil_div
from dex.venues.orca_whirlpool.tick_price import MAX_TICK, MIN_TICK, sqrt_price_at, tick_at

ORACLE: Final = Layout("Whirlpool Oracle", 254, bytes.fromhex("8bc283b38cb3e5f4"))

_SEED: Final = b"oracle"
_TRADE_ENABLED: Final = Struct("<Q")
_TRADE_ENABLED_OFFSET: Final = 40
_CONSTANTS: Final = Struct("<HHHIIHH")
_CONSTANTS_OFFSET: Final = 48
_VARIABLES: Final = Struct("<QQIiI")
_VARIABLES_OFFSET: Final = 82

_SCALE: Final = 10_000
_RATE_DENOMINATOR: Final = 100_000 * _SCALE * _SCALE
_HARD_LIMIT: Final = 100_000
_MAX_REFERENCE_AGE_SECONDS: Final = 3_600


class Constants(NamedTuple):
    """What the fee's shape is: seconds, 1/10000, 1/100000, 1/10000 of a tick group, ticks."""

    filter_period: int
    decay_period: int
    reduction_factor: int
    control_factor: int
    max_volatility: int
    group_size: int
    major_swap_ticks: int


class Variables(NamedTuple):
    """What swaps have left behind: unix seconds, volatility in 1/10000 of a tick group."""

    reference_updated_at: int
    major_swap_at: int
    volatility_reference: int
    group_reference: int
    volatility: int


@dataclass(frozen=True, slots=True)
class Oracle:
    """A parsed oracle account."""

    trade_enabled_at: int
    constants: Constants
    variables: Variables


def address_of(program_id: Pubkey, pool: Pubkey) -> Pubkey:
    """Where a pool's oracle is, whether it exists or not; every swap names it."""
    return Pubkey.find_program_address([_SEED, bytes(pool)], program_id)[0]


def parse(account: AccountData, program_id: Pubkey) -> Oracle:
    """Raises WrongOwner, UnknownLayout or UnsupportedPool."""
    data = ORACLE.check(account, program_id)
    (enabled_at,) = _TRADE_ENABLED.unpack_from(data, _TRADE_ENABLED_OFFSET)
    constants = Constants._make(_CONSTANTS.unpack_from(data, _CONSTANTS_OFFSET))
    if constants.group_size == 0:
        raise UnsupportedPool("the pool's oracle has no tick groups")
    return Oracle(enabled_at, constants, Variables._make(_VARIABLES.unpack_from(data, _VARIABLES_OFFSET)))


def with_variables(data: bytes, variables: Variables) -> bytes:
    """The oracle's bytes with other variables."""
    written = bytearray(data)
    _VARIABLES.pack_into(written, _VARIABLES_OFFSET, *variables)
    return bytes(written)


def moved_references(oracle: Oracle, group: int, now: int) -> Variables:
    """The variables as a swap finds them that begins in tick group ``group`` at ``now``.

    Raises PoolDisabled where the clock is behind what an earlier swap has written.
    """
    constants, found = oracle.constants, oracle.variables
    newest = max(found.reference_updated_at, found.major_swap_at)
    if now < newest:
        raise PoolDisabled("the cluster's clock is before the pool's last swap")
    elapsed = now - newest
    if now - found.reference_updated_at <= _MAX_REFERENCE_AGE_SECONDS:
        if elapsed < constants.filter_period:
            return found
        if elapsed < constants.decay_period:
            decayed = found.volatility * constants.reduction_factor // _SCALE
            return found._replace(
                reference_updated_at=now, group_reference=group, volatility_reference=decayed
            )
    return found._replace(reference_updated_at=now, group_reference=group, volatility_reference=0)


class GroupFees:
    """The fee rate of one swap as it moves from tick group to tick group (manager/fee_rate_manager.rs).

    A step ends at the edge of its group. Steps are not bounded ("skipped") where groups make no difference:
    without a control factor or liquidity, and beyond the core range, where the volatility stands at its
    maximum.
    """

    def __init__(self, oracle: Oracle, fixed_rate: int, tick: int, now: int, a_to_b: bool) -> None:
        """Raises PoolDisabled as ``moved_references`` does."""
        self._constants = oracle.constants
        self._fixed_rate = fixed_rate
        self._a_to_b = a_to_b
        self._group = tick // oracle.constants.group_size
        self._variables = moved_references(oracle, self._group, now)
        self._volatility = self._variables.volatility
        reach = ceil_div(
            max(0, self._constants.max_volatility - self._variables.volatility_reference), _SCALE
        )
        size = self._constants.group_size
        self._lowest = self._variables.group_reference - reach
        self._highest = self._variables.group_reference + reach
        self._low_edge = self._lowest * size if self._lowest * size > MIN_TICK else None
        high_edge = (self._highest + 1) * size
        self._high_edge = high_edge if high_edge < MAX_TICK else None
        self.groups = 0

    def begin_step(self) -> int:
        """The total rate of the step that begins now, in millionths."""
        self.groups += 1
        self._set_volatility()
        crossed = self._volatility * self._constants.group_size
        adaptive = ceil_div(self._constants.control_factor * crossed * crossed, _RATE_DENOMINATOR)
        return min(_HARD_LIMIT, self._fixed_rate + min(_HARD_LIMIT, adaptive))

    def bound(self, target: int, liquidity: int) -> tuple[int, bool]:
        """How far the step may go towards ``target``, and whether it skips groups."""
        edge, skips = self._edge(liquidity)
        if edge is None:
            return target, skips
        edge_price = sqrt_price_at(min(max(edge, MIN_TICK), MAX_TICK))
        return (max if self._a_to_b else min)(target, edge_price), skips

    def _edge(self, liquidity: int) -> tuple[int | None, bool]:
        if self._constants.control_factor == 0 or liquidity == 0:
            return None, True
        if self._low_edge is not None and self._group < self._lowest:
            return (None if self._a_to_b else self._low_edge), True
        if self._high_edge is not None and self._group > self._highest:
            return (self._high_edge if self._a_to_b else None), True
        return (self._group if self._a_to_b else self._group + 1) * self._constants.group_size, False

    def end_step(self, sqrt_price: int, skipped: bool) -> None:
        """Move on to the next group; after a skip the group is the one that the price has come to."""
        if skipped:
            self._land(sqrt_price)
        self._group += -1 if self._a_to_b else 1

    def _land(self, sqrt_price: int) -> None:
        size = self._constants.group_size
        tick = tick_at(sqrt_price)
        group = tick // size
        if not self._a_to_b and tick % size == 0 and sqrt_price == sqrt_price_at(tick):
            group -= 1
        if group < self._group if self._a_to_b else group > self._group:
            self._group = group
            self._set_volatility()

    def _set_volatility(self) -> None:
        variables = self._variables
        distance = abs(variables.group_reference - self._group)
        self._volatility = min(
            self._constants.max_volatility, variables.volatility_reference + distance * _SCALE
        )

    def left_behind(self, before: int, after: int, now: int) -> Variables:
        """The variables once the swap has moved the square-root price from ``before`` to ``after``."""
        low, high = sorted((before, after))
        is_major = high >= low * sqrt_price_at(self._constants.major_swap_ticks) >> 64
        return self._variables._replace(
            volatility=self._volatility,
            major_swap_at=now if is_major else self._variables.major_swap_at,
        )
