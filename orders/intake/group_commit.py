"""New orders of one process share transactions: whatever has gathered is one commit.

A commit waits for the disk. One at a time, that wait would cap acceptance; shared, it costs the
same for one order as for a hundred. A single order on a quiet machine is committed at once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import Final
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import IntegrityError, connection, transaction

from orders.errors import TooManyRequests
from orders.intake import order_rate
from orders.lifecycle import Status
from orders.models import Order
from orders.platform import crash_points
from orders.platform.crash_points import crash_point
from orders.platform.database_trouble import is_database_trouble
from orders.platform.lazy_thread import LazyThread
from orders.records import journal, kill_switch
from orders.telemetry import stage_log

logger = logging.getLogger(__name__)

# So many that a batch of the API fits into one transaction.
_MOST_AT_ONCE: Final = 100
_IDLE_SECONDS: Final = 2
# Longer than the database's own patience with locks, so that its answer is received.
WRITE_TIMEOUT_SECONDS: Final = 25


# Says that new orders are committed; returns at once and never raises.
Announce = Callable[[Iterable[UUID]], None]


class Written:
    """What became of orders whose caller waits for all of them."""

    def __init__(self, orders: Sequence[Order]) -> None:
        self._orders = orders
        self._refusals: dict[UUID, BaseException | None] = {}
        self._known = threading.Event()

    def settle(self, order: Order, refusal: BaseException | None) -> None:
        """Say why an order was not written, or with None that it is committed."""
        self._refusals[order.pk] = refusal
        if len(self._refusals) == len(self._orders):
            self._known.set()

    def outcomes(self, timeout_seconds: int) -> list[BaseException | None]:
        """The refusal of each, or None; TimeoutError for what is not known in time."""
        if self._orders:
            self._known.wait(timeout_seconds)
        return [self._refusals.get(order.pk, TimeoutError()) for order in self._orders]


Waiting = tuple[Order, Written]
Trial = tuple[Callable[[], None], "Future[None]"]


def leave_to_the_sweeper(order_ids: Iterable[UUID]) -> None:
    """Announce nothing: a sweep finds the orders within seconds."""


def insert_and_announce(orders: Sequence[Order], announce: Announce = leave_to_the_sweeper) -> None:
    """Write orders in one transaction, and announce them once it is committed.

    Raises TradingHalted while the kill switch is off, TooManyRequests where a user has no room for all of
    theirs: asked here, it costs a batch a query, and nobody gets past it.
    """

    def announce_committed() -> None:
        crash_point(crash_points.ACCEPTED)
        announce([order.pk for order in orders if order.status == Status.PENDING])
        stage_log.accepted(orders)

    with transaction.atomic():
        kill_switch.require_on()
        order_rate.take_room(orders)
        journal.insert(orders)
        transaction.on_commit(announce_committed, robust=True)
        crash_point(crash_points.ACCEPTING)


class GroupCommit:
    """Writes orders from a thread of its own, and announces them."""

    def __init__(self, announce: Announce = leave_to_the_sweeper) -> None:
        self._announce = announce
        self._waiting: deque[Waiting] = deque()
        self._trials: deque[Trial] = deque()
        self._refused: tuple[DatabaseError, float] | None = None
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = LazyThread("group-commit", self._write_all)

    def write(self, order: Order, timeout_seconds: int) -> None:
        """Return when ``order`` is committed; raises what `write_all` answers for it."""
        [refusal] = self.write_all([order], timeout_seconds)
        if refusal is not None:
            raise refusal

    def write_all(self, orders: Sequence[Order], timeout_seconds: int) -> list[BaseException | None]:
        """Return when all of ``orders`` are committed or refused; for each of them why, or None.

        IntegrityError when its key is taken, TradingHalted, TooManyRequests, DatabaseError when the database
        does not take it, TimeoutError when it is not known yet whether it does.
        """
        written = Written(orders)
        waiting = [(order, written) for order in orders]
        if connection.in_atomic_block:
            # The caller's transaction decides whether the orders exist: no other thread may write them.
            _commit(waiting, self._announce)
            return written.outcomes(timeout_seconds)
        with self._changed:
            self._waiting.extend(waiting)
        self._set_off()
        return written.outcomes(timeout_seconds)

    def try_out(self, write: Callable[[], None], outcome: Future[None]) -> None:
        """Have ``write`` done as orders are, behind those that wait; ``outcome`` is set when it is over."""
        if connection.in_atomic_block:
            _try_out(write, outcome)
            return
        with self._changed:
            self._trials.append((write, outcome))
        self._set_off()

    def last_refusal(self, seconds: float) -> DatabaseError | None:
        """Why the database did not take the last orders, if that is no longer ago than ``seconds``."""
        refused = self._refused
        if refused is None or time.monotonic() - refused[1] > seconds:
            return None
        return refused[0]

    def _set_off(self) -> None:
        with self._changed:
            self._changed.notify()
        if self._stopped or not self._thread.ensure():
            self._write_waiting()

    def stop(self) -> None:
        """Write what waits and end; returns when the thread has ended."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join()

    def _write_all(self) -> None:
        try:
            while not self._stopped:
                self._write_waiting()
                with self._changed:
                    came = self._changed.wait_for(self._has_work, _IDLE_SECONDS)
                if not came:
                    # Quiet for a while: a connection that is not needed is not kept.
                    connection.close()
        finally:
            connection.close()

    def _has_work(self) -> bool:
        return bool(self._waiting or self._trials or self._stopped)

    def _write_waiting(self) -> None:
        """Write what waits, in this thread."""
        while work := self._next_work():
            batch, trial = work
            if batch:
                refusal = _commit(batch, self._announce)
                self._refused = None if refusal is None else (refusal, time.monotonic())
            if trial is not None:
                _try_out(*trial)

    def _next_work(self) -> tuple[list[Waiting], Trial | None] | None:
        with self._changed:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), _MOST_AT_ONCE))]
            trial = self._trials.popleft() if self._trials else None
        return (batch, trial) if batch or trial else None


