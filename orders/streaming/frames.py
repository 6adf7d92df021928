"""What a WebSocket client sends: one text frame, one JSON object, perhaps with a request id."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import parse_qs

from django.conf import settings

from orders import errors
from orders.wire.actions import ACTIONS
from orders.wire.json import read_object
from orders.wire.request_fields import unknown

_LONGEST_REQUEST_ID: Final = 128


class Arrivals:
    """When the last messages of a connection came."""

    def __init__(self, most_per_second: int) -> None:
        self._moments: deque[float] = deque(maxlen=most_per_second)

    def are_a_flood(self) -> bool:
        """Note one more; whether that makes more than may come in a second."""
        now = time.monotonic()
        is_full = len(self._moments) == self._moments.maxlen
        is_flood = is_full and now - self._moments[0] < 1
        self._moments.append(now)
        return is_flood


def read_frame(text: str | None) -> dict[str, Any]:
    """The object in a text frame; None is a binary one.

    Raises UnsupportedMediaType, PayloadTooLarge or MalformedBody.
    """
    if text is None:
        raise errors.UnsupportedMediaType("Send text frames that hold one JSON object")
    limit = settings.WEBSOCKET_MAX_MESSAGE_BYTES
    if len(text) > limit or len(text.encode("utf-8", "surrogatepass")) > limit:
        raise errors.PayloadTooLarge(maxBytes=limit)
    return read_object(text)


def query_of(scope: Mapping[str, Any]) -> dict[str, list[str]]:
    """The query string of a handshake."""
    return parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)


def require_known_fields(action: object, message: Iterable[str]) -> None:
    """Raise InvalidRequest for fields that an action does not have, UnknownAction for other actions."""
    described = ACTIONS.get(action) if isinstance(action, str) else None
    if described is None:
        raise errors.UnknownAction(known=list(ACTIONS))
    refusals = unknown(message, described.names)
    if refusals:
        raise errors.InvalidRequest(**refusals)


def take_request_id(message: dict[str, Any]) -> str | int | None:
    """Remove and return the client's name for this message; raises InvalidRequest."""
    request_id = message.pop("requestId", None)
    is_number = isinstance(request_id, int) and not isinstance(request_id, bool)
    is_text = isinstance(request_id, str) and len(request_id) <= _LONGEST_REQUEST_ID
    if request_id is not None and not is_number and not is_text:
        raise errors.InvalidRequest(
            requestId=f"a number, or text of at most {_LONGEST_REQUEST_ID} characters"
        )
    return request_id if is_number or is_text else None
