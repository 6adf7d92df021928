"""REST: prices over time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dex.types import Token
from orders import gateway
from orders.api import book_schema
from orders.api.endpoint import Endpoint
from orders.errors import InvalidRequest, SameToken
from orders.notify import price_interest
from orders.reporting.candles import MOST_CANDLES, Asked, candles
from orders.wire import request_fields
from orders.wire.candles import CANDLE, INTERVALS


class Candles(Endpoint):
    """Sampled prices of a pair."""

    query = book_schema.CANDLES_QUERY

    @extend_schema(**book_schema.CANDLES_CALL)
    def get(self, request: Request) -> Response:
        """Open, high, low and close of each span, with the caller's own trades."""
        interval = self.values.get("interval", "1m")
        if interval not in INTERVALS:
            raise InvalidRequest(interval=f"one of {', '.join(INTERVALS)}")
        token_in, token_out = _token(self.values, "tokenIn"), _token(self.values, "tokenOut")
        if token_in.mint == token_out.mint:
            raise SameToken()
        asked = Asked(token_in, token_out, INTERVALS[interval], *_span(self.values, INTERVALS[interval]))
        price_interest.note(asked.pair)
        found = candles(asked, Endpoint.caller(request))
        return Response(
            {
                "tokenIn": token_in.symbol,
                "tokenOut": token_out.symbol,
                "tokenInMint": str(token_in.mint),
                "tokenOutMint": str(token_out.mint),
                "interval": interval,
                "candles": [CANDLE.of(candle) for candle in found],
            }
        )


def _token(values: Mapping[str, str], name: str) -> Token:
    """A token that is listed or was named before: the chain is not asked for prices of the past."""
    try:
        return gateway.find_token(request_fields.token_name(values.get(name)))
    except ValueError as error:
        raise InvalidRequest("The query is not valid", **{name: str(error)}) from None


def _span(values: Mapping[str, str], interval: int) -> tuple[datetime, datetime]:
    """From when until before when, no longer than the candles of one answer."""
    ends = _moment(values, "to") or timezone.now()
    try:
        longest = ends - timedelta(seconds=interval * MOST_CANDLES)
    except OverflowError:
        raise InvalidRequest("The query is not valid", to="too early") from None
    return max(_moment(values, "from") or longest, longest), ends


def _moment(values: Mapping[str, str], name: str) -> datetime | None:
    if not values.get(name):
        return None
    try:
        return request_fields.query_moment(values[name])
    except ValueError as error:
        raise InvalidRequest("The query is not valid", **{name: str(error)}) from None
