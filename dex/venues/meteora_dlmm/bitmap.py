"""Which bin arrays a swap walks through: the pair's bitmap and its extension.

The pair itself has a bit for each array from -512 to 511 that holds liquidity; 6,144 more on either
side are in the extension account, where a pair has one (dlmm-sdk commons/src/quote.rs,
get_bin_array_pubkeys_for_swap). The program takes only arrays whose bit is set.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

LOWEST, HIGHEST = -512, 511
_EXTENSION_BITS: Final = 6144


def is_default(index: int) -> bool:
    """Whether the pair's own bitmap has the array, so that no extension is needed for it."""
    return LOWEST <= index <= HIGHEST


def _downwards(bits: int, highest: int) -> Iterator[int]:
    bits &= (1 << highest + 1) - 1 if highest >= 0 else 0
    while bits:
        position = bits.bit_length() - 1
        yield position
        bits ^= 1 << position


def _upwards(bits: int, lowest: int) -> Iterator[int]:
    bits = bits >> lowest << lowest if lowest > 0 else bits
    while bits:
        lowest_bit = bits & -bits
        yield lowest_bit.bit_length() - 1
        bits ^= lowest_bit


def _walk_down(start: int, default: int, above: int, below: int) -> Iterator[int]:
    for position in _downwards(above, start - HIGHEST - 1):
        yield position + HIGHEST + 1
    for position in _downwards(default, min(start, HIGHEST) - LOWEST):
        yield position + LOWEST
    for position in _upwards(below, LOWEST - 1 - start):
        yield LOWEST - 1 - position


def _walk_up(start: int, default: int, above: int, below: int) -> Iterator[int]:
    for position in _downwards(below, LOWEST - 1 - start):
        yield LOWEST - 1 - position
    for position in _upwards(default, start - LOWEST):
        yield position + LOWEST
    for position in _upwards(above, start - HIGHEST - 1):
        yield position + HIGHEST + 1


def arrays_from(
    start: int, downwards: bool, default: int, extension: tuple[int, int] | None, count: int
) -> list[int]:
    """The first ``count`` arrays with liquidity at or beyond ``start``, in walking order.

    ``default`` is the pair's bitmap, ``extension`` the two bitmaps of its extension or None where
    the pair has none; the walk then begins and ends within the pair's own range.
    """
    if extension is None:
        if not is_default(start):
            return []
        extension = (0, 0)
    walk = _walk_down if downwards else _walk_up
    return list(islice(walk(start, default, *extension), count))
