"""REST: the feed of all events of a caller, with a long poll."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from orders.api import queries, schema
from orders.api.endpoint import AGAIN, Endpoint
from orders.errors import InvalidRequest
from orders.records import feed
from orders.wire.feed import FEED_PAGE
from orders.wire.request_fields import bounded_integer, position


class Waiting(Response):
    """An answer without news, which the server may keep for so many seconds until there are some."""

    def __init__(self, data: Any, user_id: Any, position: int, seconds: int) -> None:
        super().__init__(data)
        self.user_id, self.position, self.seconds = user_id, position, seconds


class Events(Endpoint):
    """The feed of the caller's events."""

    query = queries.FEED_QUERY

    @extend_schema(**schema.FEED)
    def get(self, request: Request) -> Response:
        """Every event of every order of the caller behind `after`, in one order that skips none.

        Hand on `cursor` as the next `after`. With `wait` an answer without events is held back until
        there is one, at most for so many seconds; no thread waits with it.
        """
        user_id = self.caller(request).pk
        limit = bounded_integer(self.values, "limit", 100, 1, queries.MOST_EVENTS)
        seconds = bounded_integer(self.values, "wait", 0, 0, queries.LONGEST_WAIT)
        after = _after(request, self.values.get("after", "0"))
        page = feed.read(user_id, after, limit)
        answer = FEED_PAGE.of(page)
        return (
            Response(answer)
            if page.events or not seconds
            else Waiting(answer, user_id, page.position, seconds)
        )


def _after(request: Request, text: str) -> int:
    # A call that is made again goes on where it has come: `latest` is a place, not the newest at any time.
    again: int | None = getattr(request, "scope", {}).get(AGAIN)
    if again is not None:
        return again
    try:
        after = position(text)
    except ValueError as error:
        raise InvalidRequest(after=str(error)) from None
    return feed.latest() if after is None else after
