"""REST: the new pools that were seen."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from django.db.models import Q
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from orders import gateway
from orders.api import queries, schema
from orders.api.endpoint import Endpoint
from orders.errors import InvalidRequest
from orders.models import Launch
from orders.records import launches
from orders.wire import request_fields
from orders.wire.launches import launches_as_wire
from orders.wire.request_fields import MAX_SEQUENCE, bounded_integer

_OLDER, _NEWER = "n", "p"


class _Position(NamedTuple):
    """Behind which row a page begins, and which way it goes."""

    way: str
    key: int

    def encode(self) -> str:
        """The cursor as clients carry it; its inside is no promise."""
        return base64.urlsafe_b64encode(f"{self.way}|{self.key}".encode()).decode().rstrip("=")


class Launches(Endpoint):
    """New pools; they are the same for every caller."""

    query = queries.LAUNCHES_QUERY

    @extend_schema(**schema.LAUNCHES)
    def get(self, request: Request) -> Response:
        """New pools, newest first, a page at a time."""
        limit = bounded_integer(self.values, "limit", 50, 1, queries.MOST_LAUNCHES)
        cursor = self.values.get("cursor")
        at = _decoded(cursor) if cursor else None
        rows, has_more = _page(_condition(self.values), at, limit)
        older, newer = _neighbours(rows, at, has_more)
        return Response(
            {
                "next": _url(request, older),
                "previous": _url(request, newer),
                "results": launches_as_wire(rows),
            }
        )


def _page(condition: Q, at: _Position | None, limit: int) -> tuple[list[Launch], bool]:
    """A page of rows, newest first, and whether more lie in its direction. Keys grow with time."""
    wanted = launches.ours().filter(condition)
    if at is not None and at.way == _NEWER:
        rows = list(wanted.filter(pk__gt=at.key).order_by("pk")[: limit + 1])
        return rows[:limit][::-1], len(rows) > limit
    if at is not None:
        wanted = wanted.filter(pk__lt=at.key)
    rows = list(wanted.order_by("-pk")[: limit + 1])
    return rows[:limit], len(rows) > limit


def _neighbours(
    rows: list[Launch], at: _Position | None, has_more: bool
) -> tuple[_Position | None, _Position | None]:
    if not rows:
        return None, None
    goes_back = at is None or at.way == _OLDER
    has_older, has_newer = (has_more, at is not None) if goes_back else (True, has_more)
    return (
        _Position(_OLDER, rows[-1].pk) if has_older else None,
        _Position(_NEWER, rows[0].pk) if has_newer else None,
    )


def _decoded(cursor: str) -> _Position:
    try:
        way, key = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split("|")
        if way not in {_OLDER, _NEWER} or not 0 <= int(key) <= MAX_SEQUENCE:
            raise ValueError(cursor)
        return _Position(way, int(key))
    except (binascii.Error, UnicodeError, ValueError):
        raise InvalidRequest(cursor="take it from next or previous of an earlier answer") from None


def _url(request: Request, position: _Position | None) -> str | None:
    if position is None:
        return None
    query = request.query_params.copy()
    query["cursor"] = position.encode()
    return request.build_absolute_uri(f"/api/launches?{query.urlencode()}")


def _condition(query: Mapping[str, str]) -> Q:
    refusals: dict[str, str] = {}
    wanted = Q()
    for name, read in _FILTERS.items():
        if not query.get(name):
            continue
        try:
            wanted &= read(query[name])
        except ValueError as error:
            refusals[name] = str(error)
    if refusals:
        raise InvalidRequest("The filter is not valid", **refusals)
    return wanted


def _venues(text: str) -> list[str]:
    words = sorted({word.strip().lower() for word in text.split(",")})
    known = gateway.venue_brands()
    if not known.keys() >= set(words):
        raise ValueError(f"one or more of {', '.join(sorted(known))}, separated by commas")
    return words


_FILTERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "mint": lambda text: Q(token_mint=request_fields.token_name(text)),
    "venue": lambda text: Q(venue__in=_venues(text)),
    "since": lambda text: Q(seen_at__gte=request_fields.query_moment(text)),
}
