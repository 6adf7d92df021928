"""New orders of one process share transactions: whatever has gathered is one commit.

A commit waits for the disk. One at a time, that wait would cap acceptance; shared, it costs the
same for one order as for sixty-four. A single order on a quiet machine is committed at once.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Final

from django.db import Error as DatabaseError
from django.db import IntegrityError, connection, transaction

from orders.models import Order
from orders.pipeline import dispatch
from orders.platform import crash_points
from orders.platform.crash_points import crash_point
from orders.records import journal, kill_switch
from orders.telemetry import stage_log

logger = logging.getLogger(__name__)

_MOST_AT_ONCE: Final = 64
_IDLE_SECONDS: Final = 2


def insert_and_announce(orders: Sequence[Order]) -> None:
    """Write orders in one transaction; the dispatcher hears of them once it is committed.

    Raises TradingHalted while the kill switch is off: asked here, it costs a batch one query.
    """
    with transaction.atomic():
        kill_switch.require_on()
        journal.insert(orders)
        transaction.on_commit(lambda: _announce(orders))
        crash_point(crash_points.ACCEPTING)


def _announce(orders: Sequence[Order]) -> None:
    crash_point(crash_points.ACCEPTED)
    dispatch.announce([order.pk for order in orders])
    stage_log.accepted(orders)


class GroupCommit:
    """Writes orders from a thread of its own, which ends when nothing has come for a while."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[Order, Future[None]]] = deque()
        self._changed = threading.Condition()
        self._writing = False

    def write(self, order: Order, timeout_seconds: int) -> None:
        """Return when ``order`` is committed.

        Raises IntegrityError when its key is taken, TradingHalted, DatabaseError when the database
        does not take it, TimeoutError when it is not known yet whether it does.
        """
        future: Future[None] = Future()
        with self._changed:
            self._waiting.append((order, future))
            self._changed.notify()
            if not self._writing:
                self._writing = True
                threading.Thread(target=self._write_all, name="group-commit", daemon=True).start()
        future.result(timeout_seconds)

    def _write_all(self) -> None:
        try:
            while batch := self._next_batch():
                _commit(batch)
        finally:
            connection.close()

    def _next_batch(self) -> list[tuple[Order, Future[None]]]:
        with self._changed:
            if not self._waiting:
                self._changed.wait(_IDLE_SECONDS)
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST_AT_ONCE))]
            self._writing = bool(batch)
        return batch


def _commit(batch: list[tuple[Order, Future[None]]]) -> None:
    try:
        insert_and_announce([order for order, _ in batch])
    except IntegrityError as error:
        if len(batch) == 1:
            batch[0][1].set_exception(error)
            return
        # One of them repeats a key: the others must not suffer for it.
        for one in batch:
            _commit([one])
    except BaseException as error:  # noqa: BLE001 -- raised where the callers wait, none is swallowed
        if isinstance(error, DatabaseError):
            logger.warning("%d orders not accepted: %s", len(batch), type(error).__name__)
            connection.close()
        for _, future in batch:
            future.set_exception(error)
    else:
        for _, future in batch:
            future.set_result(None)
