"""How many calls a caller may make a minute. Placing orders has a limit of its own: orders.order_rate."""

from __future__ import annotations

import logging
import time
from typing import ClassVar, Final

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from orders.errors import TooManyRequests

logger = logging.getLogger(__name__)

_WINDOW_SECONDS: Final = 60
_LEAVE_CACHE_ALONE_SECONDS: Final = 5


class RequestThrottle(BaseThrottle):
    """Counts a caller's calls of the current minute in the cache; lets everybody in without one.

    After a failure the cache is left alone for some seconds, so that a Redis which does not answer
    costs one call its patience and not every call.
    """

    cache_is_away_until: ClassVar[float] = 0

    def allow_request(self, request: Request, view: object) -> bool:
        """Raises TooManyRequests from the call after REQUESTS_PER_MINUTE on; 0 switches it off."""
        most = settings.REQUESTS_PER_MINUTE
        if not most:
            return True
        window, into_window = divmod(int(time.time()), _WINDOW_SECONDS)
        if self._count(f"requests:{_caller(request)}:{window}") > most:
            wait = _WINDOW_SECONDS - into_window
            raise TooManyRequests(retryAfterSeconds=wait, requestsPerMinute=most)
        return True

    def _count(self, key: str) -> int:
        if time.monotonic() < RequestThrottle.cache_is_away_until:
            return 0
        try:
            cache.add(key, 0, timeout=2 * _WINDOW_SECONDS)
            return int(cache.incr(key))
        except (RedisError, OSError, ValueError) as error:
            # ValueError: the key was flushed between the two commands.
            logger.warning("calls are not counted: %s", type(error).__name__)
            RequestThrottle.cache_is_away_until = time.monotonic() + _LEAVE_CACHE_ALONE_SECONDS
            return 0


def _caller(request: Request) -> str:
    if request.user is not None and request.user.is_authenticated:
        return f"user:{request.user.pk}"
    return f"address:{request.META.get('REMOTE_ADDR', '')}"
