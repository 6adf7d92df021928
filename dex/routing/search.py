"""The best routes for a request: single pools, two hops over a middle token, splits of both. Pure.

All quotes are of one snapshot; `dex.routing.snapshots` reads one that holds what the candidates need.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final

from solders.pubkey import Pubkey

from dex.errors import DexError
from dex.routing.split import Shares, best_splits, could_gain
from dex.routing.way import Answers, Fits, Part, Ranked, Way, all_fit, rank, route_of
from dex.routing.ways import direct_ways, in_order, ranked, refusals_over, ways_over
from dex.types import QuoteRequest, Quotes, Route, Snapshot, VenueError
from dex.venues.base import Pool

# What a split must gain over the best single way; below it the second leg's fees and risk cost more.
LEAST_GAIN_BPS: Final = 1
# Why a route is not offered although its pools have quotes.
ROUTE_TOO_LARGE: Final = "ROUTE_TOO_LARGE"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a route may be at most: hops a path, paths a route."""

    most_hops: int = 2
    most_paths: int = 3


@dataclass(frozen=True, slots=True)
class Candidates:
    """The pools that a request may use: those of its pair, and of each middle token those on both sides.

    ``errors`` are of venues that could not be asked for their pools.
    """

    direct: Sequence[Pool]
    over: Mapping[Pubkey, tuple[Sequence[Pool], Sequence[Pool]]] = field(default_factory=dict)
    errors: Sequence[VenueError] = ()

    def pools(self) -> Iterator[Pool]:
        """All pools; one that serves several middle tokens comes as often."""
        yield from self.direct
        for firsts, lasts in self.over.values():
            yield from firsts
            yield from lasts


def find_routes(
    request: QuoteRequest,
    candidates: Candidates,
    snapshot: Snapshot,
    bounds: Bounds,
    answers: Answers | None = None,
    fits: Fits = all_fit,
) -> Quotes:
    """The routes for a request that fit into one transaction, best first; which pools had none, and why.

    Every pool of the pair that has a quote is among them, and the best way over each middle token: what the
    best route is compared with. Better ones that do not fit are named among the errors. ``answers`` are those
    that pools have given by this state already, and get the new ones.
    """
    answers = answers or Answers()
    direct, errors = _direct(request, candidates, snapshot, answers)
    over = [] if bounds.most_hops < 2 else [*_over(request, candidates, snapshot, answers, fits)]
    kept = [way for way in direct if fits([(way, request.amount)])]
    ways = [*kept, *(way for found, _ in over for way in found)]
    singles = ranked(ways, request.amount)
    shown = {id(way) for way in [*kept, *(found[0] for found, _ in over if found)]}
    best = singles[0].worth(request.amount) if singles else None
    splits, too_large = _splits(request, ways, best, bounds, fits)
    routes = [*((rank(split), split) for split in splits), *_routes_of_one(request, singles, shown)]
    routes.sort(key=itemgetter(0))
    alone = [way for way in direct if way not in kept] + [way for _, large in over for way in large]
    too_large += [way for way in ranked(alone, request.amount) if best is None or _beats(way, request, best)]
    errors += [_too_large(way) for way in too_large]
    if not routes and bounds.most_hops > 1:
        errors += _refusals_over(request, candidates, snapshot, answers)
    return Quotes(request, snapshot.clock.slot, tuple([route for _, route in routes]), tuple(errors))


def _direct(
    request: QuoteRequest, candidates: Candidates, snapshot: Snapshot, answers: Answers
) -> tuple[list[Way], list[VenueError]]:
    """A way over each pool of the pair, and why some have no quote: those may still take a part of it."""
    ways = direct_ways(snapshot, request, candidates.direct, answers)
    errors = list(candidates.errors)
    for way in ways:
        try:
            way.path(request.amount)
        except DexError as error:
            [pool] = way.pools
            errors.append(VenueError(pool.venue, error.code, str(error), pool.address))
    return ways, errors


def _over(
    request: QuoteRequest, candidates: Candidates, snapshot: Snapshot, answers: Answers, fits: Fits
) -> Iterator[tuple[list[Way], list[Way]]]:
    for middle, sides in candidates.over.items():
        if middle not in (request.token_in, request.token_out):
            yield ways_over(snapshot, request, middle, sides, answers, fits)


def _refusals_over(
    request: QuoteRequest, candidates: Candidates, snapshot: Snapshot, answers: Answers
) -> Iterator[VenueError]:
    for middle, sides in candidates.over.items():
        if middle not in (request.token_in, request.token_out):
            for pool, error in refusals_over(snapshot, request, middle, sides, answers):
                yield VenueError(pool.venue, error.code, str(error), pool.address)


def _routes_of_one(request: QuoteRequest, singles: Iterable[Way], shown: set[int]) -> Iterator[Ranked]:
    for way in singles:
        if id(way) in shown and (route := way.route(request.amount)):
            yield route


def _splits(
    request: QuoteRequest, ways: Sequence[Way], best: int | None, bounds: Bounds, fits: Fits
) -> tuple[list[Route], list[Way]]:
    """Splits that are worth more than ``best``, or any where no single way can take the whole amount.

    Of those that do not fit into a transaction the first way.
    """
    if bounds.most_paths < 2 or len(ways) < 2:
        return [], []
    if best is not None and not could_gain(ways, request.amount, best, LEAST_GAIN_BPS):
        return [], []
    found = [
        each for each in best_splits(ways, request.amount, bounds.most_paths, fits) if _gains(each, best)
    ]
    routes = (_route(list(zip(each.ways, each.amounts, strict=True))) for each in found if each.fits)
    return [route for route in routes if route], [each.ways[0] for each in found if not each.fits]


def _beats(way: Way, request: QuoteRequest, best: int) -> bool:
    worth = way.worth(request.amount)
    return worth is not None and worth > best


def _too_large(way: Way) -> VenueError:
    [pool, *_] = way.pools
    text = "its accounts do not fit into one transaction without a lookup table"
    return VenueError(pool.venue, ROUTE_TOO_LARGE, text, pool.address)


def _gains(shares: Shares, best: int | None) -> bool:
    return best is None or (shares.worth - best) * 10_000 >= abs(best) * LEAST_GAIN_BPS


def _route(parts: Sequence[Part]) -> Route | None:
    try:
        return route_of(parts)
    except DexError:
        return None


def reads(
    request: QuoteRequest, candidates: Candidates, snapshot: Snapshot, answers: Answers | None = None
) -> Iterator[tuple[QuoteRequest, Pool]]:
    """What each candidate is asked for at most, so that the host can read the accounts for it.

    The far side of a middle token is asked for what the near side carries by ``snapshot``; where that tells
    nothing, as an empty one does, for the request's own amount. ``answers`` as in `find_routes`.
    """
    answers = answers or Answers()
    for pool in candidates.direct:
        yield request, pool
    for middle, sides in candidates.over.items():
        near, near_pair, far, far_pair = in_order(request, middle, sides)
        for pool in near:
            yield QuoteRequest(*near_pair, request.amount, request.mode), pool
        ways = [answers.way(snapshot, (pool,), near_pair, request.mode) for pool in near]
        best = ranked(ways, request.amount) if snapshot.accounts else []
        carried = abs(best[0].worth(request.amount) or 0) if best else request.amount
        for pool in far:
            yield QuoteRequest(*far_pair, carried, request.mode), pool
