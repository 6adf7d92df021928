"""How many calls a caller may make per minute. Placing orders has a limit of its own: orders.order_rate."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Final

from django.conf import settings
from redis import Redis
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from orders.errors import TooManyRequests
from orders.platform.redis_client import BriefRedis

_WINDOW_SECONDS: Final = 60
# Callers without credentials are counted by address, and there are many addresses.
_MOST_CALLERS: Final = 100_000


class CallCounts:
    """Counts callers' calls of the current minute: for all web processes in Redis, and for this one here.

    The larger count holds. So without Redis, or with one that has forgotten, the limit is one of each process
    for itself, and no call waits for a Redis that does not answer.
    """

    def __init__(self, redis: BriefRedis) -> None:
        self.redis = redis
        self._lock = threading.Lock()
        self._window = 0
        self._here: Counter[str] = Counter()

    def count(self, caller: str, window: int) -> int:
        """Which call of ``caller`` in the minute ``window`` this is."""
        here = self._count_here(caller, window)
        everywhere = self.redis.ask(lambda redis: _count_in(redis, f"requests:{caller}:{window}"))
        return max(here, everywhere or 0)

    def forget(self) -> None:
        """Begin the minute anew in this process, and ask Redis again."""
        self._window = 0
        self.redis.forget_failures()

    def _count_here(self, caller: str, window: int) -> int:
        with self._lock:
            if window != self._window or len(self._here) > _MOST_CALLERS:
                self._window, self._here = window, Counter()
            self._here[caller] += 1
            return self._here[caller]


def _count_in(redis: Redis, key: str) -> int:
    # One round trip for both; a key that is counted on lives until its minute is over.
    pipeline = redis.pipeline(transaction=False)
    pipeline.incr(key)
    pipeline.expire(key, 2 * _WINDOW_SECONDS)
    return int(pipeline.execute()[0])


call_counts: Final = CallCounts(BriefRedis("calls are counted by each process for itself"))


class RequestThrottle(BaseThrottle):
    """Refuses calls above REQUESTS_PER_MINUTE of a caller; 0 switches it off."""

    def allow_request(self, request: Request, view: object) -> bool:
        """Raises TooManyRequests from the call after REQUESTS_PER_MINUTE on."""
        most = settings.REQUESTS_PER_MINUTE
        if not most:
            return True
        window, into_window = divmod(int(time.time()), _WINDOW_SECONDS)
        if call_counts.count(_caller(request), window) > most:
            wait = _WINDOW_SECONDS - into_window
            raise TooManyRequests(retryAfterSeconds=wait, requestsPerMinute=most)
        return True


def _caller(request: Request) -> str:
    if request.user is not None and request.user.is_authenticated:
        return f"user:{request.user.pk}"
    return f"address:{request.META.get('REMOTE_ADDR', '')}"
