"""Open connections whose token, session or user does not hold any more are closed.

A WebSocket is let in once and may stay for a day. Every `SOCKET_CHECK_SECONDS` all of this process are
asked for together: a few queries, however many connections there are.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import Error as DatabaseError

from orders.access.credentials import Credential, ended

logger = logging.getLogger(__name__)


class Holder(Protocol):
    """A connection that was let in with a credential."""

    credential: Credential

    async def revoke(self) -> None:
        """Close: the credential does not hold any more."""


class Revocation:
    """The connections of one event loop and the clock by which they are looked at."""

    def __init__(self) -> None:
        self._holders: set[Holder] = set()
        self._clock: asyncio.Task[None] | None = None

    def enter(self, holder: Holder) -> None:
        """Look at this connection from now on."""
        self._holders.add(holder)
        if self._clock is None:
            self._clock = asyncio.create_task(self._tick())

    def leave(self, holder: Holder) -> None:
        """Look at it no more; the last one stops the clock."""
        self._holders.discard(holder)
        if not self._holders and self._clock is not None:
            self._clock.cancel()
            self._clock = None

    async def _tick(self) -> None:
        check = database_sync_to_async(ended, thread_sensitive=False)
        while True:
            await asyncio.sleep(settings.SOCKET_CHECK_SECONDS)
            try:
                gone = await check({holder.credential for holder in self._holders})
            except DatabaseError as error:
                logger.warning("open connections not checked: %s", type(error).__name__)
                continue
            revoked = [holder for holder in self._holders if holder.credential in gone]
            await asyncio.gather(*(holder.revoke() for holder in revoked))


_revocations: WeakKeyDictionary[asyncio.AbstractEventLoop, Revocation] = WeakKeyDictionary()


def revocation() -> Revocation:
    """The one of the running event loop, made at first use."""
    return _revocations.setdefault(asyncio.get_running_loop(), Revocation())
