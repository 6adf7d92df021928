"""The pools that a request may use: those of its pair, and those over the middle tokens of the settings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from django.conf import settings
from solders.pubkey import Pubkey

from dex.routing.discovery import PoolDirectory
from dex.routing.pool_set import PoolSet
from dex.routing.search import Candidates
from dex.types import QuoteRequest
from dex.venues.base import Pool
from orders.gateway.tokens import tokens

Pair = tuple[Pubkey, Pubkey]
# A pair, and the pools that alone may end a path, by address; none for any.
Wanted = tuple[Pair, tuple[str, ...]]


def middle_tokens() -> tuple[Pubkey, ...]:
    """The mints of MIDDLE_TOKENS that this network has."""
    by_name = {name: token.mint for token in tokens() for name in (token.symbol, str(token.mint))}
    return tuple(by_name[name] for name in settings.MIDDLE_TOKENS if name in by_name)


def wanted_by(request: QuoteRequest) -> Wanted:
    """What a request has its candidates by."""
    return (request.token_in, request.token_out), request.bounds.last_pools


async def candidates_of(
    directory: PoolDirectory, requests: Iterable[QuoteRequest], middles: Sequence[Pubkey]
) -> dict[Wanted, Candidates]:
    """The candidates of what the requests are wanted by.

    Raises WrongMint for a pair of one token, ChainError.
    """
    wanted = list(dict.fromkeys(wanted_by(request) for request in requests))
    named = dict.fromkeys(Pubkey.from_string(pool) for _, last in wanted for pool in last)
    opened = {str(pool.address): pool for pool in await directory.at(list(named))} if named else {}
    lasts = {one: [opened[pool] for pool in one[1] if pool in opened] for one in wanted}
    pairs = dict.fromkeys(pair for one in wanted for pair in _looked_up(one, lasts[one], middles))
    asked_for = {pair for pair, _ in wanted}
    sets = await asyncio.gather(*(directory.pools(*pair, at_hand=pair not in asked_for) for pair in pairs))
    pools = dict(zip(pairs, sets, strict=True))
    return {
        one: _ending_in(one[0], lasts[one], pools, middles) if one[1] else _candidates(one[0], pools, middles)
        for one in wanted
    }


def legs_over(pair: Pair, middles: Sequence[Pubkey]) -> Iterable[Pair]:
    """The pairs of two hops over each of ``middles``."""
    for middle in middles:
        if middle not in pair:
            yield pair[0], middle
            yield middle, pair[1]


def _looked_up(wanted: Wanted, lasts: Sequence[Pool], middles: Sequence[Pubkey]) -> Iterable[Pair]:
    """The pairs whose pools are looked up; where the last ones are named, those of the first legs to them."""
    pair, last = wanted
    if not last:
        return [pair, *legs_over(pair, middles)]
    paid = {mint for pool in lasts for mint in pool.mints}
    return [(pair[0], middle) for middle in middles if middle not in pair and middle in paid]


def _candidates(pair: Pair, pools: Mapping[Pair, PoolSet], middles: Sequence[Pubkey]) -> Candidates:
    direct = pools[pair]
    over = {
        middle: (pools[pair[0], middle].pools, pools[middle, pair[1]].pools)
        for middle in middles
        if middle not in pair
    }
    return Candidates(direct.pools, over, direct.errors)


def _ending_in(
    pair: Pair, last: Sequence[Pool], pools: Mapping[Pair, PoolSet], middles: Sequence[Pubkey]
) -> Candidates:
    def leading_from(mint: Pubkey) -> tuple[Pool, ...]:
        return tuple(pool for pool in last if set(pool.mints) == {mint, pair[1]})

    over = {
        middle: (pools[pair[0], middle].pools, lasts)
        for middle in middles
        if middle not in pair and (lasts := leading_from(middle))
    }
    return Candidates(leading_from(pair[0]), over)
