"""Prices: all pools of a pair over one snapshot, for the API and for a batch of orders."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Final

from django.conf import settings
from solders.pubkey import Pubkey

from dex.config import DEVNET, NATIVE_MINT
from dex.errors import DexError, KeyUnavailable
from dex.routing.discovery import PoolSet
from dex.routing.router import quote_batch
from dex.transactions.route_size import Sizing
from dex.transactions.token_accounts import is_frozen
from dex.types import Limits, QuoteRequest, Quotes, Route, Snapshot, SwapMode, Token, VenueError
from dex.venues.base import Pool
from orders.amounts import least_amount_out, most_amount_in
from orders.errors import ChainUnavailable
from orders.gateway import failures, lookup_tables, price_sanity
from orders.gateway.connection import connection
from orders.gateway.failures import POOL_LEFT_OUT, Failure
from orders.gateway.pools import left_out, with_known_pools
from orders.gateway.tokens import token_by_mint
from orders.gateway.wallet import wallet_address
from orders.gateway.wallet_funds import SOL_RESERVE, held, insufficient_funds, wallet_accounts
from orders.lifecycle import FailureReason

_ALL_BPS: Final = 10_000

logger = logging.getLogger(__name__)


def quote_pair(token_in: Token, token_out: Token, amount_in: int, slippage_bps: int) -> Quotes:
    """All venues' offers now, possibly none; raises ChainUnavailable."""
    limits = Limits(slippage_bps)
    request = QuoteRequest(token_in.mint, token_out.mint, amount_in, limits=limits)
    try:
        quotes, _ = with_known_pools().run(_quote([request], [left_out()], ()))
    except DexError as error:
        raise ChainUnavailable() from error
    return _with_limits(quotes[0])


def quote_swaps(
    requests: Sequence[QuoteRequest], without: Sequence[Collection[str]] = ()
) -> list[Quotes | Failure]:
    """For each request its offers, at least one, or why it cannot be had. One snapshot for all.

    ``without`` are pools, by address, that each request is not to use, beside those left out for all.
    """
    if not requests:
        return []
    try:
        wallet = wallet_address()
        mints = [mint for request in requests for mint in (request.token_in, request.token_out)]
        for_all = left_out()
        avoided = [for_all | set(own) for own in without or [()] * len(requests)]
        chain = with_known_pools()
        accounts = wallet_accounts(wallet, mints)
        quotes, snapshot = chain.run(_quote(requests, avoided, accounts, compared=True))
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


async def _quote(
    requests: Sequence[QuoteRequest],
    avoided: Sequence[Collection[str]],
    more_accounts: Sequence[Pubkey],
    *,
    compared: bool = False,
) -> tuple[list[Quotes], Snapshot]:
    pairs = list(dict.fromkeys((request.token_in, request.token_out) for request in requests))
    directory = connection().directory
    found = await asyncio.gather(*(directory.pools(*pair) for pair in pairs))
    pools: dict[tuple[Pubkey, Pubkey], PoolSet] = dict(zip(pairs, found, strict=True))
    asks = [
        (request, _without(pools[request.token_in, request.token_out], out))
        for request, out in zip(requests, avoided, strict=True)
    ]
    reads = [(request, pool) for request, one in asks for pool in one.pools]
    vaults = [vault for _, pool in reads for vault in pool.vaults]
    more = [*vaults, *more_accounts, *lookup_tables.table_addresses()]
    snapshot = await connection().snapshots.read(reads, more)
    opened = {pool.address: pool for _, pool in reads}
    quotes = quote_batch(asks, snapshot)
    second = await connection().rpc.second_snapshot(list(snapshot.accounts)) if compared else None
    if second is not None:
        quotes = [agreeing(one, other) for one, other in zip(quotes, quote_batch(asks, second), strict=True)]
    return [_fitting(one, opened, snapshot) for one in quotes], snapshot


