"""Routes for many requests over one snapshot, each against the state that the ones before it leave. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from solders.pubkey import Pubkey

from dex.errors import DexError
from dex.routing.search import Bounds, Candidates, find_routes
from dex.routing.way import Answers, Fits, all_fit
from dex.types import QuoteRequest, Quotes, Route, Snapshot
from dex.venues.base import Pool


@dataclass(frozen=True, slots=True)
class Ask:
    """One request with the pools that it may use."""

    request: QuoteRequest
    candidates: Candidates
    bounds: Bounds


def route_batch(
    asks: Sequence[Ask],
    snapshot: Snapshot,
    goes_on: Callable[[Quotes], bool],
    fits: Fits = all_fit,
    answers: Answers | None = None,
) -> list[Quotes]:
    """The routes for each request, in the order of the requests.

    Where ``goes_on`` says that the best route of a request is taken, those behind it are quoted against the
    state that it leaves: 64 orders on one pool do not all claim the price of the first. ``answers`` are those
    that pools have given by ``snapshot`` already, and get new ones that are of it.
    """
    found: list[Quotes] = []
    given = answers
    answers = Answers() if answers is None else answers
    pools = _pools_of(asks)
    for number, ask in enumerate(asks, 1):
        quotes = find_routes(ask.request, ask.candidates, snapshot, ask.bounds, answers, fits)
        found.append(quotes)
        if number < len(asks) and quotes.quotes and goes_on(quotes):
            snapshot = _after(quotes.quotes[0], snapshot, pools)
            answers = answers.copy() if answers is given else answers
            for leg in quotes.quotes[0].legs:
                answers.forget(leg.pool)
    return found


def _pools_of(asks: Sequence[Ask]) -> dict[Pubkey, Pool]:
    """All candidates by their addresses."""
    pools: dict[Pubkey, Pool] = {}
    for candidates in {id(ask.candidates): ask.candidates for ask in asks}.values():
        pools |= {pool.address: pool for pool in candidates.pools()}
    return pools


def _after(route: Route, snapshot: Snapshot, pools: Mapping[Pubkey, Pool]) -> Snapshot:
    """The snapshot after a route."""
    for leg in route.legs:
        try:
            snapshot = pools[leg.pool].after(snapshot, leg)
        except DexError:
            # Its state is then quoted as it was: the order's own minimum still holds.
            continue
    return snapshot
