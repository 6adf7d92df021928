"""HTTP requests as spans. Installed by the settings when they ask for traces."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse
from structlog import contextvars

from orders.telemetry import hooks, request_ids

# Probes, scrapes and files: many, and none is an order's.
_LEFT_OUT: Final = ("/health", "/metrics", "/static/")


class TracedRequests:
    """One span a request, which goes on with a trace that the caller began (``traceparent``)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer ``request``, and say how."""
        if request.path.startswith(_LEFT_OUT):
            return self._get_response(request)
        work = hooks.begin_request(request.method or "", request.headers)
        if work is None:
            return self._get_response(request)
        try:
            with contextvars.bound_contextvars(**work.ids):
                response = self._get_response(request)
            request_id = response.get(request_ids.HEADER, "")
            work.answered(_route(request), response.status_code, request_id)
            return response
        finally:
            work.end()


def _route(request: HttpRequest) -> str | None:
    match = request.resolver_match
    return None if match is None else f"/{match.route}"
