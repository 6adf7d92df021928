"""The name of a request or a WebSocket connection: bound to all that is logged and written for it.

A client's own ``X-Request-ID`` is taken when it is well formed; otherwise one is made. An order keeps the
id that placed it in its row, so that workers can say it too, however the order came to them.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from structlog import contextvars

logger = logging.getLogger(__name__)

HEADER: Final = "X-Request-ID"
LONGEST: Final = 64
_WELL_FORMED: Final = re.compile(rf"[A-Za-z0-9._-]{{1,{LONGEST}}}")
_HEADER_BYTES: Final = HEADER.lower().encode()

AsgiApplication = Callable[[Any, Any, Any], Awaitable[Any]]


def request_id_from(text: str | None) -> str:
    """``text`` when it is a well-formed id: 1 to 64 letters, digits, dots, dashes; else a new one."""
    return text if text is not None and _WELL_FORMED.fullmatch(text) else uuid.uuid4().hex


def bound_request_id() -> str:
    """The id of the request under way, empty where there is none."""
    found: str = contextvars.get_contextvars().get("request_id", "")
    return found


class RequestIdMiddleware:
    """Binds the id while a request is answered and returns it with the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer ``request`` under its id."""
        started = time.monotonic()
        request_id = request_id_from(request.headers.get(HEADER))
        with contextvars.bound_contextvars(request_id=request_id):
            response = self._get_response(request)
            response[HEADER] = request_id
            if logger.isEnabledFor(logging.DEBUG):
                _log_answer(request, response, started)
        return response


def with_request_id(application: AsgiApplication) -> AsgiApplication:
    """The WebSocket application, each connection under an id of its own."""

    async def connection(scope: Any, receive: Any, send: Any) -> Any:
        request_id = request_id_from(_header(scope.get("headers", ())))
        with contextvars.bound_contextvars(request_id=request_id):
            return await application(scope, receive, send)

    return connection


def _header(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    return next((value.decode("latin-1") for name, value in headers if name == _HEADER_BYTES), None)


def _log_answer(request: HttpRequest, response: HttpResponse, started: float) -> None:
    milliseconds = int((time.monotonic() - started) * 1000)
    # Without the query: people put into addresses what is not for logs.
    extra = {
        "method": request.method,
        "path": request.path,
        "status": response.status_code,
        "ms": milliseconds,
    }
    logger.debug("answered", extra=extra)