def _try_out(write: Callable[[], None], outcome: Future[None]) -> None:
    try:
        write()
    except BaseException as error:  # noqa: BLE001 -- raised where the outcome is read, none is swallowed
        if isinstance(error, DatabaseError) and not connection.in_atomic_block:
            connection.close()
        outcome.set_exception(error)
    else:
        outcome.set_result(None)


def _commit(batch: list[Waiting], announce: Announce) -> DatabaseError | None:
    """Write a batch and say so to its callers; what the database had against all of it, or None."""
    if not batch:
        return None
    try:
        insert_and_announce([order for order, _ in batch], announce)
    except (IntegrityError, TooManyRequests) as error:
        if len(batch) == 1:
            [(order, written)] = batch
            written.settle(order, error)
            return None
        # One of them repeats a key, or is one too many: the others must not suffer for it.
        return [_commit([one], announce) for one in batch][-1]
    except BaseException as error:  # noqa: BLE001 -- raised where the callers wait, none is swallowed
        if isinstance(error, DatabaseError):
            logger.warning("%d orders not accepted: %s", len(batch), type(error).__name__)
            connection.close()
        for order, written in batch:
            written.settle(order, error)
        return error if isinstance(error, DatabaseError) and is_database_trouble(error) else None
    for order, written in batch:
        written.settle(order, None)
    return None


_in_use: GroupCommit | None = None


def use(group_commit: GroupCommit | None) -> None:
    """Write this process's new orders through ``group_commit`` from now on; None: each by its caller."""
    global _in_use
    _in_use = group_commit


def write_all(orders: Sequence[Order], timeout_seconds: int) -> list[BaseException | None]:
    """`GroupCommit.write_all` of the one in use; without one, a transaction of these orders alone."""
    if _in_use is not None:
        return _in_use.write_all(orders, timeout_seconds)
    written = Written(orders)
    _commit([(order, written) for order in orders], leave_to_the_sweeper)
    return written.outcomes(timeout_seconds)


def try_out(write: Callable[[], None], outcome: Future[None]) -> None:
    """`GroupCommit.try_out` of the one in use; without one, done here and now."""
    if _in_use is None:
        _try_out(write, outcome)
    else:
        _in_use.try_out(write, outcome)


def last_refusal(seconds: float) -> DatabaseError | None:
    """`GroupCommit.last_refusal` of the one in use; None without one."""
    return None if _in_use is None else _in_use.last_refusal(seconds)
