"""Prices: all pools of a pair over one snapshot, for the API and for a batch of orders."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.conf import settings
from solders.pubkey import Pubkey

from dex.config import DEVNET, NATIVE_MINT, TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from dex.errors import DexError
from dex.routing.discovery import PoolSet
from dex.routing.router import accounts_of, quote_batch
from dex.transactions.token_accounts import associated_token_address, parse_token_account
from dex.types import Quote, QuoteRequest, Quotes, Snapshot
from orders.errors import ChainUnavailable
from orders.gateway import failures
from orders.gateway.connection import connection
from orders.gateway.failures import Failure
from orders.gateway.pools import with_known_pools
from orders.gateway.tokens import TokenInfo
from orders.gateway.wallet import wallet_address
from orders.lifecycle import FailureReason

# Kept back of a wallet's SOL for fees and for the rent of token accounts, in lamports.
SOL_RESERVE: Final = 10_000_000
_BPS: Final = 10_000


@dataclass(frozen=True, slots=True)
class SwapRequest:
    """What an order asks to be quoted; base units of the input token."""

    token_in: str
    token_out: str
    amount_in: int
    slippage_bps: int
    slippage_is_auto: bool = False
    max_price_impact_bps: int | None = None


@dataclass(frozen=True, slots=True)
class PoolQuote:
    """A pool's offer; base units. ``min_amount_out`` is the offer less the allowed slippage."""

    dex: str
    venue: str
    pool: str
    token_in: str
    token_out: str
    amount_in: int
    amount_out: int
    min_amount_out: int
    slippage_bps: int
    fee_amount: int
    fee_mint: str
    price_impact_bps: int


@dataclass(frozen=True, slots=True)
class QuoteError:
    """Why a venue has no offer."""

    venue: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class QuoteBoard:
    """All offers for one request at one slot, best first.

    ``lamports_missing`` is what the wallet lacks for the swap and its fees, looked at on devnet only, where
    a faucet may give it.
    """

    slot: int
    quotes: tuple[PoolQuote, ...]
    errors: tuple[QuoteError, ...]
    lamports_missing: int = 0


def quote_board(token_in: TokenInfo, token_out: TokenInfo, amount_in: int, slippage_bps: int) -> QuoteBoard:
    """All venues' offers now, possibly none; raises ChainUnavailable."""
    request = SwapRequest(token_in.mint, token_out.mint, amount_in, slippage_bps)
    try:
        quotes, _ = with_known_pools().run(_quote([request], ()))
    except DexError as error:
        raise ChainUnavailable() from error
    return _board(quotes[0], request)


def quote_swaps(requests: Sequence[SwapRequest]) -> list[QuoteBoard | Failure]:
    """For each request its offers, at least one, or why it cannot be had. One snapshot for all."""
    if not requests:
        return []
    try:
        wallet = wallet_address()
        addresses = _balance_addresses(wallet, requests)
        quotes, snapshot = with_known_pools().run(_quote(requests, [wallet, *addresses]))
    except DexError as error:
        return [failures.of_error(error)] * len(requests)
    return [
        _judge(
            request,
            found,
            _balance(snapshot, wallet, request.token_in),
            _lamports_missing(snapshot, wallet, request),
        )
        for request, found in zip(requests, quotes, strict=True)
    ]


async def _quote(
    requests: Sequence[SwapRequest], more_accounts: Sequence[Pubkey]
) -> tuple[list[Quotes], Snapshot]:
    asked = [
        QuoteRequest(Pubkey.from_string(r.token_in), Pubkey.from_string(r.token_out), r.amount_in)
        for r in requests
    ]
    pairs = list(dict.fromkeys((request.token_in, request.token_out) for request in asked))
    directory = connection().directory
    found = await asyncio.gather(*(directory.pools(*pair) for pair in pairs))
    pools: dict[tuple[Pubkey, Pubkey], PoolSet] = dict(zip(pairs, found, strict=True))
    addresses = accounts_of(pool for one in found for pool in one.pools)
    snapshot = await connection().rpc.snapshot([*addresses, *more_accounts])
    asks = [(request, pools[request.token_in, request.token_out]) for request in asked]
    return quote_batch(asks, snapshot), snapshot


