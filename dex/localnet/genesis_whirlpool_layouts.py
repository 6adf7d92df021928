"""The bytes of Orca Whirlpools that localnet starts with, as the real program would have written them.

Layouts: whirlpools state/whirlpool.rs, state/{fixed,dynamic}_tick_array.rs, state/oracle.rs. Offsets count
the 8-byte Anchor discriminator. Square-root prices are Q64.64, amounts base units.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from dex.transactions.token_accounts import rent_exempt_lamports
from dex.types import AccountData
from dex.venues.orca_whirlpool.tick_price import sqrt_price_at, tick_at

ARRAY_TICKS: Final = 88

_POOL: Final = bytes.fromhex("3f95d10ce1806309")
_POOL_SIZE: Final = 653
_FIXED_ARRAY: Final = bytes.fromhex("4561bdbe6e0742bb")
_DYNAMIC_ARRAY: Final = bytes.fromhex("11d8f68ee1c7da38")
_ORACLE: Final = bytes.fromhex("8bc283b38cb3e5f4")
_ORACLE_SIZE: Final = 254
_TICK_SIZE: Final = 113


@dataclass(frozen=True, slots=True)
class Position:
    """Liquidity between two ticks, which stand on the pool's tick spacing."""

    lower: int
    upper: int
    liquidity: int


@dataclass(frozen=True, slots=True)
class AdaptiveFee:
    """What the fee adds for volatility: seconds, 1/10000, 1/100000, 1/10000 of a group, ticks, ticks."""

    filter_period: int
    decay_period: int
    reduction_factor: int
    control_factor: int
    max_volatility: int
    group_size: int
    major_swap_ticks: int


@dataclass(frozen=True, slots=True)
class Whirlpool:
    """The state of a Whirlpool that nobody has traded with.

    ``mints`` are in byte order, ``fee_rate`` is in millionths. A ``fee_tier_index`` that is not the
    tick spacing says that the fee follows an oracle.
    """

    config: Pubkey
    bump: int
    tick_spacing: int
    fee_tier_index: int
    fee_rate: int
    mints: tuple[Pubkey, Pubkey]
    vaults: tuple[Pubkey, Pubkey]
    sqrt_price: int
    positions: Sequence[Position]

    @property
    def tick(self) -> int:
        return tick_at(self.sqrt_price)

    def amounts(self) -> tuple[int, int]:
        """What the positions took from their owners: base units of both tokens, each rounded up."""
        amounts = [self._amounts(position) for position in self.positions]
        return sum(a for a, _ in amounts), sum(b for _, b in amounts)

    def _amounts(self, position: Position) -> tuple[int, int]:
        low, high = sqrt_price_at(position.lower), sqrt_price_at(position.upper)
        at = min(max(self.sqrt_price, low), high)
        token_a = -(-(position.liquidity * (high - at) << 64) // (high * at))
        token_b = -(-position.liquidity * (at - low) >> 64)
        return token_a, token_b

    def nets(self) -> dict[int, int]:
        """What the liquidity gains when the price rises past a tick, by tick."""
        nets: Counter[int] = Counter()
        for position in self.positions:
            nets[position.lower] += position.liquidity
            nets[position.upper] -= position.liquidity
        return nets

    def grosses(self) -> dict[int, int]:
        """The liquidity of all positions that begin or end at a tick, by tick."""
        grosses: Counter[int] = Counter()
        for position in self.positions:
            grosses[position.lower] += position.liquidity
            grosses[position.upper] += position.liquidity
        return grosses

    def array_starts(self) -> list[int]:
        """The first ticks of the arrays that hold a tick of a position."""
        width = ARRAY_TICKS * self.tick_spacing
        return sorted({tick // width * width for tick in self.grosses()})


def whirlpool(program: Pubkey, pool: Whirlpool) -> AccountData:
    """A pool with its positions' liquidity, without rewards; 13 % of its fee go to the protocol."""
    data = bytearray(_POOL_SIZE)
    protocol_fee_rate = 1_300
    active = sum(p.liquidity for p in pool.positions if p.lower <= pool.tick < p.upper)
    data[:8] = _POOL
    data[8:40] = bytes(pool.config)
    struct.pack_into("<BHHHH", data, 40, pool.bump, *_tier(pool), pool.fee_rate, protocol_fee_rate)
    data[49:65] = active.to_bytes(16, "little")
    data[65:81] = pool.sqrt_price.to_bytes(16, "little")
    struct.pack_into("<i", data, 81, pool.tick)
    for offset, mint, vault in zip((101, 181), pool.mints, pool.vaults, strict=True):
        data[offset : offset + 64] = bytes(mint) + bytes(vault)
    return _owned(program, data)


def tick_array(
    program: Pubkey, address: Pubkey, pool: Whirlpool, start: int, *, dynamic: bool
) -> AccountData:
    """The array of the pool at ``address`` that begins at tick ``start``.

    A dynamic array takes room only for the ticks that it has.
    """
    nets, grosses = pool.nets(), pool.grosses()
    ticks = range(start, start + ARRAY_TICKS * pool.tick_spacing, pool.tick_spacing)
    entries = [_tick(nets[tick], grosses[tick]) if tick in grosses else b"" for tick in ticks]
    head = struct.pack("<i", start)
    if not dynamic:
        body = b"".join(entry.ljust(_TICK_SIZE, b"\0") for entry in entries)
        return _owned(program, _FIXED_ARRAY + head + body + bytes(address))
    bitmap = sum(1 << position for position, entry in enumerate(entries) if entry)
    body = b"".join(entry or b"\0" for entry in entries)
    return _owned(program, _DYNAMIC_ARRAY + head + bytes(address) + bitmap.to_bytes(16, "little") + body)


def oracle(program: Pubkey, address: Pubkey, fee: AdaptiveFee) -> AccountData:
    """The oracle of the pool at ``address``, open to trade since ever, before any swap."""
    data = bytearray(_ORACLE_SIZE)
    data[:8] = _ORACLE
    data[8:40] = bytes(address)
    struct.pack_into(
        "<HHHIIHH",
        data,
        48,
        fee.filter_period,
        fee.decay_period,
        fee.reduction_factor,
        fee.control_factor,
        fee.max_volatility,
        fee.group_size,
        fee.major_swap_ticks,
    )
    return _owned(program, data)


def _tier(pool: Whirlpool) -> tuple[int, int]:
    return pool.tick_spacing, pool.fee_tier_index


def _tick(net: int, gross: int) -> bytes:
    """An initialized tick that no swap has crossed and no fee has reached."""
    head = b"\x01" + net.to_bytes(16, "little", signed=True) + gross.to_bytes(16, "little")
    return head.ljust(_TICK_SIZE, b"\0")


def _owned(program: Pubkey, data: bytes | bytearray) -> AccountData:
    return AccountData(program, rent_exempt_lamports(len(data)), bytes(data))
