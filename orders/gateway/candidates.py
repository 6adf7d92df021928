"""The pools that a request may use: those of its pair, and those over the middle tokens of the settings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from django.conf import settings
from solders.pubkey import Pubkey

from dex.routing.discovery import PoolDirectory, PoolSet
from dex.routing.search import Candidates
from dex.types import QuoteRequest
from orders.gateway.tokens import tokens

Pair = tuple[Pubkey, Pubkey]


def middle_tokens() -> tuple[Pubkey, ...]:
    """The mints of MIDDLE_TOKENS that this network has."""
    by_name = {name: token.mint for token in tokens() for name in (token.symbol, str(token.mint))}
    return tuple(by_name[name] for name in settings.MIDDLE_TOKENS if name in by_name)


async def candidates_of(
    directory: PoolDirectory, requests: Iterable[QuoteRequest], middles: Sequence[Pubkey]
) -> dict[Pair, Candidates]:
    """The candidates of each pair that the requests name; raises WrongMint for a pair of one token."""
    pairs = list(dict.fromkeys((request.token_in, request.token_out) for request in requests))
    wanted = dict.fromkeys(pair for each in pairs for pair in (each, *legs_over(each, middles)))
    sets = await asyncio.gather(*(directory.pools(*pair) for pair in wanted))
    pools = dict(zip(wanted, sets, strict=True))
    return {pair: _candidates(pair, pools, middles) for pair in pairs}


def legs_over(pair: Pair, middles: Sequence[Pubkey]) -> Iterable[Pair]:
    """The pairs of two hops over each of ``middles``."""
    for middle in middles:
        if middle not in pair:
            yield pair[0], middle
            yield middle, pair[1]


def _candidates(pair: Pair, pools: dict[Pair, PoolSet], middles: Sequence[Pubkey]) -> Candidates:
    direct = pools[pair]
    over = {
        middle: (pools[pair[0], middle].pools, pools[middle, pair[1]].pools)
        for middle in middles
        if middle not in pair
    }
    return Candidates(direct.pools, over, direct.errors)
