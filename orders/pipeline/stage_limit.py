"""An end for stages that hang, and for the loops beside them.

Celery's time limits do nothing with its thread pool: nothing can end a thread. Each call of a stage has its
own limit (12 s for a node or a signer, 10 s for a transaction), so that all of them together end well below
`STAGE_SECONDS`. One that takes longer hangs where nobody has thought of, and its thread is lost: the process
then says where, and ends. Its supervisor starts it anew, and others go on with its orders at once. A step of
a loop, a sweep say, has `LOOP_SECONDS`, and more as long as it gets on. The thread that watches over all of
them does nothing that could hang.
"""

from __future__ import annotations

import itertools
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from orders.platform.lazy_thread import LazyThread

logger = logging.getLogger(__name__)

# Twelve calls of nodes that each take all of their time.
STAGE_SECONDS: Final = 150
# Some stages of one batch after another, while no broker takes messages.
LOOP_SECONDS: Final = 600
_LOOK_SECONDS: Final = 2
# EX_SOFTWARE of sysexits.h.
_STATUS: Final = 70


@dataclass(frozen=True, slots=True)
class _Running:
    stage: str
    thread_id: int
    since: float
    most_seconds: float


class StageLimit:
    """The stages that run in this process now, and the end of the process when one of them hangs."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, end: Callable[[int], object] = os._exit
    ) -> None:
        self._clock = clock
        self._end = end
        self._numbers = itertools.count()
        self._running: dict[int, _Running] = {}
        self._stopped = threading.Event()
        self._thread = LazyThread("stage-limit", self._watch)

    def start(self) -> None:
        """Watch from now on; does nothing where it has begun."""
        self._thread.ensure()

    def stop(self) -> None:
        """Watch no more; returns when the thread has ended."""
        self._stopped.set()
        self._thread.join()

    @contextmanager
    def running(self, stage: str, most_seconds: float = STAGE_SECONDS) -> Iterator[None]:
        """Count the time of a stage of this thread."""
        number = next(self._numbers)
        self._running[number] = _Running(stage, threading.get_ident(), self._clock(), most_seconds)
        try:
            yield
        finally:
            del self._running[number]

    def renew(self) -> None:
        """What this thread runs gets on: its time begins anew."""
        here, now = threading.get_ident(), self._clock()
        for number, one in list(self._running.items()):
            if one.thread_id == here:
                self._running[number] = replace(one, since=now)

    def _watch(self) -> None:
        while not self._stopped.wait(_LOOK_SECONDS):
            self.enforce()

    def enforce(self) -> None:
        """End this process if a stage has run for too long, with a line about where it stands."""
        now = self._clock()
        for one in list(self._running.values()):
            if now - one.since > one.most_seconds:
                frame = sys._current_frames().get(one.thread_id)
                where = "".join(traceback.format_stack(frame)) if frame else "nowhere"
                logger.critical(
                    "%s has hung for %d s: this process ends\n%s", one.stage, now - one.since, where
                )
                self._end(_STATUS)
                return
