"""Codes that WebSocket connections are closed with, and which error closes with which."""

from __future__ import annotations

from typing import Final

from orders import errors

CLOSE_DONE: Final = 1000
CLOSE_TRY_LATER: Final = 1013
CLOSE_BAD_REQUEST: Final = 4400
CLOSE_UNAUTHENTICATED: Final = 4401
CLOSE_NOT_FOUND: Final = 4404
CLOSE_TOO_MANY: Final = 4429
CLOSE_FLOOD: Final = 4008


def closing_code(error: Exception) -> int:
    """The code for an error of the handshake."""
    if isinstance(error, errors.NotFound):
        return CLOSE_NOT_FOUND
    if isinstance(error, errors.TooManyRequests):
        return CLOSE_TOO_MANY
    return CLOSE_BAD_REQUEST if isinstance(error, errors.InvalidRequest) else CLOSE_TRY_LATER
