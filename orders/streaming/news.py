"""Waiting for a user's next event without a thread: what a long poll does between two looks at the rows."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final
from uuid import UUID

from django.conf import settings

from orders.notify import hints
from orders.streaming.groups import fan_out


class News:
    """A listener that wakes those who wait, by a hint or, in case one is lost, by the clock of all groups."""

    def __init__(self) -> None:
        self._came = asyncio.Event()

    def take_hints(self, hints: Mapping[UUID, int]) -> None:
        """An order of the user has an event."""
        self._came.set()

    def recover(self) -> None:
        """A hint may have been lost."""
        self._came.set()

    async def wait(self) -> None:
        """Return at the next of these."""
        await self._came.wait()
        self._came.clear()


_waiting: Final[Counter[Any]] = Counter()


@asynccontextmanager
async def listening(user_id: Any) -> AsyncIterator[News | None]:
    """News of a user's orders; None where SOCKETS_PER_USER of this user wait already (0: no limit)."""
    most = settings.SOCKETS_PER_USER
    if most and _waiting[user_id] >= most:
        yield None
        return
    news, group = News(), fan_out().group(hints.user_group(user_id))
    _waiting[user_id] += 1
    try:
        await fan_out().join(group, news, all_hints=True)
        yield news
    finally:
        _waiting[user_id] -= 1
        if not _waiting[user_id]:
            del _waiting[user_id]
        await fan_out().leave(group, news, ())
