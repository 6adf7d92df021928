"""What a request lets its route go over, held against the venues that there are."""

from __future__ import annotations

from collections.abc import Iterable

from dex.types import RouteBounds
from orders import gateway
from orders.errors import InvalidRequest
from orders.wire.requests import OrderIntent


def bounds_of(intent: OrderIntent) -> RouteBounds:
    """The bounds of a request; raises InvalidRequest for names that are none, and where no venue is left."""
    brands = gateway.venue_brands()
    known = {*brands, *brands.values()}
    given = {"venues": intent.venues or (), "excludeVenues": intent.exclude_venues or ()}
    refusals = {name: _refusal(known) for name, names in given.items() if not known.issuperset(names)}
    if refusals:
        raise InvalidRequest("The venues are not known", **refusals)
    bounds = RouteBounds(given["venues"], given["excludeVenues"], intent.max_hops, intent.max_splits)
    if not any(bounds.allows(venue, dex) for venue, dex in brands.items()):
        raise InvalidRequest("The bounds leave no venue", excludeVenues="leaves no venue")
    return bounds


def _refusal(known: Iterable[str]) -> str:
    return f"of {', '.join(sorted(known))}"
