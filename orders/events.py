"""The wire message of an event, the group names, and the hint that something new is there.

A push carries only "order N has reached sequence M": whoever gets it reads the rows. A lost
push therefore costs time, never content, and nothing here may fail or delay an order.
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
from redis.exceptions import RedisError

from orders.loop_thread import LoopThread
from orders.models import OrderEvent

logger = logging.getLogger(__name__)

HINT_TYPE: Final = "order.hint"
_BACKLOG: Final = 20_000
_PUSH_TIMEOUT_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class Hint:
    """An order of a user has reached a sequence."""

    user_id: int
    order_id: UUID
    sequence: int


def order_group(order_id: UUID) -> str:
    """The group of those who follow one order."""
    return f"order.{order_id.hex}"


def user_group(user_id: int) -> str:
    """The group of those who follow every order of a user."""
    return f"orders.{user_id}"


def as_wire(event: OrderEvent) -> dict[str, Any]:
    """The stream message of CONTRACTS for one event row."""
    return {
        "type": "update",
        "orderId": str(event.order_id),
        "sequence": event.sequence,
        "status": event.status,
        "at": event.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        **event.data,
    }


class HintPublisher:
    """Sends hints from a thread of its own, in the order given, dropping what cannot be sent."""

    def __init__(self) -> None:
        self._hints: queue.Queue[Sequence[Hint]] = queue.Queue(_BACKLOG)
        self._loop = LoopThread("hint-publisher-loop")
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def publish(self, hints: Sequence[Hint]) -> None:
        """Queue hints; never blocks, never raises."""
        self._start_once()
        try:
            self._hints.put_nowait(hints)
        except queue.Full:
            logger.warning("hint backlog is full, %d hints dropped", len(hints))

    def _start_once(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._drain, name="hint-publisher", daemon=True)
                self._thread.start()

    def _drain(self) -> None:
        while True:
            gathered = list(self._hints.get())
            while not self._hints.empty():
                gathered.extend(self._hints.get_nowait())
            try:
                self._loop.run(_push(gathered), _PUSH_TIMEOUT_SECONDS)
            except (RedisError, OSError, TimeoutError) as error:
                logger.warning("%d hints not pushed: %s", len(gathered), type(error).__name__)


async def _push(hints: Iterable[Hint]) -> None:
    layer = get_channel_layer()
    by_user: dict[int, list[list[Any]]] = {}
    latest: dict[UUID, Hint] = {}
    for hint in hints:
        latest[hint.order_id] = hint
    for hint in latest.values():
        entry = [str(hint.order_id), hint.sequence]
        by_user.setdefault(hint.user_id, []).append(entry)
        await layer.group_send(order_group(hint.order_id), {"type": HINT_TYPE, "orders": [entry]})
    for user_id, entries in by_user.items():
        await layer.group_send(user_group(user_id), {"type": HINT_TYPE, "orders": entries})


_publisher = HintPublisher()


def publish(hints: Sequence[Hint]) -> None:
    """Tell whoever listens that these orders have news; call it after the commit."""
    _publisher.publish(hints)
