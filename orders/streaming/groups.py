"""Hints for all connections of this process: one subscription a group, however many listen.

A thousand connections that follow one user learn of each event by one message from Redis, and recover by
one clock, so that what they then ask of the database they ask together (`orders.shared_rows`).
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol
from uuid import UUID

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

POLL_SECONDS: Final = 2
_TIMEOUT_SECONDS: Final = 1


class Listener(Protocol):
    """A connection. Both calls return at once."""

    def take_hints(self, hints: Mapping[UUID, int]) -> None:
        """These orders have reached these sequences."""

    def recover(self) -> None:
        """Look for what no hint has named."""


class Group:
    """Those of this process who listen to one group of the layer."""

    def __init__(self, name: str, poll_seconds: float) -> None:
        self.name = name
        self._poll_seconds = poll_seconds
        self.members: set[Listener] = set()
        self.to_all: set[Listener] = set()
        self.to_some: dict[UUID, set[Listener]] = {}
        self.changing = asyncio.Lock()
        self.is_joined = False
        self._channel = f"specific.{uuid.uuid4().hex}"
        self._receive_task: asyncio.Task[None] | None = None

    def remove(self, listener: Listener, watched: Iterable[UUID]) -> None:
        """Forget a listener and the orders that it watched."""
        self.members.discard(listener)
        self.to_all.discard(listener)
        for order_id in watched:
            self.unwatch(listener, order_id)

    def unwatch(self, listener: Listener, order_id: UUID) -> None:
        """Send a listener no more hints of an order."""
        watchers = self.to_some.get(order_id)
        if watchers is not None:
            watchers.discard(listener)
            if not watchers:
                del self.to_some[order_id]

    async def subscribe(self) -> None:
        """Have the layer deliver this group's messages here; without Redis the poll carries the streams."""
        if self._receive_task is None:
            self._receive_task = asyncio.create_task(self._listen())
            # The layer knows a channel from the moment that somebody listens to it.
            await asyncio.sleep(0)
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                await get_channel_layer().group_add(self.name, self._channel)
            self.is_joined = True
        except (RedisError, OSError, RuntimeError) as error:
            logger.warning("group not joined, polling: %s", type(error).__name__)

    async def unsubscribe(self) -> None:
        """Have it deliver no more."""
        self.is_joined = False
        try:
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                await get_channel_layer().group_discard(self.name, self._channel)
        except (RedisError, OSError) as error:
            logger.warning("group not left: %s", type(error).__name__)
        if self._receive_task is not None:
            task, self._receive_task = self._receive_task, None
            task.cancel()
            # Bounded: cleaning up talks to Redis, and one that hangs must not hold anybody.
            await asyncio.wait([task], timeout=_TIMEOUT_SECONDS)

    async def _listen(self) -> None:
        layer = get_channel_layer()
        while True:
            try:
                message = await layer.receive(self._channel)
            except (RedisError, OSError):
                await asyncio.sleep(self._poll_seconds)
            else:
                self._pass_on(message)

    def _pass_on(self, message: Mapping[str, Any]) -> None:
        hints = {UUID(order_id): sequence for order_id, sequence in message["orders"]}
        for listener in tuple(self.to_all):
            listener.take_hints(hints)
        for order_id, sequence in hints.items():
            for listener in tuple(self.to_some.get(order_id, ())):
                listener.take_hints({order_id: sequence})


class FanOut:
    """The groups that connections of one event loop have joined, and the clock by which they poll."""

    def __init__(self, poll_seconds: float = POLL_SECONDS) -> None:
        self._poll_seconds = poll_seconds
        self._groups: dict[str, Group] = {}
        self._clock: asyncio.Task[None] | None = None

    def group(self, name: str) -> Group:
        """The group of this name, made at first use."""
        return self._groups.setdefault(name, Group(name, self._poll_seconds))

    async def join(self, group: Group, listener: Listener, *, all_hints: bool) -> None:
        """Returns when the listener cannot miss a hint any more, or Redis does not answer."""
        group.members.add(listener)
        if all_hints:
            group.to_all.add(listener)
        if self._clock is None:
            self._clock = asyncio.create_task(self._tick())
        await self._subscribe(group)

    async def leave(self, group: Group, listener: Listener, watched: Iterable[UUID]) -> None:
        """Forget a listener; the last one of a group ends the subscription, the last of all the clock."""
        group.remove(listener, watched)
        if group.members:
            return
        async with group.changing:
            if not group.members:
                await group.unsubscribe()
            if not group.members and self._groups.get(group.name) is group:
                del self._groups[group.name]
        if not self._groups and self._clock is not None:
            self._clock.cancel()
            self._clock = None

    async def _subscribe(self, group: Group) -> None:
        async with group.changing:
            if not group.is_joined:
                await group.subscribe()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(self._poll_seconds)
            for group in tuple(self._groups.values()):
                for listener in tuple(group.members):
                    listener.recover()
            # Side by side: each of them may take its whole time-out.
            apart = [group for group in self._groups.values() if group.members and not group.is_joined]
            await asyncio.gather(*(self._subscribe(group) for group in apart))


_in_use: FanOut | None = None


def use(fan_out: FanOut | None) -> None:
    """Have the connections of this process, all on one event loop, join groups of ``fan_out``."""
    global _in_use
    _in_use = fan_out


def fan_out() -> FanOut:
    """The one in use; raises RuntimeError in a process that serves no connections."""
    if _in_use is None:
        raise RuntimeError("this process serves no streams")
    return _in_use
