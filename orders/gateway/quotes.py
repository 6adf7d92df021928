"""Prices: all pools of a pair over one snapshot, for the API and for a batch of orders."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import lru_cache

from django.conf import settings
from solders.pubkey import Pubkey

from dex.config import DEVNET, NATIVE_MINT
from dex.errors import DexError
from dex.transactions.token_accounts import is_frozen
from dex.types import NO_BOUNDS, Limits, QuoteRequest, Quotes, Route, RouteBounds, Snapshot, SwapMode, Token
from orders.amounts import least_amount_out, most_amount_in
from orders.errors import ChainUnavailable
from orders.gateway import failures, price_sanity, risk_limits
from orders.gateway.candidates import middle_tokens
from orders.gateway.connection import connection
from orders.gateway.failures import Failure
from orders.gateway.new_pools import Opens
from orders.gateway.pools import left_out, with_known_pools
from orders.gateway.routes import quote_routes
from orders.gateway.tokens import token_by_mint
from orders.gateway.wallet import wallet_address
from orders.gateway.wallet_funds import SOL_RESERVE, held, insufficient_funds, wallet_accounts
from orders.lifecycle import FailureReason


def quote_pair(
    token_in: Token,
    token_out: Token,
    amount: int,
    slippage_bps: int,
    mode: SwapMode = SwapMode.EXACT_IN,
    bounds: RouteBounds = NO_BOUNDS,
) -> Quotes:
    """All venues' offers now, possibly none; raises ChainUnavailable.

    ``amount`` is of the token that the mode fixes, in its base units.
    """
    limits = Limits(slippage_bps)
    request = QuoteRequest(token_in.mint, token_out.mint, amount, mode, limits, bounds)
    try:
        quotes, _ = with_known_pools().run(quote_routes([request], [left_out()], ()))
    except DexError as error:
        raise ChainUnavailable() from error
    return _with_limits(quotes[0])


def quote_swaps(
    requests: Sequence[QuoteRequest],
    without: Sequence[Collection[str]] = (),
    opens: Opens | None = None,
) -> list[Quotes | Failure]:
    """For each request its offers, at least one, or why it cannot be had. One snapshot for all.

    ``without`` are pools, by address, that each request is not to use, beside those left out for all;
    ``opens`` is an opening that they are to be quoted for, before it has come.
    """
    if not requests:
        return []
    try:
        wallet = wallet_address()
        for_all = left_out()
        avoided = [for_all | set(own) for own in without or [()] * len(requests)]
        chain = with_known_pools()
        quotes, snapshot = chain.run(_quotes_to_sign(requests, avoided, wallet, opens))
        quotes = chain.run(price_sanity.with_references(quotes))
    except DexError as error:
        return [failures.of_error(error)] * len(requests)
    return [
        _frozen(snapshot, wallet, request)
        or _judge(
            found,
            held(snapshot, wallet, request.token_in),
            _lamports_missing(snapshot, wallet, request),
        )
        for request, found in zip(requests, quotes, strict=True)
    ]


async def _quotes_to_sign(
    requests: Sequence[QuoteRequest],
    avoided: Sequence[Collection[str]],
    wallet: Pubkey,
    opens: Opens | None,
) -> tuple[list[Quotes], Snapshot]:
    """`quote_routes` over all that signing reads of mints and wallet too, with a blockhash on its way."""
    connection().blockhashes.refresh()
    named = [mint for request in requests for mint in (request.token_in, request.token_out)]
    mints = list(dict.fromkeys([*named, *middle_tokens()]))
    accounts = [*mints, *wallet_accounts(wallet, mints)]
    return await quote_routes(requests, avoided, accounts, compared=True, opens=opens)


def _frozen(snapshot: Snapshot, wallet: Pubkey, request: QuoteRequest) -> Failure | None:
    """That the issuer has frozen an account of the wallet which the swap needs."""
    for mint in (request.token_in, request.token_out):
        accounts = wallet_accounts(wallet, [mint])[1:]
        if any(is_frozen(snapshot.accounts.get(address)) for address in accounts):
            token = token_by_mint(str(mint))
            name = token.symbol if token else str(mint)
            text = f"The wallet's account of {name} is frozen by its issuer"
            return Failure(FailureReason.ACCOUNT_FROZEN, text, {"token": name})
    return None


def _lamports_missing(snapshot: Snapshot, wallet: Pubkey, request: QuoteRequest) -> int:
    if settings.SOLANA_NETWORK != DEVNET:
        return 0
    account = snapshot.accounts.get(wallet)
    is_sold = request.mode is SwapMode.EXACT_IN
    sold = request.amount if is_sold else request.limits.max_amount_in or 0
    spent = sold if request.token_in == NATIVE_MINT else 0
    return max(0, spent + SOL_RESERVE - (account.lamports if account else 0))


def _judge(found: Quotes, balance: int, lamports_missing: int) -> Quotes | Failure:
    request = found.request
    if not found.quotes:
        return failures.of_venue_errors(found.errors)
    found = _with_limits(found)
    best = found.quotes[0]
    needed = best.max_amount_in if request.mode is SwapMode.EXACT_OUT else request.amount
    if (refusal := risk_limits.over_cap(str(request.token_in), needed)) is not None:
        return refusal
    faucet_may_mend = lamports_missing > 0 and request.token_in == NATIVE_MINT
    kept_back = SOL_RESERVE if request.token_in == NATIVE_MINT else 0
    if balance - kept_back < needed and not faucet_may_mend:
        return insufficient_funds(str(request.token_in), needed, balance, 0, kept_back)
    doubt = price_sanity.too_dear(found) or price_sanity.out_of_line(found)
    return doubt or replace(found, lamports_missing=lamports_missing)


def _with_limits(found: Quotes) -> Quotes:
    """``found`` with the least that each route may pay, or the most that it may take."""
    return replace(found, quotes=tuple(_with_limit(route, found.request.limits) for route in found.quotes))


def _with_limit(route: Route, limits: Limits) -> Route:
    """``route`` with its limit; what depends on the settings is worked out anew."""
    return _limited(route, limits) if limits.slippage_is_auto else _limited_as_asked(route, limits)


@lru_cache(maxsize=1024)
def _limited_as_asked(route: Route, limits: Limits) -> Route:
    # Orders of one batch lose against the same routes.
    return _limited(route, limits)


def _limited(route: Route, limits: Limits) -> Route:
    slippage_bps = _slippage_bps(route, limits)
    if route.mode is SwapMode.EXACT_OUT:
        most = _most_amount_in(route, limits, slippage_bps)
        return replace(route, max_amount_in=most, slippage_bps=slippage_bps)
    least = least_amount_out(route.amount_out, slippage_bps)
    return replace(route, min_amount_out=least, slippage_bps=slippage_bps)


def _most_amount_in(route: Route, limits: Limits, slippage_bps: int) -> int:
    by_slippage = most_amount_in(route.amount_in, slippage_bps)
    if limits.max_amount_in is None:
        return by_slippage
    return min(limits.max_amount_in, by_slippage) if limits.is_bound_by_slippage else limits.max_amount_in


def auto_slippage_cap_bps() -> int:
    """The most that an automatic slippage becomes."""
    return int(min(settings.AUTO_SLIPPAGE_CAP_BPS, settings.MAX_SLIPPAGE_BPS))


def _slippage_bps(route: Route, limits: Limits) -> int:
    """As asked for; automatic: the default and the quote's own price impact together, up to the cap.

    Who moves the price by so much meets others who do: one of the same size before it costs about that.
    """
    if not limits.slippage_is_auto:
        return limits.slippage_bps
    return min(auto_slippage_cap_bps(), int(settings.DEFAULT_SLIPPAGE_BPS) + route.price_impact_bps)
