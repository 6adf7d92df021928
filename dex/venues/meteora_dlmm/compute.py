"""What a DLMM swap costs in compute units, from 213 measured swaps of the program.

Highest measured: 45,000 for a swap within one bin, 6,400 for each further bin of an exact input,
7,400 of an exact output or over limit orders, 330 for a bin without output, 5,000 for a further
array, 9,000 for a mint of Token-2022.
"""

from __future__ import annotations

from typing import Final

from dex.config import TOKEN_2022_PROGRAM
from dex.errors import InsufficientLiquidity
from dex.types import SwapMode
from dex.venues.meteora_dlmm.layout import PairKeys, PairState
from dex.venues.meteora_dlmm.walk import Place

LARGEST: Final = 1_400_000
_BASE: Final = 45_000
_EXACT_IN_BIN: Final = 6_400
_DEARER_BIN: Final = 7_400
_SKIPPED_BIN: Final = 330
_ARRAY: Final = 5_000
_TOKEN_2022: Final = 9_000
_MARGIN_PERCENT: Final = 20


def compute_units(keys: PairKeys, state: PairState, mode: SwapMode, bins: int, place: Place) -> int:
    """A limit with margin for a swap that ends in its bin number ``bins``, at ``place``.

    Raises InsufficientLiquidity where even the measured cost is more than a transaction may have.
    """
    dearer = mode is SwapMode.EXACT_OUT or state.has_limit_orders
    measured = (
        _BASE
        + (bins - 1) * (_DEARER_BIN if dearer else _EXACT_IN_BIN)
        + place.skipped * _SKIPPED_BIN
        + place.array * _ARRAY
        + keys.token_programs.count(TOKEN_2022_PROGRAM) * _TOKEN_2022
    )
    if measured > LARGEST:
        raise InsufficientLiquidity(f"{bins} bins are more than one transaction can cross")
    return min(LARGEST, measured * (100 + _MARGIN_PERCENT) // 100)
