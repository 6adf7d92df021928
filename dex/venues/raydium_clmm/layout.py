"""Byte layouts of Raydium CLMM's pool and config (raydium-clmm states/pool.rs, states/config.rs).

Offsets count from the start of the account, the 8-byte Anchor discriminator included.
"""

from __future__ import annotations

from functools import lru_cache
from struct import Struct
from typing import Final, NamedTuple

from solders.pubkey import Pubkey

from dex.errors import UnknownLayout, UnsupportedPool
from dex.types import AccountData
from dex.venues.account_layout import Layout, pubkey_at
from dex.venues.raydium_clmm.tick_math import MAX_SQRT_PRICE, MAX_TICK, MIN_SQRT_PRICE, MIN_TICK

POOL: Final = Layout("CLMM PoolState", 1_544, bytes.fromhex("f7ede3f5d7c3de46"))
CONFIG: Final = Layout("CLMM AmmConfig", 117, bytes.fromhex("daf42168cbcb2b6f"))

MINT_0_OFFSET: Final = 73
MINT_1_OFFSET: Final = 105

_PRICE: Final = Struct("<H16s16si")
_PRICE_OFFSET: Final = 235
_CURRENT: Final = Struct("<16s16si")
_CURRENT_OFFSET: Final = 237
LIQUIDITY: Final = slice(237, 253)
_STATUS_OFFSET: Final = 389
_FEE_ON_OFFSET: Final = 390
_BITMAP: Final = slice(904, 1032)
_OPEN_TIME: Final = Struct("<Q")
_OPEN_TIME_OFFSET: Final = 1080
_DYNAMIC_FEE: Final = slice(1096, 1176)
_TRADE_RATE: Final = Struct("<I")
_TRADE_RATE_OFFSET: Final = 47
_SWAP_DISABLED: Final = 1 << 4
RATE_DENOMINATOR: Final = 1_000_000


class PoolKeys(NamedTuple):
    """The addresses that a pool is made of; they never change."""

    config: Pubkey
    mints: tuple[Pubkey, Pubkey]
    vaults: tuple[Pubkey, Pubkey]
    observation: Pubkey


class PoolState(NamedTuple):
    """What a quote depends on. The square-root price is Q64.64, token 1 per token 0."""

    tick_spacing: int
    liquidity: int
    sqrt_price: int
    tick: int
    is_enabled: bool
    open_time: int
    bitmap: bytes

    def can_swap(self, unix_timestamp: int) -> bool:
        """Whether the swap bit is clear and the opening time has passed; at that second it is closed."""
        return self.is_enabled and unix_timestamp > self.open_time


def parse_keys(account: AccountData, program_id: Pubkey) -> PoolKeys:
    """The fixed part of a pool; raises WrongOwner, UnknownLayout or UnsupportedPool."""
    data = POOL.check(account, program_id)
    parse_state(data)
    return PoolKeys(
        config=pubkey_at(data, 9),
        mints=(pubkey_at(data, MINT_0_OFFSET), pubkey_at(data, MINT_1_OFFSET)),
        vaults=(pubkey_at(data, 137), pubkey_at(data, 169)),
        observation=pubkey_at(data, 201),
    )


@lru_cache(maxsize=1024)
def parse_state(data: bytes) -> PoolState:
    """The changing part of a checked pool account; raises UnknownLayout or UnsupportedPool.

    A fee that is taken from the output, and one that moves with volatility, came with releases that are
    not executed here.
    """
    spacing, liquidity, price, tick = _PRICE.unpack_from(data, _PRICE_OFFSET)
    sqrt_price = int.from_bytes(price, "little")
    if spacing == 0:
        raise UnknownLayout("a CLMM pool has a tick spacing")
    # A price that fell onto the lowest tick leaves the pool one below it.
    if not (MIN_SQRT_PRICE <= sqrt_price <= MAX_SQRT_PRICE and MIN_TICK - 1 <= tick <= MAX_TICK):
        raise UnknownLayout("the pool's price is no price of a CLMM pool")
    if data[_FEE_ON_OFFSET]:
        raise UnsupportedPool("the pool takes its fee from one token only")
    if any(data[_DYNAMIC_FEE]):
        raise UnsupportedPool("the pool has a dynamic fee")
    (open_time,) = _OPEN_TIME.unpack_from(data, _OPEN_TIME_OFFSET)
    return PoolState(
        tick_spacing=spacing,
        liquidity=int.from_bytes(liquidity, "little"),
        sqrt_price=sqrt_price,
        tick=tick,
        is_enabled=not data[_STATUS_OFFSET] & _SWAP_DISABLED,
        open_time=open_time,
        bitmap=data[_BITMAP],
    )


def trade_rate(account: AccountData, program_id: Pubkey) -> int:
    """The fee of an AmmConfig in millionths; raises WrongOwner, UnknownLayout or UnsupportedPool."""
    (rate,) = _TRADE_RATE.unpack_from(CONFIG.check(account, program_id), _TRADE_RATE_OFFSET)
    if rate >= RATE_DENOMINATOR:
        raise UnsupportedPool("the pool's fee takes the whole amount")
    return int(rate)


def moved(data: bytes, liquidity: int, sqrt_price: int, tick: int) -> bytes:
    """A pool account with another price and the liquidity that is in range there."""
    changed = bytearray(data)
    _CURRENT.pack_into(
        changed, _CURRENT_OFFSET, liquidity.to_bytes(16, "little"), sqrt_price.to_bytes(16, "little"), tick
    )
    return bytes(changed)
