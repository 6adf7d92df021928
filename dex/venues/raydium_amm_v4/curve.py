"""Raydium AMM v4's swap arithmetic: constant product, the fee taken from the input.

Formulas: raydium-amm math.rs (Calculator::swap_token_amount_base_in, …_base_out) and processor.rs. All
amounts are base units. Quotients that are rounded up follow the release that was recorded: spl-math's
``checked_ceil_div`` rounds a quotient under one half to zero. Later sources round it up to one, which shows
in the fee of inputs under ``denominator / 2 / numerator`` units only (200 at 25 bps).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from dex.errors import AmountTooSmall, InsufficientLiquidity, UnsupportedPool
from dex.venues.integer_math import ceil_div, require_u64, shortfall_bps


@dataclass(frozen=True, slots=True)
class Side:
    """A pool seen in the direction of a swap: reserves in base units, the fee as a fraction."""

    reserve_in: int
    reserve_out: int
    fee_numerator: int
    fee_denominator: int

    def check(self) -> None:
        """Raises InsufficientLiquidity for an empty side, UnsupportedPool for a fee without meaning."""
        if self.reserve_in <= 0 or self.reserve_out <= 0:
            raise InsufficientLiquidity("the pool has no liquidity")
        if self.fee_numerator >= self.fee_denominator:
            raise UnsupportedPool("the pool's fee takes the whole amount")


class Outcome(NamedTuple):
    """A swap between the vaults: both amounts, the fee in input units, impact without the fee."""

    amount_in: int
    amount_out: int
    fee: int
    impact_bps: int


def _rounded_up(numerator: int, denominator: int) -> int:
    if 2 * numerator < denominator:
        return 0
    return ceil_div(numerator, denominator)


def _outcome(side: Side, amount_in: int, fee: int, amount_out: int) -> Outcome:
    traded = amount_in - fee
    impact = shortfall_bps(traded * side.reserve_out, amount_out * side.reserve_in)
    return Outcome(amount_in, amount_out, fee, impact)


def swap_base_in(side: Side, amount_in: int) -> Outcome:
    """What ``amount_in`` buys; raises AmountTooSmall when nothing comes out."""
    side.check()
    fee = _rounded_up(amount_in * side.fee_numerator, side.fee_denominator)
    traded = amount_in - fee
    amount_out = traded * side.reserve_out // (side.reserve_in + traded)
    if amount_out <= 0:
        raise AmountTooSmall("after fee and rounding the pool pays nothing")
    return _outcome(side, amount_in, fee, amount_out)


def swap_base_out(side: Side, amount_out: int) -> Outcome:
    """What ``amount_out`` costs; raises InsufficientLiquidity, AmountTooSmall or AmountTooLarge."""
    side.check()
    left = side.reserve_out - amount_out
    if left <= 0:
        raise InsufficientLiquidity("the pool does not hold that much")
    traded = _rounded_up(side.reserve_in * amount_out, left)
    if traded <= 0:
        raise AmountTooSmall("the output is worth less than half a unit of the input")
    kept = side.fee_denominator - side.fee_numerator
    amount_in = require_u64(ceil_div(traded * side.fee_denominator, kept))
    return _outcome(side, amount_in, amount_in - traded, amount_out)
