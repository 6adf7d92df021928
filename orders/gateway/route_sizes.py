"""Which routes fit into one transaction, by the lookup tables of the settings as the chain has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import takewhile

from django.conf import settings
from solders.pubkey import Pubkey

from dex.errors import KeyUnavailable
from dex.routing.fitting import Fitting
from dex.routing.search import ROUTE_TOO_LARGE
from dex.transactions.route_size import Sizing
from dex.types import Quotes, Route, Snapshot, VenueError
from dex.venues.base import Pool
from orders.gateway import lookup_tables
from orders.gateway.connection import connection
from orders.gateway.wallet import wallet_address


def sizing_in(snapshot: Snapshot) -> Sizing:
    """What the size of a route's transaction depends on beside the route."""
    return Sizing(
        payer=_payer(),
        venues=connection().venues,
        lookup_tables=lookup_tables.tables_in(snapshot),
        tips=bool(settings.JITO_URL),
    )


def fitting_in(snapshot: Snapshot, pools: Mapping[Pubkey, Pool]) -> Fitting:
    """What this process knows of the sizes of routes, for as long as the tables are the same."""
    sizing, chain = sizing_in(snapshot), connection()

    def fits(route: Route, state: Snapshot) -> bool:
        return sizing.fits(route, pools, state)

    by = (sizing.tips, *((table.key, len(table.addresses)) for table in sizing.lookup_tables))
    known = chain.fittings.get(by)
    if known is None:
        known = Fitting(fits)
        chain.fittings = {by: known}
    return known.asking(fits)


def without_too_large(
    found: Quotes, pools: Mapping[Pubkey, Pool], snapshot: Snapshot, fitting: Fitting
) -> Quotes:
    """``found`` without the routes before the first that fits by its own amounts."""
    sizing = sizing_in(snapshot)

    def has_room(route: Route) -> bool:
        return sizing.has_room(route, pools, snapshot)

    def is_too_large(route: Route) -> bool:
        return not fitting.has_room(route, has_room) and not sizing.fits(route, pools, snapshot)

    too_large = list(takewhile(is_too_large, found.quotes))
    if not too_large:
        return found
    for route in too_large:
        fitting.note_too_large(route)
    text = "its accounts do not fit into one transaction without a lookup table"
    errors = tuple(VenueError(route.venue, ROUTE_TOO_LARGE, text, route.pool) for route in too_large)
    return replace(found, quotes=found.quotes[len(too_large) :], errors=(*found.errors, *errors))


def _payer() -> Pubkey:
    try:
        return wallet_address()
    except KeyUnavailable:
        # A web server that knows no wallet can quote: any address is as long.
        return Pubkey.default()
