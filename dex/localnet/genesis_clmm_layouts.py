"""The bytes of a Raydium CLMM pool that nobody has traded with, as the real program would have written them.

Layouts: raydium-clmm ``states/{config,pool,tick_array,tickarray_bitmap_extension,oracle}.rs``. Offsets count
the 8-byte Anchor discriminator.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from solders.pubkey import Pubkey

from dex.localnet.genesis_layouts import anchor_account, owned, put_keys, put_u128
from dex.types import AccountData
from dex.venues.raydium_clmm.tick_math import sqrt_price_at, tick_at

_POOL_SIZE = 1544
_CONFIG_SIZE = 117
_TICK_ARRAY_SIZE = 10240
_EXTENSION_SIZE = 1832
_OBSERVATION_SIZE = 4483

_TICKS_PER_ARRAY = 60
_TICK_SIZE = 168
_TICKS_OFFSET = 44
_BITMAP_OFFSET = 904
_EXTENSION_POSITIVE, _EXTENSION_NEGATIVE = 40, 936
_HALF = 512


@dataclass(frozen=True, slots=True)
class Position:
    """Liquidity from the tick ``lower`` up to ``upper``, both multiples of the pool's spacing."""

    lower: int
    upper: int
    liquidity: int


@dataclass(frozen=True, slots=True)
class ClmmPool:
    """The state of a pool. ``mints`` in byte order; the square-root price is Q64.64, token 1 per token 0."""

    bump: int
    config: Pubkey
    creator: Pubkey
    mints: tuple[Pubkey, Pubkey]
    vaults: tuple[Pubkey, Pubkey]
    observation: Pubkey
    decimals: tuple[int, int]
    tick_spacing: int
    sqrt_price: int
    positions: Sequence[Position]

    @property
    def tick(self) -> int:
        return tick_at(self.sqrt_price)

    @property
    def liquidity(self) -> int:
        """What is in range at the price."""
        return sum(p.liquidity for p in self.positions if p.lower <= self.tick < p.upper)

    @property
    def span(self) -> int:
        """How many ticks one array covers."""
        return self.tick_spacing * _TICKS_PER_ARRAY

    def starts(self) -> list[int]:
        """First ticks of the arrays that hold an end of a position, ascending."""
        ends = chain.from_iterable((position.lower, position.upper) for position in self.positions)
        return sorted({end // self.span * self.span for end in ends})

    def amounts(self) -> tuple[int, int]:
        """Base units of both tokens that the positions hold, rounded up as for a deposit."""
        held = [_amounts(position, self.sqrt_price) for position in self.positions]
        return sum(first for first, _ in held), sum(second for _, second in held)


def _amounts(position: Position, sqrt_price: int) -> tuple[int, int]:
    low, high = sqrt_price_at(position.lower), sqrt_price_at(position.upper)
    price = min(max(sqrt_price, low), high)
    first = -(-(position.liquidity << 64) * (high - price) // (price * high))
    return first, -(-position.liquidity * (price - low) >> 64)


def clmm_config(
    program: Pubkey,
    *,
    bump: int,
    index: int,
    trade_rate: int,
    protocol_rate: int,
    fund_rate: int,
    tick_spacing: int,
) -> AccountData:
    """An AmmConfig; rates in millionths: of the amount (trade), of the trade fee (protocol, fund)."""
    data = anchor_account("AmmConfig", _CONFIG_SIZE)
    struct.pack_into("<BH", data, 8, bump, index)
    struct.pack_into("<IIHI", data, 43, protocol_rate, trade_rate, tick_spacing, fund_rate)
    return owned(program, data)


def clmm_pool(program: Pubkey, pool: ClmmPool) -> AccountData:
    """A pool that is open since the epoch of Unix time, without rewards, dynamic fee or limit orders."""
    data = anchor_account("PoolState", _POOL_SIZE)
    data[8] = pool.bump
    put_keys(data, 9, [pool.config, pool.creator, *pool.mints, *pool.vaults, pool.observation])
    struct.pack_into("<BBH", data, 233, *pool.decimals, pool.tick_spacing)
    put_u128(data, 237, pool.liquidity)
    put_u128(data, 253, pool.sqrt_price)
    struct.pack_into("<i", data, 269, pool.tick)
    for number in _numbers(pool):
        if -_HALF <= number < _HALF:
            _set_bit(data, _BITMAP_OFFSET, number + _HALF)
    return owned(program, data)


def clmm_extension(program: Pubkey, address: Pubkey, pool: ClmmPool) -> AccountData:
    """The bitmap of the arrays that lie outside the pool's own."""
    data = anchor_account("TickArrayBitmapExtension", _EXTENSION_SIZE)
    put_keys(data, 8, [address])
    for number in _numbers(pool):
        if number >= _HALF:
            _set_bit(data, _EXTENSION_POSITIVE, number - _HALF)
        elif number < -_HALF:
            chunk = (-number - 1) // _HALF - 1
            _set_bit(data, _EXTENSION_NEGATIVE, chunk * _HALF + number % _HALF)
    return owned(program, data)


def clmm_tick_array(program: Pubkey, address: Pubkey, pool: ClmmPool, start: int) -> AccountData:
    """The array from ``start`` on with the ends of the positions that lie in it."""
    data = anchor_account("TickArrayState", _TICK_ARRAY_SIZE)
    put_keys(data, 8, [address])
    struct.pack_into("<i", data, 40, start)
    net, gross = _liquidity_at_ends(pool.positions)
    inside = [tick for tick in gross if start <= tick < start + pool.span]
    for tick in inside:
        at = _TICKS_OFFSET + (tick - start) // pool.tick_spacing * _TICK_SIZE
        struct.pack_into("<i", data, at, tick)
        data[at + 4 : at + 20] = net[tick].to_bytes(16, "little", signed=True)
        put_u128(data, at + 20, gross[tick])
    data[10124] = len(inside)
    return owned(program, data)


def clmm_observation(program: Pubkey, address: Pubkey) -> AccountData:
    """An ObservationState without an observation: the first swap sets the initialized flag."""
    data = anchor_account("ObservationState", _OBSERVATION_SIZE)
    put_keys(data, 19, [address])
    return owned(program, data)


def _liquidity_at_ends(positions: Sequence[Position]) -> tuple[Counter[int], Counter[int]]:
    net: Counter[int] = Counter()
    gross: Counter[int] = Counter()
    for position in positions:
        net[position.lower] += position.liquidity
        net[position.upper] -= position.liquidity
        gross[position.lower] += position.liquidity
        gross[position.upper] += position.liquidity
    return net, gross


def _numbers(pool: ClmmPool) -> Iterator[int]:
    return (start // pool.span for start in pool.starts())


def _set_bit(data: bytearray, offset: int, bit: int) -> None:
    data[offset + bit // 8] |= 1 << bit % 8
