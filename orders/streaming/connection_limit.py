"""How many WebSockets a user holds at this process, and whether there is room for another.

Counted where the connections are: a second web process counts its own.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.conf import settings

from orders.errors import TooManyRequests
from orders.telemetry import counters


class ConnectionLimit:
    """Counts on one event loop, so that nothing comes between looking and counting."""

    def __init__(self) -> None:
        self._open: Counter[Any] = Counter()

    def enter(self, user_id: Any) -> None:
        """Count one more; raises TooManyRequests when SOCKETS_PER_USER are open. 0: no limit."""
        most = settings.SOCKETS_PER_USER
        if most and self._open[user_id] >= most:
            raise TooManyRequests("Too many connections are open", mostConnections=most)
        self._open[user_id] += 1
        counters.socket_opened()

    def leave(self, user_id: Any) -> None:
        """Count one less."""
        self._open[user_id] -= 1
        counters.socket_closed()
        if self._open[user_id] <= 0:
            del self._open[user_id]
