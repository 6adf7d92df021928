"""Sends hints to the channel layer's groups, many in one round trip, from a thread of its own.

`group_send` costs an event loop's turn and a round trip a group, which under load is more than
the order's own bookkeeping. The layer publishes a group's messages on one Redis channel, so
here they go out in one pipeline, on the same channels and in the same encoding.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from channels.layers import get_channel_layer
from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from orders.platform.lazy_thread import LazyThread

logger = logging.getLogger(__name__)

HINT_TYPE: Final = "order.hint"
UNCOUNTED: Final = 0
_BACKLOG: Final = 20_000
_TIMEOUT_SECONDS: Final = 2


@dataclass(frozen=True, slots=True)
class Hint:
    """An order of a user has reached a sequence; `UNCOUNTED`: what no event says has moved."""

    user_id: int
    order_id: UUID
    sequence: int


def order_group(order_id: UUID) -> str:
    """The group of those who follow one order."""
    return f"order.{order_id.hex}"


def user_group(user_id: int) -> str:
    """The group of those who follow every order of a user."""
    return f"orders.{user_id}"


class HintPublisher:
    """Sends hints in the order given and drops what cannot be sent."""

    def __init__(self) -> None:
        self._hints: queue.Queue[Sequence[Hint] | None] = queue.Queue(_BACKLOG)
        self._thread = LazyThread("hint-publisher", self._send_all)

    def publish(self, hints: Sequence[Hint]) -> None:
        """Queue hints; never blocks, never raises."""
        try:
            self._hints.put_nowait(hints)
        except queue.Full:
            logger.warning("hint backlog is full, %d hints dropped", len(hints))
        self._thread.ensure()

    def stop(self) -> None:
        """Send what is queued and no more; returns when the thread has ended."""
        self._hints.put(None)
        if self._thread.ensure():
            self._thread.join()

    def _send_all(self) -> None:
        while (first := self._hints.get()) is not None:
            gathered = list(first)
            stopped = False
            while not self._hints.empty() and not stopped:
                more = self._hints.get_nowait()
                stopped = more is None
                gathered.extend(more or ())
            try:
                send(gathered)
            except (RedisError, OSError) as error:
                logger.warning("%d hints not sent: %s", len(gathered), type(error).__name__)
            if stopped:
                return


def send(hints: Iterable[Hint]) -> None:
    """Publish hints now, the latest of each order; raises RedisError."""
    layer = get_channel_layer()
    with _client().pipeline(transaction=False) as pipeline:
        for group, orders in _by_group(hints).items():
            message = {"type": HINT_TYPE, "orders": orders}
            pipeline.publish(_group_channel(group), layer.serialize(message))
        pipeline.execute()


def _by_group(hints: Iterable[Hint]) -> dict[str, list[list[Any]]]:
    latest = {hint.order_id: hint for hint in hints}
    groups: dict[str, list[list[Any]]] = {}
    for hint in latest.values():
        entry = [str(hint.order_id), hint.sequence]
        groups[order_group(hint.order_id)] = [entry]
        groups.setdefault(user_group(hint.user_id), []).append(entry)
    return groups


def _group_channel(group: str) -> str:
    # channels_redis.pubsub.RedisPubSubLoopLayer names the channels of its groups so.
    return f"{_layer_settings()['prefix']}__group__{group}"


def _layer_settings() -> dict[str, Any]:
    layers: dict[str, Any] = settings.CHANNEL_LAYERS
    configured: dict[str, Any] = layers["default"]["CONFIG"]
    return configured


_clients = threading.local()


def _client() -> Redis:
    url = _layer_settings()["hosts"][0]
    if getattr(_clients, "url", None) != url:
        _clients.url = url
        _clients.client = Redis.from_url(
            url,
            socket_timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 1),
        )
    client: Redis = _clients.client
    return client
