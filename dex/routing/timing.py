"""How fast pools quote and the search for routes ends, in time of one core; what splits gain.

Pure but for the clock of the thread, which others on the machine do not touch.

Candidates are copies of real pools under other addresses, so that the search may combine them: their quotes
are those of the originals.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from statistics import median
from typing import Any, Final

from solders.pubkey import Pubkey

from dex.errors import DexError
from dex.routing.batch import Ask
from dex.routing.fitting import Fitting
from dex.routing.search import Bounds, Candidates, find_routes
from dex.routing.way import all_fit
from dex.transactions.route_size import Sizing
from dex.types import Quote, QuoteRequest, Snapshot
from dex.venues.base import Pool

_QUOTES: Final = 2_000
_SEARCHES: Final = 21


@dataclass(frozen=True, slots=True)
class RoutingFigures:
    """Quotes per second by venue; candidates searched, and seconds of a search: the median and the slowest.

    ``gain`` is what the best route pays more than the best single pool, in hundredths of a basis point;
    ``gain_of_any_size`` that of the best one whether it fits into a transaction or not. None where no pool of
    the pair takes the amount alone.
    """

    quotes_per_second: Mapping[str, int]
    candidates: int
    search_seconds: float
    slowest_seconds: float
    gain: int | None
    gain_of_any_size: int | None


class _Copy:
    """A pool under another address."""

    def __init__(self, pool: Pool, address: Pubkey) -> None:
        self._pool = pool
        self.address = address

    def quote(self, snapshot: Snapshot, request: QuoteRequest) -> Quote:
        return replace(self._pool.quote(snapshot, request), pool=self.address)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)


def measure(
    request: QuoteRequest,
    candidates: Candidates,
    snapshot: Snapshot,
    bounds: Bounds,
    wanted: int,
    sizing: Sizing,
) -> RoutingFigures:
    """Time quotes of each venue of the pair, and searches over ``wanted`` candidates for what fits."""
    many = _multiplied(candidates, wanted)
    pools = {pool.address: pool for pool in many.pools()}
    fitting = Fitting(lambda route, state: sizing.fits(route, pools, state))
    ask = Ask(request, many, bounds)
    seconds = sorted(_search_seconds(ask, snapshot, fitting) for _ in range(_SEARCHES))
    rates = {pool.venue: _rate(pool, snapshot, request) for pool in candidates.direct}
    found = {name: rate for name, rate in sorted(rates.items()) if rate}
    searched, slowest = sum(1 for _ in many.pools()), seconds[-1]
    own = replace(ask, candidates=candidates)
    gains = _gain(own, snapshot, fitting), _gain(own, snapshot, None)
    return RoutingFigures(found, searched, median(seconds), slowest, *gains)


def _gain(ask: Ask, snapshot: Snapshot, fitting: Fitting | None) -> int | None:
    """Hundredths of a basis point that the best route pays over the best single pool."""
    fits = all_fit if fitting is None else fitting.together
    routes = find_routes(ask.request, ask.candidates, snapshot, ask.bounds, fits=fits).quotes
    alone = [route.amount_out for route in routes if len(route.legs) == 1]
    return (routes[0].amount_out - max(alone)) * 1_000_000 // max(alone) if alone else None


def _multiplied(candidates: Candidates, wanted: int) -> Candidates:
    """The candidates and copies of them, in turn, until there are ``wanted``."""
    have = sum(1 for _ in candidates.pools())
    if not have:
        return candidates
    factor = max(1, -(-wanted // have))
    over = {
        middle: (_copies(firsts, factor), _copies(lasts, factor))
        for middle, (firsts, lasts) in candidates.over.items()
    }
    direct = list(candidates.direct)
    rest = wanted - sum(len(a) + len(b) for a, b in over.values())
    return Candidates(tuple(islice(_with_copies(direct), max(len(direct), rest))) if direct else (), over)


def _copies(pools: Sequence[Pool], factor: int) -> tuple[Pool, ...]:
    return tuple(islice(_with_copies(pools), len(pools) * factor)) if pools else ()


def _with_copies(pools: Sequence[Pool]) -> Iterator[Any]:
    yield from pools
    for pool in cycle(pools):
        yield _Copy(pool, Pubkey.new_unique())


def _search_seconds(ask: Ask, snapshot: Snapshot, fitting: Fitting) -> float:
    started = time.thread_time()
    find_routes(ask.request, ask.candidates, snapshot, ask.bounds, fits=fitting.together)
    return time.thread_time() - started


def _rate(pool: Pool, snapshot: Snapshot, request: QuoteRequest) -> int:
    """Quotes per second for amounts that differ; 0 where the pool has none."""
    started = time.thread_time()
    try:
        for number in range(_QUOTES):
            pool.quote(snapshot, replace(request, amount=request.amount - number))
    except DexError:
        return 0
    return round(_QUOTES / (time.thread_time() - started))
