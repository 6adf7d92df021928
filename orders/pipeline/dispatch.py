"""From a committed row to a Celery chain, without making the caller wait for the broker.

``announce`` hands ids to a thread, which sends whatever has gathered as one chain, at once when
idle. A message lost here costs a sweep's delay, never an order: the row is the queue.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from celery import Signature, chain, signature
from django.conf import settings
from kombu.exceptions import OperationalError

from orders.lifecycle import Status

logger = logging.getLogger(__name__)

STAGES: Final = ("orders.route_orders", "orders.build_orders", "orders.submit_orders")
_FIRST_STAGE: Final = {Status.PENDING: 0, Status.ROUTING: 0, Status.BUILDING: 1}
_BACKLOG: Final = 50_000
_SPACING_SECONDS: Final = 0.02


def stages_from(status: Status, order_ids: Sequence[UUID]) -> Signature:
    """The chain that takes orders at ``status`` to the chain; status is pending, routing or building."""
    first, *others = STAGES[_FIRST_STAGE[status] :]
    head = signature(first, args=([str(order_id) for order_id in order_ids],))
    return chain(head, *(signature(name) for name in others))


def resume(status: Status, order_ids: Sequence[UUID], countdown_seconds: int = 0) -> None:
    """Publish the rest of the way for orders at ``status``; raises kombu's OperationalError."""
    if order_ids:
        stages_from(status, order_ids).apply_async(countdown=countdown_seconds)


def resume_or_leave(status: Status, order_ids: Sequence[UUID], countdown_seconds: int = 0) -> None:
    """``resume``, or leave the orders to the sweeper when the broker does not take the message."""
    try:
        resume(status, order_ids, countdown_seconds)
    except (OperationalError, OSError) as error:
        logger.warning("%d orders wait for the sweeper: %s", len(order_ids), type(error).__name__)


def announce(order_ids: Iterable[UUID]) -> None:
    """Say that these new orders wait; returns at once and never raises."""
    _dispatcher.put(order_ids)


class Dispatcher:
    """A thread that publishes gathered ids in batches."""

    def __init__(self) -> None:
        self._ids: queue.Queue[UUID] = queue.Queue(_BACKLOG)
        self._lock = threading.Lock()
        self._pause = threading.Event()
        self._thread: threading.Thread | None = None

    def put(self, order_ids: Iterable[UUID]) -> None:
        self._start_once()
        for order_id in order_ids:
            try:
                self._ids.put_nowait(order_id)
            except queue.Full:
                logger.warning("dispatch backlog is full, order %s waits for the sweeper", order_id)

    def _start_once(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._publish, name="dispatcher", daemon=True)
                self._thread.start()

    def _publish(self) -> None:
        next_at = time.monotonic()
        while True:
            batch = [self._ids.get()]
            # At once when idle; while orders pour in, messages are spaced so that batches form.
            self._pause.wait(max(0, next_at - time.monotonic()))
            while len(batch) < settings.DISPATCH_BATCH and not self._ids.empty():
                batch.append(self._ids.get_nowait())
            next_at = time.monotonic() + _SPACING_SECONDS
            resume_or_leave(Status.PENDING, batch)


_dispatcher = Dispatcher()