def agreeing(found: Quotes, other: Quotes) -> Quotes:
    """``found``, or no quotes where another node's best differs by more than NODE_PRICE_TOLERANCE_BPS."""
    if not found.quotes:
        return found
    first, second = _price(found.quotes[0]), _price(other.quotes[0]) if other.quotes else 0
    if abs(first - second) * _ALL_BPS <= settings.NODE_PRICE_TOLERANCE_BPS * max(first, second):
        return found
    logger.error("nodes do not agree about prices: %d and %d for %s", first, second, found.request)
    text = "nodes do not agree about the price"
    return replace(found, quotes=(), errors=(VenueError(found.quotes[0].venue, "CHAIN_DISAGREES", text),))


def _price(route: Route) -> int:
    return route.amount_in if route.mode is SwapMode.EXACT_OUT else route.amount_out


def _fitting(found: Quotes, pools: Mapping[Pubkey, Pool], snapshot: Snapshot) -> Quotes:
    """``found`` without the routes before the first that fits into one transaction."""
    sizing = Sizing(
        payer=_payer(),
        venues=connection().venues,
        lookup_tables=lookup_tables.tables_in(snapshot),
        tips=bool(settings.JITO_URL),
    )
    too_large = list(takewhile(lambda route: not sizing.fits(route, pools, snapshot), found.quotes))
    if not too_large:
        return found
    text = "its accounts do not fit into one transaction without a lookup table"
    errors = tuple(VenueError(route.venue, "ROUTE_TOO_LARGE", text, route.pool) for route in too_large)
    return replace(found, quotes=found.quotes[len(too_large) :], errors=(*found.errors, *errors))


def _payer() -> Pubkey:
    try:
        return wallet_address()
    except KeyUnavailable:
        # A web server that knows no wallet can quote: any address is as long.
        return Pubkey.default()


def _without(found: PoolSet, out: Collection[str]) -> PoolSet:
    """The pools of a pair without those that are left out, which are named among the errors."""
    kept = tuple(pool for pool in found.pools if str(pool.address) not in out)
    gone = tuple(
        VenueError(pool.venue, POOL_LEFT_OUT, "transactions have failed by this pool's fault", pool.address)
        for pool in found.pools
        if pool not in kept
    )
    return PoolSet(kept, found.errors + gone)


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
    sold = request.limits.max_amount_in or request.amount
    spent = sold if request.token_in == NATIVE_MINT else 0
    return max(0, spent + SOL_RESERVE - (account.lamports if account else 0))


def _judge(found: Quotes, balance: int, lamports_missing: int) -> Quotes | Failure:
    request = found.request
    if not found.quotes:
        return failures.of_venue_errors(found.errors)
    found = _with_limits(found)
    best = found.quotes[0]
    needed = best.max_amount_in if request.mode is SwapMode.EXACT_OUT else request.amount
    faucet_may_mend = lamports_missing > 0 and request.token_in == NATIVE_MINT
    kept_back = SOL_RESERVE if request.token_in == NATIVE_MINT else 0
    if balance - kept_back < needed and not faucet_may_mend:
        return insufficient_funds(str(request.token_in), needed, balance, 0, kept_back)
    refusal = price_sanity.too_dear(found) or price_sanity.out_of_line(found)
    return refusal or replace(found, lamports_missing=lamports_missing)


def _with_limits(found: Quotes) -> Quotes:
    """``found`` with the least that each route may pay, or the most that it may take."""
    return replace(found, quotes=tuple(_with_limit(route, found.request.limits) for route in found.quotes))


def _with_limit(route: Route, limits: Limits) -> Route:
    slippage_bps = _slippage_bps(route, limits)
    if route.mode is SwapMode.EXACT_OUT:
        most = limits.max_amount_in or most_amount_in(route.amount_in, slippage_bps)
        return replace(route, max_amount_in=most, slippage_bps=slippage_bps)
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
