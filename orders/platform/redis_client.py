"""A Redis that is asked with little patience, for what a request can do without."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)
Answer = TypeVar("Answer")

_PATIENCE_SECONDS: Final = 0.05
_LEAVE_ALONE_SECONDS: Final = 5


class BriefRedis:
    """The cache's Redis; asking never raises, and after a failure it is left alone for some seconds.

    So one that does not answer costs a process one wait of ``patience_seconds``, not one for every request.
    ``without_it`` is what the log says of that time.
    """

    def __init__(self, without_it: str, patience_seconds: float = _PATIENCE_SECONDS) -> None:
        self._without_it = without_it
        self._patience_seconds = patience_seconds
        self._lock = threading.Lock()
        self._client: Redis | None = None
        self.location = ""
        self.away_until = 0.0

    def ask(self, question: Callable[[Redis], Answer]) -> Answer | None:
        """What ``question`` makes of a client, or None from a Redis that does not answer."""
        if time.monotonic() < self.away_until:
            return None
        try:
            return question(self._connected())
        except (RedisError, OSError) as error:
            logger.warning("%s: %s", self._without_it, type(error).__name__)
            self.away_until = time.monotonic() + _LEAVE_ALONE_SECONDS
            return None

    def forget_failures(self) -> None:
        """Ask again at once."""
        self.away_until = 0.0

    def _connected(self) -> Redis:
        location = str(settings.CACHES["default"]["LOCATION"])
        with self._lock:
            if self._client is None or self.location != location:
                self.location, self._client = location, self._connect(location)
            return self._client

    def _connect(self, location: str) -> Redis:
        return Redis.from_url(
            location,
            socket_timeout=self._patience_seconds,
            socket_connect_timeout=self._patience_seconds,
            retry=Retry(NoBackoff(), 0),
        )
