"""Which pool is best for a request: pure functions over pools and one snapshot.

Best is the most that reaches the payer (EXACT_IN) or the least that the payer is debited
(EXACT_OUT), every fee included. Equal quotes are ordered by venue name, then by pool address, so
the same snapshot always gives the same answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from solders.pubkey import Pubkey

from dex.errors import AmountTooLarge, DexError, InsufficientLiquidity, NoRoute, PoolDisabled
from dex.transactions.token_accounts import is_frozen
from dex.types import Quote, QuoteRequest, Quotes, Route, Snapshot, SwapMode, VenueError
from dex.venues.base import Pool

_MOST_BASE_UNITS: Final = 2**63 - 1


def accounts_of(pools: Iterable[Pool]) -> tuple[Pubkey, ...]:
    """Every account that quoting these pools reads, each once: what the snapshot must hold."""
    return tuple(dict.fromkeys(address for pool in pools for address in pool.accounts))


def whole_quote(pool: Pool, snapshot: Snapshot, request: QuoteRequest) -> Quote:
    """The pool's quote; raises InsufficientLiquidity where its program would take only a part of the input.

    Programs of concentrated liquidity stop at the end of the range of prices and leave the rest unspent.
    Raises AmountTooLarge beyond a signed 64-bit number: no record holds it, and no honest node shows it.
    """
    quote = pool.quote(snapshot, request)
    if max(quote.amount_in, quote.amount_out) > _MOST_BASE_UNITS:
        raise AmountTooLarge(f"{quote.amount_in} for {quote.amount_out} base units")
    if request.mode is SwapMode.EXACT_IN and quote.amount_in < request.amount:
        raise InsufficientLiquidity(f"the pool takes no more than {quote.amount_in} base units")
    return quote


def quote_all(
    request: QuoteRequest, pools: Iterable[Pool], snapshot: Snapshot, errors: Iterable[VenueError] = ()
) -> Quotes:
    """All pools' answers, best first; a pool that has none adds its error after ``errors``."""
    quotes: list[Route] = []
    refusals = list(errors)
    for pool in pools:
        try:
            require_moving(pool, snapshot)
            quotes.append(Route.of(whole_quote(pool, snapshot, request)))
        except DexError as error:
            refusals.append(VenueError(pool.venue, error.code, str(error), pool.address))
    quotes.sort(key=_rank)
    return Quotes(request, snapshot.clock.slot, tuple(quotes), tuple(refusals))


def require_moving(pool: Pool, snapshot: Snapshot) -> None:
    """Raise PoolDisabled when a vault of the pool is frozen: nothing moves in or out of it."""
    if any(is_frozen(snapshot.accounts.get(vault)) for vault in pool.vaults):
        raise PoolDisabled("a vault of the pool is frozen")


def best_quote(quotes: Quotes) -> Route:
    """The winning route; raises NoRoute, naming every reason, when no pool had one."""
    if quotes.quotes:
        return quotes.quotes[0]
    reasons = ", ".join(_reasons(quotes.errors)) or "no venue has a pool of this pair"
    raise NoRoute(f"no quote for {quotes.request.token_in} to {quotes.request.token_out}: {reasons}")


def _reasons(errors: Sequence[VenueError]) -> Iterable[str]:
    return dict.fromkeys(f"{error.venue} {error.code}" for error in errors)


def _rank(quote: Route) -> tuple[int, str, str]:
    amount = quote.amount_in if quote.mode is SwapMode.EXACT_OUT else -quote.amount_out
    return amount, quote.venue, str(quote.pool)
