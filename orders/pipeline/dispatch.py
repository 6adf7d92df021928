"""From a committed row to a Celery chain, without making the caller wait for the broker.

A `Dispatcher` publishes new orders in batches as they gather, and orders that wait for a retry at their
own moment. A message lost here costs a sweep's delay, never an order: the row is the queue.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final
from uuid import UUID

from celery import Signature, chain, signature
from django.conf import settings
from django.utils import timezone
from kombu.exceptions import OperationalError

from orders.lifecycle import IN_A_HURRY, STAGES, Status
from orders.models import Order
from orders.platform.lazy_thread import LazyThread

logger = logging.getLogger(__name__)

_BACKLOG: Final = 50_000
_SPACING_SECONDS: Final = 0.02

# Hands orders at a status to the workers; raises kombu's OperationalError or OSError.
Publish = Callable[[Status, Sequence[UUID]], None]


def stages_from(status: Status, order_ids: Sequence[UUID], queue: str | None = None) -> Signature:
    """The chain that takes orders at ``status`` to the chain; ``status`` is one that tasks resume.

    Its first link goes into ``queue``, or into that of its stage.
    """
    first, *others = STAGES[status].tasks
    head = signature(first, args=([str(order_id) for order_id in order_ids],))
    if queue is not None:
        head.set(queue=queue)
    return chain(head, *(signature(name) for name in others))


def publish(status: Status, order_ids: Sequence[UUID]) -> None:
    """Publish the remaining stages of orders at ``status``; raises kombu's OperationalError."""
    if order_ids:
        stages_from(status, order_ids).apply_async()


def publish_urgently(status: Status, order_ids: Sequence[UUID]) -> None:
    """As `publish`, before all that is not under work yet; raises kombu's OperationalError."""
    if order_ids:
        stages_from(status, order_ids, settings.URGENT_QUEUE).apply_async()


class Dispatcher:
    """A thread that publishes orders through ``publish``: new ones in batches, retries when they are due.

    Those that lose by every moment, as `IN_A_HURRY` says, go through ``urgently``.
    """

    def __init__(self, publish: Publish = publish, urgently: Publish = publish_urgently) -> None:
        self.publish = publish
        self._urgently = urgently
        self._changed = threading.Condition()
        self._new: deque[UUID] = deque()
        self._alone: deque[tuple[Status, UUID]] = deque()
        self._later: list[tuple[float, int, Status, bool, UUID]] = []
        self._numbers = itertools.count()
        self._stopped = threading.Event()
        self._thread = LazyThread("dispatcher", self._run)

    def announce(self, order_ids: Iterable[UUID]) -> None:
        """Say that these new orders wait; returns at once and never raises."""
        with self._changed:
            self._new.extend(itertools.islice(order_ids, max(0, _BACKLOG - len(self._new))))
            if len(self._new) >= _BACKLOG:
                logger.warning("dispatch backlog is full, further orders wait for the sweeper")
            self._changed.notify()
        self._thread.ensure()

    def at_due_time(self, orders: Iterable[Order]) -> None:
        """Publish each of these orders when it is due, except open ones, which are for their watcher.

        Returns at once and never raises.
        """
        now, clock = timezone.now(), time.monotonic()
        with self._changed:
            for order in orders:
                if not STAGES[Status(order.status)].tasks:
                    continue
                moment = clock + max(0.0, (order.due_at - now).total_seconds())
                is_urgent = order.type in IN_A_HURRY
                entry = (moment, next(self._numbers), Status(order.status), is_urgent, order.pk)
                if len(self._later) < _BACKLOG:
                    heapq.heappush(self._later, entry)
            self._changed.notify()
        self._thread.ensure()

    def alone(self, orders: Iterable[Order]) -> None:
        """Publish each of these orders in a message of its own; returns at once and never raises."""
        with self._changed:
            self._alone.extend((Status(order.status), order.pk) for order in orders)
            self._changed.notify()
        self._thread.ensure()

    def stop(self) -> None:
        """Publish no more; returns when the thread has ended."""
        self._stopped.set()
        with self._changed:
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            for publish, status, order_ids in self._next_batches():
                self._publish_or_leave(publish, status, order_ids)
            # At once when idle; while orders pour in, messages are spaced so that batches form.
            self._stopped.wait(_SPACING_SECONDS)

    def _next_batches(self) -> list[tuple[Publish, Status, list[UUID]]]:
        """Wait until something is to be published, and take it, the urgent first: one batch a status."""
        with self._changed:
            if not self._new and not self._alone and not self._stopped.is_set():
                wait = self._later[0][0] - time.monotonic() if self._later else None
                if wait is None or wait > 0:
                    self._changed.wait(wait)
            due = self._take_due()
            batches = [
                (self._urgently if is_urgent else self.publish, status, ids[at : at + _most()])
                for (is_urgent, status), ids in sorted(due.items(), reverse=True)
                for at in _starts(ids)
            ]
            batches += [(self.publish, status, [order_id]) for status, order_id in self._alone]
            self._alone.clear()
            new = [self._new.popleft() for _ in range(min(len(self._new), _most()))]
        return [*batches, (self.publish, Status.PENDING, new)] if new else batches

    def _take_due(self) -> dict[tuple[bool, Status], list[UUID]]:
        due: dict[tuple[bool, Status], list[UUID]] = {}
        while self._later and self._later[0][0] <= time.monotonic():
            _, _, status, is_urgent, order_id = heapq.heappop(self._later)
            due.setdefault((is_urgent, status), []).append(order_id)
        return due

    def _publish_or_leave(self, publish: Publish, status: Status, order_ids: Sequence[UUID]) -> None:
        """Publish, or leave the orders to the sweeper when the broker does not take the message."""
        try:
            publish(status, order_ids)
        except (OperationalError, OSError) as error:
            logger.warning("%d orders wait for the sweeper: %s", len(order_ids), type(error).__name__)


def _most() -> int:
    return int(settings.DISPATCH_BATCH)


def _starts(ids: Sequence[UUID]) -> range:
    return range(0, len(ids), _most())
