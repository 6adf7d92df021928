"""REST calls of the books: the caller's fills, and what they have made of each token."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.db.models import Q
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response

from orders import gateway
from orders.api import book_schema, pages
from orders.api.endpoint import Endpoint
from orders.errors import InvalidRequest
from orders.reporting.csv_text import one_by_one
from orders.reporting.fills import confirmed_swaps, csv_pieces, with_costs
from orders.reporting.portfolio import portfolio, portfolio_csv
from orders.reporting.portfolio_curve import curve_of
from orders.wire import request_fields
from orders.wire.fills import FILL
from orders.wire.portfolio import PORTFOLIO
from orders.wire.portfolio_curve import INTERVALS, POINT
from orders.wire.request_fields import bounded_integer

_CSV = "text/csv; charset=utf-8"


class _ByAcceptAlone(DefaultContentNegotiation):
    """`format` is a parameter of these calls, and chooses no renderer of the framework."""

    def filter_renderers(self, renderers: Any, format: Any) -> Any:
        """All of them."""
        return renderers


class Fills(Endpoint):
    """Confirmed swaps."""

    content_negotiation_class = _ByAcceptAlone
    query = book_schema.FILLS_QUERY

    @extend_schema(**book_schema.FILLS)
    def get(self, request: Request) -> HttpResponseBase:
        """The caller's fills, newest first, a page at a time; or all that fit as CSV."""
        limit = bounded_integer(self.values, "limit", 50, 1, book_schema.MOST_FILLS)
        wanted = confirmed_swaps(Endpoint.caller(request)).filter(_condition(self.values))
        if _is_csv(self.values):
            return _csv(request, "fills", csv_pieces(wanted))
        cursor = self.values.get("cursor")
        position = pages.decode_cursor(cursor) if cursor else None
        page = pages.read_page(wanted, [Q()], position, limit, pages.CONFIRMED)
        return Response(
            {
                "next": pages.url_of(request, page.next),
                "previous": pages.url_of(request, page.previous),
                "results": [FILL.of(fill) for fill in with_costs(page.orders)],
            }
        )


class Portfolio(Endpoint):
    """What the swaps have made of each token."""

    content_negotiation_class = _ByAcceptAlone
    query = book_schema.PORTFOLIO_QUERY

    @extend_schema(**book_schema.PORTFOLIO_CALL)
    def get(self, request: Request) -> HttpResponseBase:
        """Balances with their value, average cost and profit, a token each."""
        is_csv = _is_csv(self.values)
        found = portfolio(Endpoint.caller(request))
        if is_csv:
            return _csv(request, "portfolio", iter([portfolio_csv(found)]))
        return Response(PORTFOLIO.of(found))


class PortfolioHistory(Endpoint):
    """What the swaps had made of each token over time."""

    query = book_schema.PORTFOLIO_HISTORY_QUERY

    @extend_schema(**book_schema.PORTFOLIO_HISTORY)
    def get(self, request: Request) -> Response:
        """Value, cost and profit at the end of each span, the last one now."""
        interval = self.values.get("interval", book_schema.USUAL_INTERVAL)
        if interval not in INTERVALS:
            raise InvalidRequest(interval=f"one of {', '.join(INTERVALS)}")
        points = bounded_integer(self.values, "points", book_schema.USUAL_POINTS, 2, book_schema.MOST_POINTS)
        found = curve_of(Endpoint.caller(request), INTERVALS[interval], points, timezone.now())
        return Response(
            {
                "interval": interval,
                "leftOut": list(found.left_out),
                "points": [POINT.of(point) for point in found.points],
            }
        )


def _is_csv(values: Mapping[str, str]) -> bool:
    found = values.get("format", "json")
    if found not in {"json", "csv"}:
        raise InvalidRequest(format="json or csv")
    return found == "csv"


def _csv(request: Request, name: str, pieces: Iterator[str]) -> HttpResponseBase:
    """A file that is sent while it is made, where the server can."""
    is_asynchronous = isinstance(request._request, ASGIRequest)
    answer: HttpResponse | StreamingHttpResponse = (
        StreamingHttpResponse(one_by_one(pieces), content_type=_CSV)
        if is_asynchronous
        else HttpResponse("".join(pieces), content_type=_CSV)
    )
    answer["Content-Disposition"] = f'attachment; filename="{name}-{timezone.now():%Y-%m-%d-%H%M%S}.csv"'
    return answer


def _condition(values: Mapping[str, str]) -> Q:
    """The filters; raises InvalidRequest and UnknownToken."""
    wanted, refusals = Q(), {}
    for name, comparison in (("from", "confirmed_at__gte"), ("to", "confirmed_at__lt")):
        if not values.get(name):
            continue
        try:
            wanted &= Q(**{comparison: request_fields.query_moment(values[name])})
        except ValueError as error:
            refusals[name] = str(error)
    if refusals:
        raise InvalidRequest("The filter is not valid", **refusals)
    return wanted & _of_token(values["token"]) if values.get("token") else wanted


def _of_token(text: str) -> Q:
    try:
        name = request_fields.token_name(text)
    except ValueError as error:
        raise InvalidRequest("The filter is not valid", token=str(error)) from None
    mint = str((gateway.token_by_mint(name) or gateway.find_token(name)).mint)
    return Q(token_in=mint) | Q(token_out=mint)
