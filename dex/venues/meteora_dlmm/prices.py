"""The price of a bin: (1 + bin step in bps) to the power of the bin's id, in Q64.64.

The program multiplies by squaring, rounds every product down and inverts by dividing 2^128 - 1, and
so does this (dlmm-sdk commons/src/math/u64x64_math.rs, pow). A bin that has ever been used keeps
its price; the formula serves those that have not.
"""

from __future__ import annotations

from typing import Final

from dex.errors import UnsupportedPool
from dex.venues.integer_math import BPS

ONE: Final = 1 << 64
_MAXIMUM: Final = 2**128 - 1
_HIGHEST_EXPONENT: Final = 0x80000


def _reciprocal_power(base: int, exponent: int) -> int:
    """1 / base^exponent for a base above one."""
    square, result = _MAXIMUM // base, ONE
    while exponent:
        if exponent & 1:
            result = result * square >> 64
        square = square * square >> 64
        exponent >>= 1
    return result


def price_of(bin_id: int, bin_step: int) -> int:
    """Units of Y for one unit of X in bin ``bin_id``, Q64.64; raises UnsupportedPool beyond 2^128."""
    if bin_id == 0:
        return ONE
    base = ONE + (bin_step << 64) // BPS
    power = 0 if abs(bin_id) >= _HIGHEST_EXPONENT else _reciprocal_power(base, abs(bin_id))
    if power == 0 or bin_step == 0:
        raise UnsupportedPool(f"bin {bin_id} of step {bin_step} has no price")
    return power if bin_id < 0 else _MAXIMUM // power
