"""What Celery's transports want to be told: each reads other names, and ignores those it does not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from kombu import Queue

# A worker takes from the first queue that holds something: orders on their way end before new ones begin, so
# that under load each order is slow to start, not slow in the middle. Stops that have fired and sniper orders
# begin before all others.
URGENT_QUEUE: Final = "urgent"
QUEUES: Final = [Queue(URGENT_QUEUE), Queue("submit"), Queue("build"), Queue("route")]
# What a worker has routed it builds itself, by the accounts that it has just read. What one that died has
# left there is for the sweeper; brokers that know how drop a queue that nobody has used for a while.
OWN_BUILD_QUEUE: Final = "build.{worker}"
_UNUSED_SECONDS: Final = 600

_REDIS: Final[Mapping[str, Any]] = {
    "queue_order_strategy": "priority",
    # A message that its worker took down with it is made up for by the sweeper, long before Redis would
    # give it back; keeping the unacknowledged ones there costs two transactions a message.
    "ack_emulation": False,
    "priority_steps": [0],
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
}
# Of a frozen broker a reader receives by heartbeats; a reading limit would also end an idle wait.
_AMQP: Final[Mapping[str, Any]] = {"connect_timeout": 2, "write_timeout": 5}
_BY_SCHEME: Final = {
    **dict.fromkeys(("redis", "rediss", "redis+socket", "sentinel"), _REDIS),
    **dict.fromkeys(("amqp", "amqps", "pyamqp"), _AMQP),
}


def queues_of(worker: str) -> list[Queue]:
    """What a worker of this name takes from: its own queue with those of all."""
    own = Queue(OWN_BUILD_QUEUE.format(worker=worker), expires=_UNUSED_SECONDS)
    return [*QUEUES[:-2], own, *QUEUES[-2:]]


def transport_options(url: str) -> dict[str, Any]:
    """Options for the broker at ``url``; times in seconds. Empty for a transport that is not known here."""
    return dict(_BY_SCHEME.get(urlsplit(url).scheme, {}))
