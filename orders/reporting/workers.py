"""Which workers are alive, and what each works on: by their rows, and by what they leave in Redis."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from orders.models import FiguresWatch, LaunchWatch, PriceWatch, WatchedPair, WorkerProcess
from orders.pipeline.fleet import SILENT_SECONDS
from orders.pipeline.sweeper import HEARTBEAT_KEY
from orders.records import leases

_REDIS_TIMEOUT_SECONDS: Final = 0.5
# Others take one that is silent for longer for dead.
_SILENT: Final = timedelta(seconds=SILENT_SECONDS)
_DUTIES: Final[tuple[tuple[str, Any], ...]] = (
    ("new pools", LaunchWatch),
    ("price samples", PriceWatch),
    ("figures of days", FiguresWatch),
)


class WorkerAtWork(NamedTuple):
    """A worker, whether it has shown life lately, how many orders it holds, and what else it does alone."""

    row: WorkerProcess
    lives: bool
    orders: int
    duties: tuple[str, ...]


def fleet(now: datetime) -> list[WorkerAtWork]:
    """The workers that run or have died lately, by name."""
    rows = WorkerProcess.objects.order_by("name", "started")
    return [
        WorkerAtWork(row, row.seen_at >= now - _SILENT, leases.held_by(row.pk), tuple(_duties(row.pk, now)))
        for row in rows
    ]


def _duties(worker: UUID, now: datetime) -> Iterator[str]:
    held = {"lease_token": worker, "lease_until__gt": now}
    yield from (name for name, model in _DUTIES if model.objects.filter(**held).exists())
    pairs = WatchedPair.objects.filter(**held).count()
    if pairs:
        yield f"{pairs} watched pair{'s' if pairs > 1 else ''}"


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
