"""Which workers have died: what they held moves on at once, and not when its lease has run out.

A process of this machine (same boot, same namespace of process ids) is asked for by its id and the moment of
its start: that cannot be mistaken, and a frozen or slow one is there. Of others there is only the row that
each keeps alive: one that has not changed for `SILENT_SECONDS`, while this process looked all the time and
the database answered, has ended. Should it live after all, every write of it names a lease that is gone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import connection

from orders.models import Order, WorkerProcess
from orders.pipeline.stage_limit import StageLimit
from orders.platform.lazy_thread import LazyThread
from orders.platform.process_identity import is_gone
from orders.records import workers

logger = logging.getLogger(__name__)

_BEAT_SECONDS: Final = 2
SILENT_SECONDS: Final = 7
# After a longer pause of its own a look says nothing about how long others were silent.
_LONGEST_PAUSE_SECONDS: Final = 5


class Heartbeat:
    """Shows that this worker lives, from a thread that does nothing else."""

    def __init__(self, worker_name: str, limit: StageLimit) -> None:
        self._name = worker_name
        self._limit = limit
        self._stopped = threading.Event()
        self._thread = LazyThread("heartbeat", self._beat)

    def start(self) -> None:
        """Beat once, then every two seconds; does nothing where it has begun."""
        self._show()
        self._thread.ensure()

    def stop(self) -> None:
        """Beat no more; returns when the thread has ended."""
        self._stopped.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stopped.wait(_BEAT_SECONDS):
            self._show()
        connection.close()

    def _show(self) -> None:
        with self._limit.running("the sign of life"):
            _show_life(self._name)


class Undertaker:
    """Looks again and again which of the other workers have died."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._beats: dict[UUID, tuple[int, float]] = {}
        self._looked_at = float("-inf")

    def free(self) -> list[Order]:
        """Free what the dead held; those orders, as they stood. Raises what the database raises."""
        freed: list[Order] = []
        rows = workers.others()
        now = self._clock()
        if now - self._looked_at > _LONGEST_PAUSE_SECONDS:
            self._beats = {}
        self._looked_at = now
        self._beats = {row.pk: self._beat_of(row, now) for row in rows}
        for row in rows:
            if self._is_dead(row, now):
                held = workers.bury(row.pk)
                logger.warning("%s has died: %d orders that it held go on", row, len(held))
                freed.extend(held)
        return freed

    def _beat_of(self, row: WorkerProcess, now: float) -> tuple[int, float]:
        before = self._beats.get(row.pk)
        return before if before is not None and before[0] == row.beats else (row.beats, now)

    def _is_dead(self, row: WorkerProcess, now: float) -> bool:
        gone = is_gone(workers.identity_of(row))
        return now - self._beats[row.pk][1] >= SILENT_SECONDS if gone is None else gone


def _show_life(name: str) -> None:
    try:
        workers.show_life(name)
    except DatabaseError as error:
        logger.warning("no sign of life now: %s", type(error).__name__)
        connection.close()
