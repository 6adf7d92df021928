"""Where a pool has ticks: its tick arrays and the bitmaps that name them.

Layouts: raydium-clmm states/tick_array.rs, states/pool.rs, states/tickarray_bitmap_extension.rs. An array
holds the 60 ticks that are multiples of the pool's spacing from its start on. Bit k of the bitmaps stands
for the array that starts at k · 60 · spacing: the pool keeps k = -512..511, its extension 14 times as many
to either side.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import islice, pairwise, takewhile
from struct import Struct
from typing import TYPE_CHECKING, Final, NamedTuple

from solders.pubkey import Pubkey

from dex.errors import UnknownLayout
from dex.types import AccountData
from dex.venues.account_layout import Layout
from dex.venues.raydium_clmm.tick_math import MAX_TICK, MIN_TICK

if TYPE_CHECKING:
    from collections.abc import Iterator

TICK_ARRAY: Final = Layout("CLMM TickArrayState", 10_240, bytes.fromhex("c09b55cd31f9812a"))
BITMAP_EXTENSION: Final = Layout("CLMM TickArrayBitmapExtension", 1_832, bytes.fromhex("3c9624db61808b99"))
TICKS_PER_ARRAY: Final = 60

_ARRAY_HEAD: Final = Struct("<8x32si")
_TICKS_OFFSET: Final = 44
# Index, net and gross liquidity, and what stands there only once a tick has had limit orders.
_TICK: Final = Struct("<i16s16s80xQQQ28x")
_TICKS_END: Final = _TICKS_OFFSET + TICKS_PER_ARRAY * _TICK.size
_NO_LIQUIDITY: Final = bytes(16)

_EXTENSION_POOL: Final = slice(8, 40)
_POSITIVE: Final = slice(40, 936)
_NEGATIVE_OFFSET: Final = 936
_CHUNK: Final = 64
_CHUNKS: Final = 14
_NOTHING: Final = bytes(_CHUNK * _CHUNKS)
# Where the bit of array 0 stands in the joined bitmaps.
_ORIGIN: Final = 512 + _CHUNKS * 512


class TickArray(NamedTuple):
    """An array's initialized ticks in ascending order: index and net liquidity when it is crossed upwards."""

    pool: Pubkey
    start: int
    ticks: tuple[tuple[int, int], ...]
    has_limit_orders: bool


@lru_cache(maxsize=1024)
def _parse(data: bytes) -> TickArray:
    pool, start = _ARRAY_HEAD.unpack_from(data)
    ticks, has_orders = [], False
    for index, net, gross, phase, amount, part in _TICK.iter_unpack(data[_TICKS_OFFSET:_TICKS_END]):
        has_orders = has_orders or bool(phase or amount or part)
        if gross != _NO_LIQUIDITY:
            ticks.append((index, int.from_bytes(net, "little", signed=True)))
    if not all(low < high for (low, _), (high, _) in pairwise(ticks)):
        raise UnknownLayout("the ticks of a tick array do not ascend")
    if ticks and not MIN_TICK <= ticks[0][0] <= ticks[-1][0] <= MAX_TICK:
        raise UnknownLayout("a tick array has ticks outside the program's range")
    return TickArray(Pubkey.from_bytes(pool), start, tuple(ticks), has_orders)


def parse_tick_array(account: AccountData, program_id: Pubkey, pool: Pubkey, start: int) -> TickArray:
    """The array of ``pool`` that begins at ``start``; raises WrongOwner or UnknownLayout."""
    array = _parse(TICK_ARRAY.check(account, program_id))
    if array.pool != pool or array.start != start:
        raise UnknownLayout(f"a tick array of {array.pool} from {array.start} stands where another should")
    return array


class ArrayMap(NamedTuple):
    """Which tick arrays have initialized ticks. ``span`` is how many ticks one array covers."""

    bits: int
    span: int

    def starts(self, tick: int, falling: bool) -> Iterator[int]:
        """First ticks of the arrays that a price reaches from ``tick`` on, the one with ``tick`` included."""
        position = tick // self.span + _ORIGIN
        if falling:
            left = self.bits & ((1 << position + 1) - 1)
            while left:
                found = left.bit_length() - 1
                yield (found - _ORIGIN) * self.span
                left ^= 1 << found
            return
        left = self.bits >> position << position
        while left:
            lowest = left & -left
            yield (lowest.bit_length() - 1 - _ORIGIN) * self.span
            left ^= lowest

    def first(self, tick: int, falling: bool, count: int) -> tuple[int, ...]:
        """The first ``count`` of ``starts`` within the program's range."""
        inside = takewhile(lambda at: MIN_TICK - self.span < at <= MAX_TICK, self.starts(tick, falling))
        return tuple(islice(inside, count))


@lru_cache(maxsize=1024)
def array_map(bitmap: bytes, extension: bytes | None, tick_spacing: int) -> ArrayMap:
    """The pool's own bitmap joined with its extension's, where it has one."""
    positive = extension[_POSITIVE] if extension else _NOTHING
    negative = _mirrored(extension[_NEGATIVE_OFFSET:]) if extension else _NOTHING
    return ArrayMap(
        int.from_bytes(negative + bitmap + positive, "little"), span=tick_spacing * TICKS_PER_ARRAY
    )


def _mirrored(negative: bytes) -> bytes:
    # Chunk 0 holds k = -1024..-513, chunk 1 the 512 below it; within a chunk bits ascend with k.
    return b"".join(negative[n * _CHUNK : (n + 1) * _CHUNK] for n in reversed(range(_CHUNKS)))


def parse_extension(account: AccountData | None, program_id: Pubkey, pool: Pubkey) -> bytes | None:
    """A pool's bitmap extension, None where it has none; raises WrongOwner or UnknownLayout."""
    if account is None:
        return None
    data = BITMAP_EXTENSION.check(account, program_id)
    if data[_EXTENSION_POOL] != bytes(pool):
        raise UnknownLayout("the bitmap extension belongs to another pool")
    return data
