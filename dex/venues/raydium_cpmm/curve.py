"""Raydium CPMM's swap arithmetic: constant product with fees in millionths.

Formulas: raydium-cp-swap curve/calculator.rs, curve/fees.rs, curve/constant_product.rs. All
amounts are base units, and exclude what a Token-2022 mint keeps back from the transfers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from dex.errors import AmountTooSmall, InsufficientLiquidity, UnsupportedPool
from dex.venues.integer_math import ceil_div, shortfall_bps

RATE_DENOMINATOR: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Side:
    """A pool seen in the direction of a swap: reserves without owed fees, rates in millionths."""

    reserve_in: int
    reserve_out: int
    trade_rate: int
    creator_rate: int
    creator_on_input: bool
    knows_creator_fee: bool

    def check(self) -> None:
        """Raises InsufficientLiquidity for an empty side, UnsupportedPool for rates without meaning.

        Since the creator fee came, the program divides a fee among trade and creator rate and fails
        with ZeroTradingTokens when both are zero. Releases before it execute such swaps, so only a
        pool that shows the newer release is refused.
        """
        if self.reserve_in <= 0 or self.reserve_out <= 0:
            raise InsufficientLiquidity("the pool has no liquidity")
        if self.input_rate >= RATE_DENOMINATOR or self.creator_rate >= RATE_DENOMINATOR:
            raise UnsupportedPool("the pool's fees take the whole amount")
        if self.knows_creator_fee and self.creator_on_input and self.input_rate == 0:
            raise UnsupportedPool("the program cannot share out a fee whose rates are all zero")

    @property
    def input_rate(self) -> int:
        """Everything that is taken from the input, in millionths."""
        return self.trade_rate + self.creator_rate if self.creator_on_input else self.trade_rate


class Outcome(NamedTuple):
    """A swap between the vaults: gross amounts, the fee in input units, impact without fees.

    ``trade_fee`` is shared by liquidity, protocol and fund, in input units; ``creator_fee`` is in units of
    the side that it is taken from.
    """

    amount_in: int
    amount_out: int
    fee: int
    impact_bps: int
    trade_fee: int
    creator_fee: int


def _share(amount: int, rate: int) -> int:
    return ceil_div(amount * rate, RATE_DENOMINATOR)


def _before_share(amount: int, rate: int) -> int:
    return amount if rate == 0 else ceil_div(amount * RATE_DENOMINATOR, RATE_DENOMINATOR - rate)


def _outcome(side: Side, amount_in: int, traded_in: int, traded_out: int, amount_out: int) -> Outcome:
    fee = _share(amount_in, side.input_rate)
    if side.creator_on_input:
        creator_fee = fee * side.creator_rate // side.input_rate if fee else 0
        trade_fee = fee - creator_fee
    else:
        creator_fee, trade_fee = traded_out - amount_out, fee
        # The creator's part of the output, at the pool's price, so that one number holds the fee.
        fee += ceil_div(creator_fee * side.reserve_in, side.reserve_out)
    impact = shortfall_bps(traded_in * side.reserve_out, traded_out * side.reserve_in)
    return Outcome(amount_in, amount_out, fee, impact, trade_fee, creator_fee)


def input_shares(trade_fee: int, protocol_rate: int, fund_rate: int) -> tuple[int, int]:
    """Protocol's and fund's shares of a trade fee, in its units; the rest stays with the liquidity."""
    return trade_fee * protocol_rate // RATE_DENOMINATOR, trade_fee * fund_rate // RATE_DENOMINATOR


def swap_base_input(side: Side, amount_in: int) -> Outcome:
    """What ``amount_in`` buys; raises AmountTooSmall when nothing comes out."""
    side.check()
    traded_in = amount_in - _share(amount_in, side.input_rate)
    traded_out = traded_in * side.reserve_out // (side.reserve_in + traded_in)
    amount_out = traded_out if side.creator_on_input else traded_out - _share(traded_out, side.creator_rate)
    if amount_out <= 0:
        raise AmountTooSmall("after fee and rounding the pool pays nothing")
    return _outcome(side, amount_in, traded_in, traded_out, amount_out)


def swap_base_output(side: Side, amount_out: int) -> Outcome:
    """What ``amount_out`` costs; raises InsufficientLiquidity or AmountTooSmall.

    Releases before the creator fee divide by spl-math's ``checked_ceil_div``, which rounds a
    quotient under one half to zero, and refuse the swap (RequireGtViolated). Such dust is refused
    here for every release.
    """
    side.check()
    traded_out = amount_out if side.creator_on_input else _before_share(amount_out, side.creator_rate)
    left = side.reserve_out - traded_out
    if left <= 0:
        raise InsufficientLiquidity("the pool does not hold that much")
    product = side.reserve_in * traded_out
    if 2 * product < left:
        raise AmountTooSmall("the output is worth less than half a unit of the input")
    traded_in = ceil_div(product, left)
    return _outcome(side, _before_share(traded_in, side.input_rate), traded_in, traded_out, amount_out)
