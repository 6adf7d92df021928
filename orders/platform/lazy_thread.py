"""A thread that is started when there is something for it to do, and again when it could not be or has died.

A system that has no thread to give (no memory, no process ids) raises in ``Thread.start``. That must not
leave an object behind that takes itself for running: what it had to do stays queued, and the next caller
tries again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

logger = logging.getLogger(__name__)


class LazyThread:
    """A daemon thread that runs ``run``, which returns only when its object is stopped."""

    def __init__(self, name: str, run: Callable[[], None]) -> None:
        self._name = name
        self._run = run
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def ensure(self) -> bool:
        """Whether the thread runs, started now if need be; False where the system gives none now."""
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                return True
            try:
                thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                thread.start()
            except (RuntimeError, MemoryError) as error:
                logger.error("thread %s could not be started: %s", self._name, type(error).__name__)
                return False
            self._thread = thread
            return True

    def join(self) -> None:
        """Return when the thread has ended; at once where it never ran."""
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()
