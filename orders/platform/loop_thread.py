"""An event loop in a thread of its own, so that threads can use async clients.

One is kept a process and a purpose, and made at first use: a forked child makes its own.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

Result = TypeVar("Result")


class LoopThread:
    """Runs coroutines for other threads on one loop that lives as long as the process."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0

    def submit(self, coroutine: Coroutine[Any, Any, Result]) -> Future[Result]:
        """Start a coroutine and return at once; raises RuntimeError where the loop can get no thread."""
        try:
            loop = self._running_loop()
        except BaseException:
            coroutine.close()
            raise
        return asyncio.run_coroutine_threadsafe(coroutine, loop)

    def run(self, coroutine: Coroutine[Any, Any, Result], timeout_seconds: int) -> Result:
        """Run a coroutine to its end; raises TimeoutError when it takes longer."""
        future = self.submit(coroutine)
        try:
            return future.result(timeout_seconds)
        except TimeoutError:
            future.cancel()
            raise

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None or self._pid != os.getpid():
                loop = asyncio.new_event_loop()
                thread = threading.Thread(target=loop.run_forever, name=self._name, daemon=True)
                try:
                    thread.start()
                except BaseException:
                    # Without its thread the loop would never do what it takes: the next caller tries again.
                    loop.close()
                    raise
                self._loop, self._pid = loop, os.getpid()
            return self._loop
