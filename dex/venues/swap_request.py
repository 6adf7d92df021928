"""What every pool asks of a request or swap before its own formula starts."""

from __future__ import annotations

from typing import Protocol

from solders.pubkey import Pubkey

from dex.errors import AmountTooSmall, WrongMint
from dex.types import Quote, QuoteRequest, Swap, SwapMode
from dex.venues.integer_math import require_u64


class _TokenPair(Protocol):
    @property
    def token_in(self) -> Pubkey: ...

    @property
    def token_out(self) -> Pubkey: ...


def sells_first(mints: tuple[Pubkey, Pubkey], pair: _TokenPair) -> bool:
    """True when the first mint goes in, False when the second does; raises WrongMint otherwise."""
    first, second = mints
    if pair.token_in == first and pair.token_out == second:
        return True
    if pair.token_in == second and pair.token_out == first:
        return False
    raise WrongMint(f"the pool trades {first} and {second}, not {pair.token_in} for {pair.token_out}")


def require_amount(request: QuoteRequest) -> int:
    """The request's amount in base units; raises AmountTooSmall (not positive) or AmountTooLarge."""
    if request.amount <= 0:
        raise AmountTooSmall("an amount must be at least one base unit")
    return require_u64(request.amount)


def repeated(quote: Quote) -> QuoteRequest:
    """The request that ``quote`` answers."""
    amount = quote.amount_in if quote.mode is SwapMode.EXACT_IN else quote.amount_out
    return QuoteRequest(quote.token_in, quote.token_out, amount, quote.mode)


def limits(swap: Swap) -> tuple[int, int]:
    """Input and output amounts to put into the instruction, in base units.

    A minimum of zero would accept a swap that pays nothing, so an exact-in swap asks for one unit
    at least. Raises AmountTooSmall or AmountTooLarge.
    """
    if swap.amount_in <= 0 or (swap.mode is SwapMode.EXACT_OUT and swap.amount_out <= 0):
        raise AmountTooSmall("a swap must move at least one base unit each way")
    return require_u64(swap.amount_in), require_u64(max(1, swap.amount_out))
