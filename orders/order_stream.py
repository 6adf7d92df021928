"""What all WebSocket doors share: authorise, join, replay, stream.

A connection joins its group before it reads the first row, so that nothing can happen between
the two unseen. What it sends always comes from rows; a poll finds what a lost hint would hide.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final, TypeVar
from uuid import UUID

from channels.consumer import get_handler_name
from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from channels.utils import await_many_dispatch
from django.db import Error as DatabaseError
from redis.exceptions import RedisError

from orders import errors, events, following, frames
from orders.api.authentication import SUBPROTOCOL, socket_user
from orders.api.exceptions import as_order_error
from orders.connection_limit import ConnectionLimit

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

CLOSE_DONE: Final = 1000
CLOSE_TRY_LATER: Final = 1013
CLOSE_BAD_REQUEST: Final = 4400
CLOSE_UNAUTHENTICATED: Final = 4401
CLOSE_NOT_FOUND: Final = 4404
CLOSE_TOO_MANY: Final = 4429
CLOSE_FLOOD: Final = 4008
MESSAGES_A_SECOND: Final = 50
HEAL_SECONDS: Final = 2
_JOIN_TIMEOUT_SECONDS: Final = 1

# What one message may go wrong with: it is answered, and the streams of other orders go on.
_ANSWERED: Final = (
    *(errors.OrderError, DatabaseError, ValueError, TypeError),
    *(LookupError, ArithmeticError, RuntimeError, OSError),
)


async def in_database(function: Callable[..., Result], *arguments: Any) -> Result:
    """Run blocking code in a thread that has its own database connection."""
    result: Result = await database_sync_to_async(function, thread_sensitive=False)(*arguments)
    return result


class OrderStream(AsyncWebsocketConsumer):  # type: ignore[misc]
    """What all doors share: handshake, following orders, telling events, refusing messages."""

    connections: ClassVar = ConnectionLimit()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user: Any = None
        self.following = following.Following()
        self._asides: dict[UUID, dict[str, Any]] = {}
        self._group = ""
        self._joined = False
        self._telling = asyncio.Lock()
        self._listener: asyncio.Task[None] | None = None
        self._healer: asyncio.Task[None] | None = None
        self._closed = False
        self._is_counted = False
        self._arrivals: deque[float] = deque(maxlen=MESSAGES_A_SECOND)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Run the connection. Unlike the base class it survives a Redis that does not answer."""
        self.scope, self.base_send = scope, send
        self.channel_layer = get_channel_layer()
        self.channel_name = f"specific.{uuid.uuid4().hex}"
        try:
            await await_many_dispatch([receive], self.dispatch)
        except StopConsumer:
            pass
        finally:
            if self._is_counted:
                self.connections.leave(self.user.pk)
            await self._stop_tasks()

    async def dispatch(self, message: Mapping[str, Any]) -> None:
        """Call the handler of a message; this thread holds no database connection to look after."""
        await getattr(self, get_handler_name(message))(message)

    async def connect(self) -> None:
        """Refuse before the handshake is answered, or accept and begin."""
        refusal: DatabaseError | None = None
        try:
            self.user = await socket_user(self.scope)
        except DatabaseError as error:
            refusal = error
        if self.user is None and refusal is None:
            await self.close(CLOSE_UNAUTHENTICATED)
            return
        offered = self.scope.get("subprotocols") or [None]
        await self.accept(SUBPROTOCOL if offered[0] == SUBPROTOCOL else None)
        try:
            if refusal is not None:
                raise refusal
            self.connections.enter(self.user.pk)
            self._is_counted = True
            await self.begin()
        except _ANSWERED as error:
            await self._refuse(error)
            await self.close(_closing_code(error))

    async def begin(self) -> None:
        """Join the group, then replay: doors extend this. Here: hear of all orders of the user."""
        await self.join(events.user_group(self.user.pk))

    def envelope(self, message: dict[str, Any]) -> dict[str, Any]:
        """The form in which this door tells an event."""
        return message

    async def act(self, message: dict[str, Any], request_id: Any) -> None:
        """Do what a client's message asks for. Raises the refusals of `orders.errors`."""
        if message.get("action") != "ping":
            raise errors.UnknownAction()
        await self.tell({"type": "pong"}, request_id)

    async def disconnect(self, code: int) -> None:
        """Leave the group; nothing is sent any more."""
        self._closed = True
        if self._group:
            try:
                async with asyncio.timeout(_JOIN_TIMEOUT_SECONDS):
                    await self.channel_layer.group_discard(self._group, self.channel_name)
            except (RedisError, OSError) as error:
                logger.warning("group not left: %s", type(error).__name__)

    async def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Close once; later sends are dropped."""
        if not self._closed:
            self._closed = True
            await super().close(code, reason)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Answer one frame. A bad one costs an error message, a flood the connection."""
        if self._closed:
            return
        if self._is_flood():
            await self.close(CLOSE_FLOOD)
            return
        request_id = None
        try:
            message = frames.read_frame(text_data)
            request_id = frames.take_request_id(message)
            await self.act(message, request_id)
        except _ANSWERED as error:
            await self._refuse(error, request_id)

    async def order_hint(self, message: Mapping[str, Any]) -> None:
        """Something has happened to these orders: [[orderId, sequence], …]."""
        hints = {UUID(order_id): sequence for order_id, sequence in message["orders"]}
        try:
            await self.hinted(hints)
        except DatabaseError as error:
            logger.warning("a hint waits for the next poll: %s", type(error).__name__)

    async def hinted(self, hints: Mapping[UUID, int]) -> None:
        """Tell what is new about the followed ones among the hinted orders."""
        await self.deliver(self.following.behind(hints))

    async def join(self, group: str) -> None:
        """Hear the hints of a group; without Redis the poll alone carries the stream."""
        self._group = group
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen())
            # The layer knows a channel from the moment that somebody listens to it.
            await asyncio.sleep(0)
        try:
            async with asyncio.timeout(_JOIN_TIMEOUT_SECONDS):
                await self.channel_layer.group_add(group, self.channel_name)
            self._joined = True
        except (RedisError, OSError, RuntimeError) as error:
            logger.warning("group not joined, polling: %s", type(error).__name__)

    async def discover(self, order_ids: Iterable[UUID]) -> None:
        """Follow those of these orders that are not followed yet, from their beginning."""
        async with self._telling:
            fresh = dict.fromkeys((each for each in order_ids if each not in self.following), 0)
            for order_id in fresh:
                self.following.follow(order_id)
        await self.deliver(fresh)
        self._heal_while_needed()

    async def follow(self, order_ids: Iterable[UUID], after: int = 0, **aside: Any) -> None:
        """Tell the history behind ``after`` and go on; ``aside`` rides on the next event told."""
        wanted = dict.fromkeys(order_ids, after)
        async with self._telling:
            for order_id in wanted:
                self.following.follow(order_id, after)
                if aside:
                    self._asides[order_id] = aside
        await self.deliver(wanted)
        self._heal_while_needed()

    async def deliver(self, told: Mapping[UUID, int]) -> None:
        """Read the rows behind these sequences and tell them, each once and in order."""
        if not told:
            return
        async with self._telling:
            for event in await in_database(following.rows_after, told):
                if self.following.take(event):
                    aside = self._asides.pop(event.order_id, {})
                    await self._send_json(self.envelope(events.as_wire(event) | aside))
        await self.delivered()

    async def delivered(self) -> None:
        """Called after all rows that were there have been told."""

    async def look_again(self) -> None:
        """Find what hints may have missed; the poll calls it."""
        await self.deliver(self.following.running())

    def has_work(self) -> bool:
        """Whether the poll is needed."""
        return bool(self.following.running())

    async def tell(self, message: dict[str, Any], request_id: Any = None) -> None:
        """Send a message that is no event."""
        await self._send_json(message if request_id is None else {**message, "requestId": request_id})

    async def _refuse(self, error: Exception, request_id: Any = None) -> None:
        await self.tell({"type": "error", **as_order_error(error).as_wire()}, request_id)

    async def _send_json(self, message: dict[str, Any]) -> None:
        if not self._closed:
            await self.send(text_data=json.dumps(message))

    async def _listen(self) -> None:
        while not self._closed:
            try:
                message = await self.channel_layer.receive(self.channel_name)
            except (RedisError, OSError):
                await asyncio.sleep(HEAL_SECONDS)
            else:
                await self.dispatch(message)

    def _is_flood(self) -> bool:
        now = time.monotonic()
        full = len(self._arrivals) == MESSAGES_A_SECOND
        flood = full and now - self._arrivals[0] < 1
        self._arrivals.append(now)
        return flood

    def _heal_while_needed(self) -> None:
        if not self._closed and self.has_work() and (self._healer is None or self._healer.done()):
            self._healer = asyncio.create_task(self._heal())

    async def _stop_tasks(self) -> None:
        tasks = [task for task in (self._listener, self._healer) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            # Bounded: cleaning up talks to Redis, and a client that hangs there must not hold this one.
            await asyncio.wait(tasks, timeout=_JOIN_TIMEOUT_SECONDS)

    async def _heal(self) -> None:
        while not self._closed and self.has_work():
            await asyncio.sleep(HEAL_SECONDS)
            try:
                if not self._joined:
                    await self.join(self._group)
                await self.look_again()
            except DatabaseError as error:
                logger.warning("poll failed, trying again: %s", type(error).__name__)


def _closing_code(error: Exception) -> int:
    if isinstance(error, errors.NotFound):
        return CLOSE_NOT_FOUND
    if isinstance(error, errors.TooManyRequests):
        return CLOSE_TOO_MANY
    return CLOSE_BAD_REQUEST if isinstance(error, errors.InvalidRequest) else CLOSE_TRY_LATER
