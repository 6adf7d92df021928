"""Byte layout of a Meteora DAMM v2 pool (damm-v2 state/pool.rs, state/fee.rs).

Offsets count from the start of the account, the 8-byte Anchor discriminator included. The pool
account alone is enough for a quote.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from solders.pubkey import Pubkey

from dex.config import TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from dex.errors import UnsupportedPool
from dex.types import AccountData, Clock
from dex.venues.account_layout import Layout, pubkey_at

POOL: Final = Layout("DAMM v2 Pool", 1112, bytes.fromhex("f19a6d0411b16dbc"))

MINT_A_OFFSET: Final = 168
MINT_B_OFFSET: Final = 200

BOTH_TOKENS, ONLY_B, COMPOUNDING = 0, 1, 2
TIME_LINEAR, TIME_EXPONENTIAL, RATE_LIMITER, MARKET_CAP_LINEAR, MARKET_CAP_EXPONENTIAL = range(5)

_FEES: Final = Struct("<QB5xHIIQ")
_FEES_OFFSET: Final = 8
_DYNAMIC: Final = Struct("<B11xIH46xQQ")
_DYNAMIC_OFFSET: Final = 56
_PRICE: Final = Struct("<16s192x16s48x16s16s16sQBBBBBxB")
_PRICE_OFFSET: Final = 152
_RESERVES: Final = Struct("<QQ")
_RESERVES_OFFSET: Final = 680
_BY_TIMESTAMP: Final = 1
_ENABLED: Final = 0


class BaseFee(NamedTuple):
    """The base fee's parameters; what the three numbers in the middle mean depends on the mode.

    Modes 0, 1: ``first`` periods of ``second + third·2³²`` points, ``fourth`` the reduction.
    Mode 2: ``first`` increment in bps, ``second`` duration in points, ``third`` highest fee in bps,
    ``fourth`` the reference amount. Modes 3, 4: ``first`` periods of ``second`` bps of square-root
    price, ``third`` points until it expires, ``fourth`` the reduction.
    """

    cliff: int
    mode: int
    first: int
    second: int
    third: int
    fourth: int

    @property
    def period_frequency(self) -> int:
        """Points (slots or seconds) that a period of modes 0 and 1 lasts."""
        return self.second | self.third << 32


class DynamicFee(NamedTuple):
    """The volatility fee as stored: the program charges by the accumulator before the swap."""

    initialized: int
    variable_fee_control: int
    bin_step: int
    accumulator_low: int
    accumulator_high: int

    @property
    def numerator(self) -> int:
        """Billionths of the amount (damm-v2 state/fee.rs get_variable_fee)."""
        if not self.initialized:
            return 0
        accumulator = self.accumulator_low | self.accumulator_high << 64
        scaled = (accumulator * self.bin_step) ** 2 * self.variable_fee_control
        return -(-scaled // 100_000_000_000)


class PoolState(NamedTuple):
    """Everything a quote depends on. Square-root prices are Q64.64, liquidity is Q64."""

    base_fee: BaseFee
    dynamic_fee: DynamicFee
    init_sqrt_price: int
    liquidity: int
    sqrt_min_price: int
    sqrt_max_price: int
    sqrt_price: int
    activation_point: int
    activation_type: int
    pool_status: int
    collect_fee_mode: int
    fee_version: int
    reserve_a: int
    reserve_b: int

    def point(self, clock: Clock) -> int:
        """The cluster's time in the unit that this pool counts in: seconds or slots."""
        return clock.unix_timestamp if self.activation_type == _BY_TIMESTAMP else clock.slot

    def can_swap(self, clock: Clock) -> bool:
        """Whether the pool is enabled and its activation point has come."""
        return self.pool_status == _ENABLED and self.point(clock) >= self.activation_point

    def takes_fee_from_input(self, sells_a: bool) -> bool:
        """Whether the fee is taken before the curve (damm-v2 FeeMode::get_fee_mode)."""
        return not sells_a and self.collect_fee_mode != BOTH_TOKENS


class PoolKeys(NamedTuple):
    """The addresses that a pool is made of, in a, b order; they never change."""

    mints: tuple[Pubkey, Pubkey]
    vaults: tuple[Pubkey, Pubkey]
    token_programs: tuple[Pubkey, Pubkey]


def _program(flag: int) -> Pubkey:
    return TOKEN_2022_PROGRAM if flag else TOKEN_PROGRAM


def parse_keys(account: AccountData, program_id: Pubkey) -> PoolKeys:
    """The fixed part of a pool; raises WrongOwner, UnknownLayout or UnsupportedPool."""
    data = POOL.check(account, program_id)
    state = parse_state(data)
    if state.collect_fee_mode > COMPOUNDING or state.base_fee.mode > MARKET_CAP_EXPONENTIAL:
        raise UnsupportedPool("the pool takes its fee in an unknown way")
    return PoolKeys(
        mints=(pubkey_at(data, MINT_A_OFFSET), pubkey_at(data, MINT_B_OFFSET)),
        vaults=(pubkey_at(data, 232), pubkey_at(data, 264)),
        token_programs=(_program(data[482]), _program(data[483])),
    )


def parse_state(data: bytes) -> PoolState:
    """The changing part of a checked pool account."""
    init, liquidity, low, high, now, point, kind, status, _, _, collect, version = _PRICE.unpack_from(
        data, _PRICE_OFFSET
    )
    reserve_a, reserve_b = _RESERVES.unpack_from(data, _RESERVES_OFFSET)
    return PoolState(
        base_fee=BaseFee._make(_FEES.unpack_from(data, _FEES_OFFSET)),
        dynamic_fee=DynamicFee._make(_DYNAMIC.unpack_from(data, _DYNAMIC_OFFSET)),
        init_sqrt_price=int.from_bytes(init, "little"),
        liquidity=int.from_bytes(liquidity, "little"),
        sqrt_min_price=int.from_bytes(low, "little"),
        sqrt_max_price=int.from_bytes(high, "little"),
        sqrt_price=int.from_bytes(now, "little"),
        activation_point=point,
        activation_type=kind,
        pool_status=status,
        collect_fee_mode=collect,
        fee_version=version,
        reserve_a=reserve_a,
        reserve_b=reserve_b,
    )
