"""Whether a price makes sense: what a swap costs altogether, and what other routes would pay.

A pool that stands alone may trade at any price, and price impact leaves its fee out. So impact and fees
count together, and an offer that few others agree with is compared with the best way over a middle token.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from django.conf import settings
from solders.pubkey import Pubkey

from dex.config import NATIVE_MINT
from dex.errors import DexError
from dex.routing.router import quote_all
from dex.types import QuoteRequest, Quotes, Route, SwapMode
from dex.venues.base import Pool
from orders.amounts import price_text
from orders.gateway.connection import connection
from orders.gateway.failures import Failure
from orders.gateway.tokens import decimals_of, token_by_mint, tokens
from orders.lifecycle import FailureReason

logger = logging.getLogger(__name__)

# So many pools that pay about the same vouch for each other; with fewer the way round is looked at.
POOLS_THAT_VOUCH: Final = 3
_MIDDLES: Final = frozenset({"SOL", "USDC", "USDT"})
_BPS: Final = 10_000

Pair = tuple[Pubkey, Pubkey]


def too_dear(found: Quotes) -> Failure | None:
    """That the best route costs more than the order or the settings allow, with both parts of it."""
    best, limits = found.quotes[0], found.request.limits
    most_impact = _least(settings.MAX_PRICE_IMPACT_BPS, limits.max_price_impact_bps)
    most_cost = _least(settings.MAX_COST_BPS, limits.max_cost_bps)
    if best.price_impact_bps <= most_impact and best.cost_bps <= most_cost:
        return None
    details = {
        "priceImpactBps": str(best.price_impact_bps),
        "feeBps": str(best.fee_bps),
        "maxPriceImpactBps": str(most_impact),
        "maxCostBps": str(most_cost),
    }
    text = (
        f"Price impact {best.price_impact_bps} bps and fees {best.fee_bps} bps:"
        f" {most_impact} bps of impact and {most_cost} bps of both are allowed"
    )
    return Failure(FailureReason.PRICE_IMPACT_TOO_HIGH, text, details)


def out_of_line(found: Quotes) -> Failure | None:
    """That the best route pays less than the way over a middle token, by more than the settings allow."""
    best, other = found.quotes[0], found.reference_amount_out
    gap_bps = (other - best.amount_out) * _BPS // other if other else 0
    if gap_bps <= settings.MAX_PRICE_GAP_BPS:
        return None
    price, elsewhere = _price(best, best.amount_out), _price(best, other)
    token_in, token_out = (token_by_mint(str(mint)) for mint in (best.token_in, best.token_out))
    pair = f"{token_out.symbol if token_out else best.token_out} a {token_in.symbol if token_in else 'unit'}"
    text = f"The best pool pays {price} {pair}, the way over another token {elsewhere}"
    details = {"price": price, "otherPrice": elsewhere, "gapBps": str(gap_bps)}
    return Failure(FailureReason.PRICE_OUT_OF_LINE, text, details)


async def with_references(found: Sequence[Quotes]) -> list[Quotes]:
    """``found`` with what the way over a middle token would pay, where too few pools vouch for a price."""
    lonely = [one for one in found if _is_lonely(one)]
    if not lonely:
        return list(found)
    try:
        references = await _references([one.request for one in lonely])
    except DexError as error:
        logger.warning("prices are not compared now: %s", error.code)
        return list(found)
    paid = {id(one): amount for one, amount in zip(lonely, references, strict=True)}
    return [replace(one, reference_amount_out=paid.get(id(one), 0)) for one in found]


def _is_lonely(found: Quotes) -> bool:
    if settings.MAX_HOPS > 1:
        # The way over a middle token was among the routes, and the best of all of them won.
        return False
    if not found.quotes or found.request.mode is not SwapMode.EXACT_IN:
        return False
    enough = found.quotes[0].amount_out * (_BPS - settings.MAX_PRICE_GAP_BPS) // _BPS
    agreeing = {route.pool for route in found.quotes if route.amount_out >= enough}
    return len(agreeing) < POOLS_THAT_VOUCH


async def _references(requests: Sequence[QuoteRequest]) -> list[int]:
    """What the best way over a middle token pays for each request; 0 where there is none."""
    first = [replace(one, token_out=middle) for one in requests for middle in _middles(one)]
    owners = [index for index, one in enumerate(requests) for _ in _middles(one)]
    bought = await _best(first)
    second = [
        QuoteRequest(leg.token_out, requests[owner].token_out, amount or 1)
        for leg, owner, amount in zip(first, owners, bought, strict=True)
    ]
    paid = await _best(second)
    best = [0] * len(requests)
    for owner, middle, amount in zip(owners, bought, paid, strict=True):
        best[owner] = max(best[owner], amount if middle else 0)
    return best


async def _best(requests: Sequence[QuoteRequest]) -> list[int]:
    """The most that one pool pays for each request now; 0 where none pays anything."""
    pools = await _pools(requests)
    asks = [(one, pool) for one in requests for pool in pools[one.token_in, one.token_out]]
    if not asks:
        return [0] * len(requests)
    snapshot = await connection().snapshots.read(asks, [vault for _, pool in asks for vault in pool.vaults])
    boards = [quote_all(one, pools[one.token_in, one.token_out], snapshot) for one in requests]
    return [board.quotes[0].amount_out if board.quotes else 0 for board in boards]


async def _pools(requests: Sequence[QuoteRequest]) -> Mapping[Pair, tuple[Pool, ...]]:
    pairs = list(dict.fromkeys((one.token_in, one.token_out) for one in requests))
    found = await asyncio.gather(*(connection().directory.pools(*pair) for pair in pairs))
    return {pair: one.pools for pair, one in zip(pairs, found, strict=True)}


def _middles(request: QuoteRequest) -> list[Pubkey]:
    known = [token.mint for token in tokens() if token.symbol in _MIDDLES or token.mint == NATIVE_MINT]
    return [mint for mint in known if mint not in (request.token_in, request.token_out)]


def _price(route: Route, amount_out: int) -> str:
    decimals = decimals_of(str(route.token_in)), decimals_of(str(route.token_out))
    return price_text(route.amount_in, decimals[0], amount_out, decimals[1])


def _least(most: int, own: int | None) -> int:
    return int(most if own is None else min(most, own))
