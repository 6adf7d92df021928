"""Compute units of a CLMM swap, by what it crosses: an upper bound of 138 measured swaps, with margin."""

from __future__ import annotations

from typing import Final

from dex.venues.raydium_clmm.curve import Totals

# The dearest swap within one array took 79,325 units with classic mints, 95,347 with two of Token-2022;
# each crossed tick added up to 22,000, each further array that was only looked through up to 5,000.
_SWAP: Final = 80_000
_TOKEN_2022_MINT: Final = 8_000
_CROSSED_TICK: Final = 22_000
_FURTHER_ARRAY: Final = 5_000
_MOST: Final = 1_400_000


def compute_units(totals: Totals, token_2022_mints: int) -> int:
    """A limit for the swap instruction: a quarter above the bound, at most what a transaction may use."""
    bound = (
        _SWAP
        + token_2022_mints * _TOKEN_2022_MINT
        + totals.crossings * _CROSSED_TICK
        + (totals.arrays - 1) * _FURTHER_ARRAY
    )
    return min(_MOST, bound * 5 // 4)
