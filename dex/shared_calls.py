"""Calls whose answer is for all who ask meanwhile; belongs to one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from functools import partial
from typing import Any, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Answer = TypeVar("Answer")


class SharedCalls(Generic[Key, Answer]):
    """The calls that are under way, one of a key."""

    def __init__(self) -> None:
        self._running: dict[Key, asyncio.Task[Answer]] = {}

    def begun(self, key: Key, call: Callable[[], Coroutine[Any, Any, Answer]]) -> asyncio.Task[Answer]:
        """The call of this key that is under way, else ``call`` of now."""
        running = self._running.get(key)
        # One that has just ended is still here for a moment.
        if running is None or running.done():
            running = asyncio.create_task(call())
            self._running[key] = running
            running.add_done_callback(partial(self._forget, key))
        return running

    def _forget(self, key: Key, ended: asyncio.Task[Answer]) -> None:
        if self._running.get(key) is ended:
            del self._running[key]


async def shared(call: asyncio.Task[Answer]) -> Answer:
    """Its answer; a caller that gives up does not take it away from the others."""
    return await asyncio.shield(call)
