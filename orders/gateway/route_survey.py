"""One request looked at closely: its routes, the size of their transactions, how fast they are found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dex.errors import DexError
from dex.routing.batch import Ask
from dex.routing.search import find_routes
from dex.routing.timing import RoutingFigures, measure
from dex.types import QuoteRequest, Quotes, Route, Snapshot, Token
from orders.errors import ChainUnavailable
from orders.gateway.pools import left_out, with_known_pools
from orders.gateway.route_sizes import sizing_in
from orders.gateway.routes import pools_of, read_asks


class RouteSize(NamedTuple):
    """What a route's signed transaction takes: its bytes, and the compute units that it asks for."""

    bytes: int
    compute_units: int


@dataclass(frozen=True, slots=True)
class Survey:
    """The routes of a request, best first, whether they fit or not.

    ``sizes`` are those of their signed transactions, None where one cannot be built.
    """

    quotes: Quotes
    sizes: tuple[RouteSize | None, ...]


def survey_routes(token_in: Token, token_out: Token, amount_in: int) -> Survey:
    """Every route that the search finds now; raises ChainUnavailable."""
    ask, snapshot = _read(token_in, token_out, amount_in)
    quotes = find_routes(ask.request, ask.candidates, snapshot, ask.bounds)
    return Survey(quotes, tuple(_size(route, [ask], snapshot) for route in quotes.quotes))


def time_routing(token_in: Token, token_out: Token, amount_in: int, candidates: int) -> RoutingFigures:
    """How fast the pools quote and the search ends, over so many candidates; raises ChainUnavailable."""
    ask, snapshot = _read(token_in, token_out, amount_in)
    return measure(ask.request, ask.candidates, snapshot, ask.bounds, candidates, sizing_in(snapshot))


def _read(token_in: Token, token_out: Token, amount_in: int) -> tuple[Ask, Snapshot]:
    request = QuoteRequest(token_in.mint, token_out.mint, amount_in)
    try:
        [ask], snapshot, _ = with_known_pools().run(read_asks([request], [left_out()], ()))
    except DexError as error:
        raise ChainUnavailable() from error
    return ask, snapshot


def _size(route: Route, asks: Sequence[Ask], snapshot: Snapshot) -> RouteSize | None:
    sizing, pools = sizing_in(snapshot), pools_of(asks)
    try:
        return RouteSize(sizing.bytes_of(route, pools, snapshot), sizing.units_of(route, pools, snapshot))
    except DexError:
        return None
