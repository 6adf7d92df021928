"""PumpSwap's swap arithmetic: constant product, with three fees in the quote token.

All amounts are base units. Formulas: the program's documents and SDK; nothing here has been held against
the program itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from dex.errors import AmountTooSmall, InsufficientLiquidity
from dex.venues.integer_math import BPS, ceil_div, shortfall_bps
from dex.venues.pumpswap.layout import Rates


@dataclass(frozen=True, slots=True)
class Reserves:
    """What a pool trades with. ``quote`` prices a swap; the vault holds ``held`` to pay from."""

    base: int
    quote: int
    held: int
    rates: Rates

    def check(self) -> None:
        """Raises InsufficientLiquidity for an empty side."""
        if self.base <= 0 or self.quote <= 0:
            raise InsufficientLiquidity("the pool has no liquidity")


class Fees(NamedTuple):
    """What a swap pays, in units of the quote token: the liquidity's part stays in the pool."""

    lp: int
    protocol: int
    creator: int


class Outcome(NamedTuple):
    """A swap as the wallet sees it, its fees, and its shortfall against the price before, fees left out."""

    amount_in: int
    amount_out: int
    fees: Fees
    impact_bps: int

    @property
    def fee(self) -> int:
        """All fees, in units of the quote token."""
        return sum(self.fees)


def _fees(rates: Rates, traded: int) -> Fees:
    return Fees(*(ceil_div(traded * rate, BPS) for rate in rates))


def buy_base(reserves: Reserves, amount_out: int) -> Outcome:
    """What ``amount_out`` of the base token costs; raises InsufficientLiquidity."""
    reserves.check()
    if amount_out >= reserves.base:
        raise InsufficientLiquidity("the pool does not hold that much")
    traded = ceil_div(reserves.quote * amount_out, reserves.base - amount_out)
    fees = _fees(reserves.rates, traded)
    impact = shortfall_bps(traded * reserves.base, amount_out * reserves.quote)
    return Outcome(traded + sum(fees), amount_out, fees, impact)


def buy_with_quote(reserves: Reserves, amount_in: int) -> Outcome:
    """What ``amount_in`` of the quote token buys, fees taken off first; raises AmountTooSmall.

    The program keeps one unit back against its own rounding.
    """
    reserves.check()
    traded = amount_in * BPS // (BPS + reserves.rates.total)
    traded -= max(0, traded + sum(_fees(reserves.rates, traded)) - amount_in)
    effective = traded - 1
    amount_out = reserves.base * effective // (reserves.quote + effective) if effective > 0 else 0
    if amount_out <= 0:
        raise AmountTooSmall("after fees and rounding the pool pays nothing")
    impact = shortfall_bps(traded * reserves.base, amount_out * reserves.quote)
    return Outcome(amount_in, amount_out, _fees(reserves.rates, traded), impact)


def sell_base(reserves: Reserves, amount_in: int) -> Outcome:
    """What ``amount_in`` of the base token pays; raises InsufficientLiquidity or AmountTooSmall."""
    reserves.check()
    traded = reserves.quote * amount_in // (reserves.base + amount_in)
    fees = _fees(reserves.rates, traded)
    if reserves.held < traded - fees.lp:
        raise InsufficientLiquidity("the vault holds less than the swap pays")
    if traded <= sum(fees):
        raise AmountTooSmall("after fees and rounding the pool pays nothing")
    impact = shortfall_bps(reserves.quote * amount_in, traded * reserves.base)
    return Outcome(amount_in, traded - sum(fees), fees, impact)


def sale_for_quote(reserves: Reserves, amount_out: int) -> Outcome:
    """The sale that pays ``amount_out`` of the quote token, as the SDK works it out.

    The program has no such instruction: what it pays for this much may be some units more. Raises
    InsufficientLiquidity.
    """
    reserves.check()
    traded = ceil_div(amount_out * BPS, BPS - reserves.rates.total)
    if traded >= reserves.quote:
        raise InsufficientLiquidity("the pool does not hold that much")
    amount_in = ceil_div(reserves.base * traded, reserves.quote - traded)
    impact = shortfall_bps(reserves.quote * amount_in, traded * reserves.base)
    return Outcome(amount_in, amount_out, _fees(reserves.rates, traded), impact)
