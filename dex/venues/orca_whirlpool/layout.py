"""Byte layout of a Whirlpool account (whirlpools state/whirlpool.rs).

Offsets count from the start of the account, the 8-byte Anchor discriminator included. The account names
neither its mints' token programs nor its tick arrays: the mints' owners and derived addresses tell.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from solders.pubkey import Pubkey

from dex.errors import UnknownLayout
from dex.types import AccountData
from dex.venues.account_layout import Layout, pubkey_at

POOL: Final = Layout("Whirlpool", 653, bytes.fromhex("3f95d10ce1806309"))

MINT_A_OFFSET: Final = 101
MINT_B_OFFSET: Final = 181
REWARDS_OFFSET: Final = 269
REWARD_SIZE: Final = 128
REWARD_COUNT: Final = 3

_SPACING: Final = Struct("<HH")
_SPACING_OFFSET: Final = 41
_STATE: Final = Struct("<HH16s16siQQ")
_STATE_OFFSET: Final = 45
_GROWTH_OFFSETS: Final = (165, 245)
_REWARDS_UPDATED: Final = Struct("<Q")
_REWARDS_UPDATED_OFFSET: Final = 261
_NO_MINT: Final = bytes(32)
_U64: Final = 1 << 64
_U128: Final = 1 << 128


class PoolKeys(NamedTuple):
    """What a pool is made of, in a, b order; it never changes. ``adaptive``: its fee follows an oracle."""

    tick_spacing: int
    adaptive: bool
    mints: tuple[Pubkey, Pubkey]
    vaults: tuple[Pubkey, Pubkey]


class PoolState(NamedTuple):
    """What changes in a pool. Rates: fee in millionths, protocol in 1/10000 of the fee; prices Q64.64."""

    fee_rate: int
    protocol_fee_rate: int
    liquidity: int
    sqrt_price: int
    tick: int
    protocol_owed: tuple[int, int]
    fee_growth: tuple[int, int]
    rewards_updated_at: int


def parse_keys(account: AccountData, program_id: Pubkey) -> PoolKeys:
    """The fixed part of a pool; raises WrongOwner or UnknownLayout."""
    data = POOL.check(account, program_id)
    tick_spacing, fee_tier_index = _SPACING.unpack_from(data, _SPACING_OFFSET)
    if tick_spacing == 0:
        raise UnknownLayout("a Whirlpool has a tick spacing")
    return PoolKeys(
        tick_spacing=tick_spacing,
        adaptive=fee_tier_index != tick_spacing,
        mints=(pubkey_at(data, MINT_A_OFFSET), pubkey_at(data, MINT_B_OFFSET)),
        vaults=(pubkey_at(data, 133), pubkey_at(data, 213)),
    )


def parse_state(data: bytes) -> PoolState:
    """The changing part of a checked pool account."""
    fee, protocol, liquidity, price, tick, *owed = _STATE.unpack_from(data, _STATE_OFFSET)
    (updated,) = _REWARDS_UPDATED.unpack_from(data, _REWARDS_UPDATED_OFFSET)
    return PoolState(
        fee_rate=fee,
        protocol_fee_rate=protocol,
        liquidity=int.from_bytes(liquidity, "little"),
        sqrt_price=int.from_bytes(price, "little"),
        tick=tick,
        protocol_owed=(owed[0], owed[1]),
        fee_growth=(_u128(data, _GROWTH_OFFSETS[0]), _u128(data, _GROWTH_OFFSETS[1])),
        rewards_updated_at=updated,
    )


def with_state(data: bytes, state: PoolState) -> bytes:
    """The account's bytes with another state; what has outgrown its field wraps, as in the program.

    The rewards grow for the seconds that lie between the two states.
    """
    written = bytearray(data)
    _STATE.pack_into(
        written,
        _STATE_OFFSET,
        state.fee_rate,
        state.protocol_fee_rate,
        state.liquidity.to_bytes(16, "little"),
        state.sqrt_price.to_bytes(16, "little"),
        state.tick,
        *(owed % _U64 for owed in state.protocol_owed),
    )
    for offset, growth in zip(_GROWTH_OFFSETS, state.fee_growth, strict=True):
        _put_u128(written, offset, growth)
    _grow_rewards(written, parse_state(data), state.rewards_updated_at)
    _REWARDS_UPDATED.pack_into(written, _REWARDS_UPDATED_OFFSET, state.rewards_updated_at)
    return bytes(written)


def _grow_rewards(written: bytearray, before: PoolState, now: int) -> None:
    """Each reward's growth per unit of liquidity (whirlpools manager/whirlpool_manager.rs)."""
    elapsed = now - before.rewards_updated_at
    if not before.liquidity or not elapsed:
        return
    for start in range(REWARDS_OFFSET, REWARDS_OFFSET + REWARD_COUNT * REWARD_SIZE, REWARD_SIZE):
        if written[start : start + 32] == _NO_MINT:
            continue
        grown = elapsed * _u128(written, start + 96)
        # A product that the program cannot hold counts as nothing.
        growth = grown // before.liquidity if grown < _U128 else 0
        _put_u128(written, start + 112, _u128(written, start + 112) + growth)


def _u128(data: bytes | bytearray, offset: int) -> int:
    return int.from_bytes(data[offset : offset + 16], "little")


def _put_u128(data: bytearray, offset: int, number: int) -> None:
    data[offset : offset + 16] = (number % _U128).to_bytes(16, "little")
