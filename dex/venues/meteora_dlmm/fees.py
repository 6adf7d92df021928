"""The trading fee of Meteora DLMM in billionths, and taking it from or adding it to an amount.

Formulas: dlmm-sdk commons/src/extensions/lb_pair.rs. The fee rises with the bins that a swap has
crossed since the volatility was last referenced, and with nothing else: the same path of bins costs
the same fee whatever the amount.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from dex.venues.integer_math import BPS, ceil_div
from dex.venues.meteora_dlmm.layout import PairState

FEE_DENOMINATOR: Final = 1_000_000_000
_HIGHEST_RATE: Final = 100_000_000
_ACCUMULATOR_A_BIN: Final = 10_000
_VARIABLE_SCALE: Final = 100_000_000_000


class References(NamedTuple):
    """Where volatility is counted from: a bin, and the accumulator that is left of earlier swaps."""

    bin_id: int
    volatility: int


def references_at(state: PairState, timestamp: int) -> References:
    """The references that a swap at ``timestamp`` (cluster seconds) starts from."""
    elapsed = timestamp - state.last_update
    if elapsed < state.filter_period:
        return References(state.index_reference, state.volatility_reference)
    if elapsed < state.decay_period:
        return References(state.active_id, state.volatility_accumulator * state.reduction_factor // BPS)
    return References(state.active_id, 0)


def accumulator_at(state: PairState, references: References, bin_id: int) -> int:
    """The volatility accumulator of a swap that has come to ``bin_id``."""
    crossed = abs(references.bin_id - bin_id)
    return min(state.max_volatility_accumulator, references.volatility + crossed * _ACCUMULATOR_A_BIN)


def rate_of(state: PairState, accumulator: int) -> int:
    """Billionths charged in a bin: base and variable fee, at most a tenth."""
    power: int = 10**state.base_fee_power_factor
    base = state.base_factor * state.bin_step * 10 * power
    squared = (accumulator * state.bin_step) ** 2
    return min(_HIGHEST_RATE, base + ceil_div(squared * state.variable_fee_control, _VARIABLE_SCALE))


def fee_within(amount: int, rate: int) -> int:
    """The fee in ``amount``, fee included, rounded up."""
    return ceil_div(amount * rate, FEE_DENOMINATOR)


def fee_upon(amount: int, rate: int) -> int:
    """The fee to add to ``amount``, rounded up."""
    return ceil_div(amount * rate, FEE_DENOMINATOR - rate)