def _balance_addresses(wallet: Pubkey, requests: Sequence[SwapRequest]) -> list[Pubkey]:
    mints = {Pubkey.from_string(request.token_in) for request in requests} - {NATIVE_MINT}
    programs = (TOKEN_PROGRAM, TOKEN_2022_PROGRAM)
    return [associated_token_address(wallet, mint, program) for mint in mints for program in programs]


def _balance(snapshot: Snapshot, wallet: Pubkey, mint_text: str) -> int:
    mint = Pubkey.from_string(mint_text)
    if mint == NATIVE_MINT:
        account = snapshot.accounts.get(wallet)
        return max(0, account.lamports - SOL_RESERVE) if account else 0
    held = 0
    for program in (TOKEN_PROGRAM, TOKEN_2022_PROGRAM):
        account = snapshot.accounts.get(associated_token_address(wallet, mint, program))
        held += parse_token_account(account).amount if account else 0
    return held


def _lamports_missing(snapshot: Snapshot, wallet: Pubkey, request: SwapRequest) -> int:
    if settings.SOLANA_NETWORK != DEVNET:
        return 0
    account = snapshot.accounts.get(wallet)
    spent = request.amount_in if request.token_in == str(NATIVE_MINT) else 0
    return max(0, spent + SOL_RESERVE - (account.lamports if account else 0))


def _judge(request: SwapRequest, found: Quotes, balance: int, lamports_missing: int) -> QuoteBoard | Failure:
    if not found.quotes:
        return failures.of_venue_errors(found.errors)
    faucet_may_mend = lamports_missing > 0 and request.token_in == str(NATIVE_MINT)
    if balance < request.amount_in and not faucet_may_mend:
        return failures.failed(FailureReason.INSUFFICIENT_FUNDS)
    most = settings.MAX_PRICE_IMPACT_BPS
    if request.max_price_impact_bps is not None:
        most = min(most, request.max_price_impact_bps)
    if found.quotes[0].price_impact_bps > most:
        return failures.failed(FailureReason.PRICE_IMPACT_TOO_HIGH)
    return replace(_board(found, request), lamports_missing=lamports_missing)


def _board(found: Quotes, request: SwapRequest) -> QuoteBoard:
    return QuoteBoard(
        slot=found.slot,
        quotes=tuple(_pool_quote(quote, _slippage_bps(quote, request)) for quote in found.quotes),
        errors=tuple(QuoteError(e.venue, e.code, e.message) for e in found.errors),
    )


def auto_slippage_cap_bps() -> int:
    """The most that an automatic slippage becomes."""
    return int(min(settings.AUTO_SLIPPAGE_CAP_BPS, settings.MAX_SLIPPAGE_BPS))


def _slippage_bps(quote: Quote, request: SwapRequest) -> int:
    """As asked for; automatic: the default and the quote's own price impact together, up to the cap.

    Who moves the price by so much meets others who do: one of the same size before it costs about that.
    """
    if not request.slippage_is_auto:
        return request.slippage_bps
    return min(auto_slippage_cap_bps(), int(settings.DEFAULT_SLIPPAGE_BPS) + quote.price_impact_bps)


def _pool_quote(quote: Quote, slippage_bps: int) -> PoolQuote:
    return PoolQuote(
        dex=quote.dex,
        venue=quote.venue,
        pool=str(quote.pool),
        token_in=str(quote.token_in),
        token_out=str(quote.token_out),
        amount_in=quote.amount_in,
        amount_out=quote.amount_out,
        # Rounded down, as the venues' own SDKs do; never 0, which would accept anything.
        slippage_bps=slippage_bps,
        min_amount_out=max(1, quote.amount_out * (_BPS - slippage_bps) // _BPS),
        fee_amount=quote.fee_amount,
        fee_mint=str(quote.fee_mint),
        price_impact_bps=quote.price_impact_bps,
    )
