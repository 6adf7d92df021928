"""Prices: all pools of a pair over one snapshot, for the API and for a batch of orders."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from django.conf import settings
from solders.pubkey import Pubkey

from dex.config import DEVNET, NATIVE_MINT
from dex.errors import DexError
from dex.routing.discovery import PoolSet
from dex.routing.router import quote_batch
from dex.types import Limits, QuoteRequest, Quotes, Route, Snapshot, Token
from orders.amounts import least_amount_out
from orders.errors import ChainUnavailable
from orders.gateway import failures
from orders.gateway.connection import connection
from orders.gateway.failures import Failure
from orders.gateway.pools import with_known_pools
from orders.gateway.wallet import wallet_address
from orders.gateway.wallet_funds import SOL_RESERVE, held, insufficient_funds, wallet_accounts
from orders.lifecycle import FailureReason


def quote_pair(token_in: Token, token_out: Token, amount_in: int, slippage_bps: int) -> Quotes:
    """All venues' offers now, possibly none; raises ChainUnavailable."""
    limits = Limits(slippage_bps)
    request = QuoteRequest(token_in.mint, token_out.mint, amount_in, limits=limits)
    try:
        quotes, _ = with_known_pools().run(_quote([request], ()))
    except DexError as error:
        raise ChainUnavailable() from error
    return _with_minima(quotes[0])


def quote_swaps(requests: Sequence[QuoteRequest]) -> list[Quotes | Failure]:
    """For each request its offers, at least one, or why it cannot be had. One snapshot for all."""
    if not requests:
        return []
    try:
        wallet = wallet_address()
        addresses = wallet_accounts(wallet, [request.token_in for request in requests])
        quotes, snapshot = with_known_pools().run(_quote(requests, addresses))
    except DexError as error:
        return [failures.of_error(error)] * len(requests)
    return [
        _judge(
            found,
            held(snapshot, wallet, request.token_in),
            _lamports_missing(snapshot, wallet, request),
        )
        for request, found in zip(requests, quotes, strict=True)
    ]


async def _quote(
    requests: Sequence[QuoteRequest], more_accounts: Sequence[Pubkey]
) -> tuple[list[Quotes], Snapshot]:
    pairs = list(dict.fromkeys((request.token_in, request.token_out) for request in requests))
    directory = connection().directory
    found = await asyncio.gather(*(directory.pools(*pair) for pair in pairs))
    pools: dict[tuple[Pubkey, Pubkey], PoolSet] = dict(zip(pairs, found, strict=True))
    asks = [(request, pools[request.token_in, request.token_out]) for request in requests]
    reads = [(request, pool) for request, one in asks for pool in one.pools]
    snapshot = await connection().snapshots.read(reads, more_accounts)
    return quote_batch(asks, snapshot), snapshot


def _lamports_missing(snapshot: Snapshot, wallet: Pubkey, request: QuoteRequest) -> int:
    if settings.SOLANA_NETWORK != DEVNET:
        return 0
    account = snapshot.accounts.get(wallet)
    spent = request.amount if request.token_in == NATIVE_MINT else 0
    return max(0, spent + SOL_RESERVE - (account.lamports if account else 0))


def _judge(found: Quotes, balance: int, lamports_missing: int) -> Quotes | Failure:
    request = found.request
    if not found.quotes:
        return failures.of_venue_errors(found.errors)
    faucet_may_mend = lamports_missing > 0 and request.token_in == NATIVE_MINT
    kept_back = SOL_RESERVE if request.token_in == NATIVE_MINT else 0
    if balance - kept_back < request.amount and not faucet_may_mend:
        return insufficient_funds(str(request.token_in), request.amount, balance, 0, kept_back)
    most = settings.MAX_PRICE_IMPACT_BPS
    if request.limits.max_price_impact_bps is not None:
        most = min(most, request.limits.max_price_impact_bps)
    if found.quotes[0].price_impact_bps > most:
        return failures.failed(FailureReason.PRICE_IMPACT_TOO_HIGH)
    return replace(_with_minima(found), lamports_missing=lamports_missing)


def _with_minima(found: Quotes) -> Quotes:
    """``found`` with the least that each quote may pay, by the limits of the request."""
    return replace(found, quotes=tuple(_with_minimum(route, found.request.limits) for route in found.quotes))


def _with_minimum(route: Route, limits: Limits) -> Route:
    slippage_bps = _slippage_bps(route, limits)
    least = least_amount_out(route.amount_out, slippage_bps)
    return replace(route, min_amount_out=least, slippage_bps=slippage_bps)


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
