"""A blockhash that is asked for ahead of its use, so that no signature waits for one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final, Protocol

from dex.rpc.answers import LatestBlockhash
from dex.shared_calls import shared

_FRESH_SECONDS: Final = 2
# Some 4 s: one that is asked for with the accounts, every two seconds, is younger. It lives for 150 blocks.
MOST_SLOTS_APART: Final = 10


class BlockhashSource(Protocol):
    """What a blockhash is asked of."""

    async def latest_blockhash(self) -> LatestBlockhash:
        """The newest at the source's commitment; raises ChainError."""
        ...


class KeptBlockhash:
    """The newest blockhash of a node; belongs to one event loop."""

    def __init__(self, source: BlockhashSource, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._source = source
        self._monotonic = monotonic
        self._kept: LatestBlockhash | None = None
        self._asked_at = 0.0
        self._running: asyncio.Task[LatestBlockhash] | None = None

    def refresh(self) -> None:
        """Ask for a newer one in the background when the kept one is two seconds old; waits for nothing."""
        if self._kept is None or self._monotonic() - self._asked_at >= _FRESH_SECONDS:
            self._asked()

    async def at(self, slot: int) -> LatestBlockhash:
        """One that is no further than `MOST_SLOTS_APART` from ``slot``, or else the newest of now.

        Raises ChainError.
        """
        kept = self._kept
        if kept is not None and abs(slot - kept.slot) <= MOST_SLOTS_APART:
            return kept
        return await self.newest()

    async def newest(self) -> LatestBlockhash:
        """The one of now, shared with all who wait for it; raises ChainError."""
        return await shared(self._asked())

    def _asked(self) -> asyncio.Task[LatestBlockhash]:
        if self._running is None:
            self._asked_at = self._monotonic()
            self._running = asyncio.create_task(self._source.latest_blockhash())
            self._running.add_done_callback(self._keep)
        return self._running

    def _keep(self, asked: asyncio.Task[LatestBlockhash]) -> None:
        self._running = None
        # Nobody may be waiting for it: an error that is never looked at would be logged as lost.
        if not asked.cancelled() and asked.exception() is None:
            self._kept = asked.result()
