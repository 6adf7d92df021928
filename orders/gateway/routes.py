"""Routes for a batch of requests over one snapshot: the I/O around the pure search."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from django.conf import settings
from solders.pubkey import Pubkey

from dex.routing.batch import Ask, route_batch
from dex.routing.search import Bounds, Candidates, reads
from dex.routing.way import Answers
from dex.types import QuoteRequest, Quotes, Route, RouteBounds, Snapshot, SwapMode, VenueError
from dex.venues.base import Pool
from orders.gateway import lookup_tables, price_sanity
from orders.gateway.at_opening import at_opening
from orders.gateway.candidates import Wanted, candidates_of, middle_tokens, wanted_by
from orders.gateway.connection import connection
from orders.gateway.failures import POOL_LEFT_OUT, VENUE_EXCLUDED
from orders.gateway.new_pools import Opens
from orders.gateway.route_sizes import fitting_in, without_too_large

logger = logging.getLogger(__name__)

_ALL_BPS: Final = 10_000


async def quote_routes(
    requests: Sequence[QuoteRequest],
    avoided: Sequence[Collection[str]],
    more_accounts: Sequence[Pubkey],
    *,
    compared: bool = False,
    opens: Opens | None = None,
) -> tuple[list[Quotes], Snapshot]:
    """The routes of each request, best first, and the snapshot that they were found in.

    ``avoided`` are pools, by address, that each request is not to use; ``more_accounts`` are read with the
    others. ``compared``: with what a second node shows, where there is one. ``opens``: as they will be at
    that opening. Raises ChainError, WrongMint.
    """
    asks, snapshot, answers = await read_asks(requests, avoided, more_accounts)
    if opens is not None:
        snapshot, answers = at_opening(snapshot, opens), Answers()
    pools = pools_of(asks)
    fitting = fitting_in(snapshot, pools)
    routed = route_batch(asks, snapshot, _goes_on, fitting.together, answers)
    second = None
    if compared:
        addresses, newest = list(snapshot.accounts), any(enters_new_pool(each.bounds) for each in requests)
        second = await connection().rpc.second_snapshot(addresses, newest=newest)
    if second is not None:
        others = route_batch(asks, at_opening(second, opens), _goes_on, fitting.together)
        routed = [agreeing(one, other) for one, other in zip(routed, others, strict=True)]
    return [without_too_large(one, pools, snapshot, fitting) for one in routed], snapshot


def enters_new_pool(bounds: RouteBounds) -> bool:
    """Whether paths have to end in a certain pool, which may have opened in this very slot."""
    return bool(bounds.last_pools)


async def read_asks(
    requests: Sequence[QuoteRequest],
    avoided: Sequence[Collection[str]],
    more_accounts: Sequence[Pubkey],
) -> tuple[list[Ask], Snapshot, Answers]:
    """Each request with its candidates, one snapshot that holds what they need, and what pools said by it.

    Raises ChainError.
    """
    found = await candidates_of(connection().directory, requests, middle_tokens())
    asks = _asks(requests, avoided, found)
    vaults = [vault for pool in pools_of(asks).values() for vault in pool.vaults]
    more = [*vaults, *more_accounts, *lookup_tables.table_addresses()]
    kept = connection().answers

    def asked(snapshot: Snapshot) -> list[tuple[QuoteRequest, Pool]]:
        return list(_reads(asks, snapshot, kept.of(snapshot) if snapshot.accounts else Answers()))

    is_new = any(enters_new_pool(request.bounds) for request in requests)
    reader = connection().newest if is_new else connection().snapshots
    snapshot = await reader.read_for(asked, more)
    return asks, snapshot, kept.of(snapshot)


def _asks(
    requests: Sequence[QuoteRequest],
    avoided: Sequence[Collection[str]],
    found: Mapping[Wanted, Candidates],
) -> list[Ask]:
    """Each request with its candidates; requests alike share the object, so that `_reads` reads once."""
    narrowed: dict[tuple[Pubkey, Pubkey, RouteBounds, frozenset[str]], Candidates] = {}
    asks = []
    for request, out in zip(requests, avoided, strict=True):
        pair = request.token_in, request.token_out
        key = (*pair, request.bounds, frozenset(out))
        if key not in narrowed:
            narrowed[key] = _without(_allowed(found[wanted_by(request)], request.bounds), out)
        asks.append(_ask(request, narrowed[key]))
    return asks


def _ask(request: QuoteRequest, candidates: Candidates) -> Ask:
    own = request.bounds
    bounds = Bounds(
        min(settings.MAX_HOPS, own.max_hops or settings.MAX_HOPS),
        min(settings.MAX_SPLITS, own.max_splits or settings.MAX_SPLITS),
    )
    return Ask(request, candidates, bounds)


def pools_of(asks: Sequence[Ask]) -> dict[Pubkey, Pool]:
    """All candidates by their addresses."""
    return {pool.address: pool for ask in asks for pool in ask.candidates.pools()}


def _goes_on(found: Quotes) -> bool:
    """Whether an order is likely to take its best route, so that those behind it find what it leaves."""
    return price_sanity.too_dear(found) is None


def _reads(asks: Sequence[Ask], known: Snapshot, answers: Answers) -> Iterator[tuple[QuoteRequest, Pool]]:
    """Of the requests over the same pools the largest: what it reads holds what the others read."""
    largest: dict[tuple[Pubkey, Pubkey, str, int], Ask] = {}
    for ask in asks:
        request = ask.request
        key = (request.token_in, request.token_out, request.mode, id(ask.candidates))
        if key not in largest or largest[key].request.amount < request.amount:
            largest[key] = ask
    for ask in largest.values():
        yield from reads(ask.request, ask.candidates, known, answers)


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


def _without(candidates: Candidates, out: Collection[str]) -> Candidates:
    """The candidates without pools that are left out; those of the pair are named among the errors."""
    if not out:
        return candidates
    gone = tuple(
        VenueError(
            pool.venue, POOL_LEFT_OUT, "it is off, or transactions have failed by its fault", pool.address
        )
        for pool in candidates.direct
        if str(pool.address) in out
    )
    over = {middle: (_kept(a, out), _kept(b, out)) for middle, (a, b) in candidates.over.items()}
    return Candidates(_kept(candidates.direct, out), over, (*candidates.errors, *gone))


def _allowed(candidates: Candidates, bounds: RouteBounds) -> Candidates:
    """The candidates over the venues that an order allows; excluded ones are named among the errors."""
    if not bounds.venues and not bounds.exclude_venues:
        return candidates
    allowed = {v.name for v in connection().venues.values() if bounds.allows(v.name, v.dex)}
    gone = dict.fromkeys(pool.venue for pool in candidates.direct if pool.venue not in allowed)
    errors = (
        *(error for error in candidates.errors if error.venue in allowed),
        *(VenueError(name, VENUE_EXCLUDED, "the request does not allow this venue") for name in gone),
    )
    over = {
        middle: (_over_venues(a, allowed), _over_venues(b, allowed))
        for middle, (a, b) in candidates.over.items()
    }
    return Candidates(_over_venues(candidates.direct, allowed), over, errors)


def _over_venues(pools: Sequence[Pool], allowed: Collection[str]) -> tuple[Pool, ...]:
    return tuple(pool for pool in pools if pool.venue in allowed)


def _kept(pools: Sequence[Pool], out: Collection[str]) -> tuple[Pool, ...]:
    return tuple(pool for pool in pools if str(pool.address) not in out)
