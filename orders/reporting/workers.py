"""How many workers are alive, by the heartbeats that they leave in Redis."""

from __future__ import annotations

from typing import Final

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from orders.pipeline.sweeper import HEARTBEAT_KEY

_REDIS_TIMEOUT_SECONDS: Final = 0.5


def living_workers() -> int | None:
    """How many workers have shown a sign of life lately; None when Redis does not answer."""
    try:
        with redis.Redis.from_url(
            str(settings.CACHES["default"]["LOCATION"]),
            socket_timeout=_REDIS_TIMEOUT_SECONDS,
            socket_connect_timeout=_REDIS_TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        ) as client:
            return sum(1 for _ in client.scan_iter(match=HEARTBEAT_KEY.format(name="*"), count=1000))
    except (RedisError, OSError):
        return None
