"""Tick arrays: where they are, which of them a swap walks through, and the ticks in their bytes.

Layouts: whirlpools state/fixed_tick_array.rs, state/dynamic_tick_array.rs; the sequence of a swap:
util/sparse_swap.rs. An array covers 88 ticks a tick spacing apart.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from solders.pubkey import Pubkey

from dex.config import SYSTEM_PROGRAM
from dex.errors import UnknownLayout, WrongOwner
from dex.types import AccountData
from dex.venues.orca_whirlpool.tick_price import MAX_TICK, MIN_TICK

ARRAY_TICKS: Final = 88
# A swap reads three arrays at most, however many it is given.
ARRAYS_OF_A_SWAP: Final = 3

_SEED: Final = b"tick_array"
_FIXED: Final = bytes.fromhex("4561bdbe6e0742bb")
_FIXED_SIZE: Final = 9_988
_FIXED_TICKS_OFFSET: Final = 12
_FIXED_TICK_SIZE: Final = 113
_FIXED_POOL_OFFSET: Final = 9_956
_DYNAMIC: Final = bytes.fromhex("11d8f68ee1c7da38")
_DYNAMIC_POOL_OFFSET: Final = 12
_DYNAMIC_BITMAP_OFFSET: Final = 44
_DYNAMIC_TICKS_OFFSET: Final = 60
_DYNAMIC_TICK_SIZE: Final = 113
_START: Final = Struct("<i")
_START_OFFSET: Final = 8


class Tick(NamedTuple):
    """An initialized tick: what the liquidity gains when the price rises past it."""

    tick: int
    liquidity_net: int


def address_of(program_id: Pubkey, pool: Pubkey, start: int) -> Pubkey:
    """The address of the array that begins at tick ``start``, whether it exists or not."""
    return Pubkey.find_program_address([_SEED, bytes(pool), str(start).encode()], program_id)[0]


def starts_of_swap(tick: int, tick_spacing: int, a_to_b: bool) -> tuple[int, ...]:
    """First ticks of the one to three arrays that a swap may walk through, in its order.

    Upwards a swap begins in the next array when its own has no tick above the current one.
    """
    width = ARRAY_TICKS * tick_spacing
    base = tick // width * width
    if a_to_b:
        wanted = range(base, base - ARRAYS_OF_A_SWAP * width, -width)
    else:
        first = base + width if tick + tick_spacing >= base + width else base
        wanted = range(first, first + ARRAYS_OF_A_SWAP * width, width)
    return tuple(start for start in wanted if start + width > MIN_TICK and start < MAX_TICK)


def edge_of(start: int, tick_spacing: int, a_to_b: bool) -> int:
    """Where the search for ticks ends in the last array that a swap was given."""
    if a_to_b:
        return max(start, MIN_TICK)
    last = start + ARRAY_TICKS * tick_spacing - 1
    return min(last, MAX_TICK)


def parse_ticks(
    account: AccountData, program_id: Pubkey, pool: Pubkey, start: int, tick_spacing: int
) -> tuple[Tick, ...]:
    """The initialized ticks in ascending order; none for an address that only holds lamports.

    Raises WrongOwner or UnknownLayout.
    """
    data = account.data
    if account.owner == SYSTEM_PROGRAM and not data:
        return ()
    if account.owner != program_id:
        raise WrongOwner(f"a tick array of {program_id} was expected, its owner is {account.owner}")
    if len(data) == _FIXED_SIZE and data.startswith(_FIXED):
        _check(data, _FIXED_POOL_OFFSET, pool, start)
        return _fixed_ticks(data, start, tick_spacing)
    if len(data) >= _DYNAMIC_TICKS_OFFSET and data.startswith(_DYNAMIC):
        _check(data, _DYNAMIC_POOL_OFFSET, pool, start)
        return _dynamic_ticks(data, start, tick_spacing)
    raise UnknownLayout(f"{len(data)} bytes starting {data[:8].hex()} are no tick array")


def _check(data: bytes, pool_offset: int, pool: Pubkey, start: int) -> None:
    (found,) = _START.unpack_from(data, _START_OFFSET)
    if found != start or data[pool_offset : pool_offset + 32] != bytes(pool):
        raise UnknownLayout(f"the tick array is not the pool's that begins at {start}")


def _fixed_ticks(data: bytes, start: int, tick_spacing: int) -> tuple[Tick, ...]:
    flags = data[_FIXED_TICKS_OFFSET:_FIXED_POOL_OFFSET:_FIXED_TICK_SIZE]
    return tuple(
        Tick(start + position * tick_spacing, _net(data, _FIXED_TICKS_OFFSET + position * _FIXED_TICK_SIZE))
        for position, flag in enumerate(flags)
        if flag
    )


def _dynamic_ticks(data: bytes, start: int, tick_spacing: int) -> tuple[Tick, ...]:
    """Entries of one byte, or of 113 where the bitmap has a one."""
    bitmap = int.from_bytes(data[_DYNAMIC_BITMAP_OFFSET:_DYNAMIC_TICKS_OFFSET], "little")
    ticks: list[Tick] = []
    while bitmap:
        position = (bitmap & -bitmap).bit_length() - 1
        bitmap &= bitmap - 1
        offset = _DYNAMIC_TICKS_OFFSET + position + len(ticks) * (_DYNAMIC_TICK_SIZE - 1)
        if position >= ARRAY_TICKS or offset + _DYNAMIC_TICK_SIZE > len(data):
            raise UnknownLayout("a tick of the array lies past the end of the account")
        ticks.append(Tick(start + position * tick_spacing, _net(data, offset)))
    return tuple(ticks)


def _net(data: bytes, offset: int) -> int:
    return int.from_bytes(data[offset + 1 : offset + 17], "little", signed=True)
