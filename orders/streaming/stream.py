"""What all WebSocket endpoints share: authorise, join, replay, stream.

A connection joins its group before it reads the first row, so that nothing can happen between
the two unseen. What it sends always comes from rows; a poll finds what a lost hint would hide.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, ClassVar, Final, TypeVar
from uuid import UUID

from channels.consumer import get_handler_name
from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.utils import await_many_dispatch
from django.db import Error as DatabaseError

from orders import errors
from orders.access.authentication import SUBPROTOCOL, socket_caller
from orders.access.credentials import Credential
from orders.notify import hints
from orders.streaming import cursor, frames
from orders.streaming.close_codes import CLOSE_FLOOD, CLOSE_UNAUTHENTICATED, closing_code
from orders.streaming.connection_limit import ConnectionLimit
from orders.streaming.groups import Group, fan_out
from orders.streaming.revocation import revocation
from orders.streaming.shared_reads import EventText, behind_page, pieces, shared_rows
from orders.wire.errors import as_order_error
from orders.wire.message import Rows
from orders.wire.request_fields import single_values

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

MESSAGES_PER_SECOND: Final = 50
# Sent in pieces, so that a long history is never whole in memory while a client reads slowly.
_ORDERS_A_PIECE: Final = 100
_MOST_WATCHED: Final = 20_000

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
    """What all endpoints share: handshake, following orders, sending events, refusing messages."""

    connections: ClassVar = ConnectionLimit()
    # What the address may carry behind its question mark; anything else is refused by name.
    query: ClassVar[Rows] = Rows()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user: Any = None
        self.credential = Credential(None)
        self.following = cursor.Following()
        self._asides: dict[UUID, dict[str, Any]] = {}
        self._group: Group | None = None
        self._watched: set[UUID] = set()
        self._sending = asyncio.Lock()
        self._news: dict[UUID, int] = {}
        self._listener: asyncio.Task[None] | None = None
        self._poller: asyncio.Task[None] | None = None
        self._closed = False
        self._is_counted = False
        self.values: dict[str, str] = {}
        self._arrivals = frames.Arrivals(MESSAGES_PER_SECOND)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Run the connection. Unlike the base class it has no channel of its own: see `orders.fan_out`."""
        self.scope, self.base_send = scope, send
        try:
            await await_many_dispatch([receive], self.dispatch)
        except StopConsumer:
            pass
        finally:
            self._closed = True
            if self._is_counted:
                self.connections.leave(self.user.pk)
                revocation().leave(self)
            await self._stop_tasks()
            if self._group is not None:
                await fan_out().leave(self._group, self, self._watched)

    async def dispatch(self, message: Mapping[str, Any]) -> None:
        """Call the handler of a message; this thread holds no database connection to look after."""
        await getattr(self, get_handler_name(message))(message)

    async def connect(self) -> None:
        """Refuse before the handshake is answered, or accept and begin."""
        caller, refusal = None, None
        try:
            caller = await socket_caller(self.scope)
        except DatabaseError as error:
            refusal = error
        if caller is None and refusal is None:
            await self.close(CLOSE_UNAUTHENTICATED)
            return
        offered = self.scope.get("subprotocols") or [None]
        await self.accept(SUBPROTOCOL if offered[0] == SUBPROTOCOL else None)
        try:
            if caller is None:
                raise refusal or errors.Unauthenticated()
            self.user, self.credential = caller
            self.connections.enter(self.user.pk)
            self._is_counted = True
            revocation().enter(self)
            self.values = single_values(frames.query_of(self.scope), self.query.names)
            await self.begin()
        except _ANSWERED as error:
            await self._refuse(error)
            await self.close(closing_code(error))

    async def begin(self) -> None:
        """Join the group, then replay: endpoints extend this. Here: learn of all orders of the user."""
        await self.join(hints.user_group(self.user.pk))

    @staticmethod
    def envelope(message: dict[str, Any]) -> dict[str, Any]:
        """The form in which this endpoint sends an event."""
        return message

    async def act(self, message: dict[str, Any], request_id: Any) -> None:
        """Do what a client's message asks for. Raises the refusals of `orders.errors`."""
        action = message.pop("action", None)
        if action != "ping":
            raise errors.UnknownAction(known=["ping"])
        frames.require_known_fields(action, message)
        await self.reply({"type": "pong"}, request_id)

    async def disconnect(self, code: int) -> None:
        """Nothing is sent any more."""
        self._closed = True

    async def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Close once; later sends are dropped."""
        if not self._closed:
            self._closed = True
            await super().close(code, reason)

    async def revoke(self, request_id: Any = None) -> None:
        """Close: anyone who was let in would not be let in any more."""
        with suppress(TimeoutError):
            # Somebody who does not read is not waited for.
            async with asyncio.timeout(1):
                await self._refuse(errors.Unauthenticated(), request_id)
        await self.close(CLOSE_UNAUTHENTICATED)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Answer one frame. A bad one costs an error message, a flood the connection."""
        if self._closed:
            return
        if self._arrivals.are_a_flood():
            await self.close(CLOSE_FLOOD)
            return
        request_id = None
        try:
            message = frames.read_frame(text_data)
            request_id = frames.take_request_id(message)
            await self.act(message, request_id)
        except errors.Unauthenticated:
            await self.revoke(request_id)
        except _ANSWERED as error:
            await self._refuse(error, request_id)

    def take_hints(self, hints: Mapping[UUID, int]) -> None:
        """Note that these orders have reached these sequences, and see to it."""
        for order_id, sequence in hints.items():
            self._news[order_id] = max(sequence, self._news.get(order_id, 0))
        if not self._closed and (self._listener is None or self._listener.done()):
            self._listener = asyncio.create_task(self._send_news())

    def recover(self) -> None:
        """Look for what no hint has named, unless the last look still goes on."""
        if not self._closed and self.has_work() and (self._poller is None or self._poller.done()):
            self._poller = asyncio.create_task(self._look_again())

    async def hinted(self, hints: Mapping[UUID, int]) -> None:
        """Send what is new about the followed ones among the hinted orders."""
        await self.deliver(self.following.behind(hints))

    async def join(self, group: str, *, all_hints: bool = False) -> None:
        """Receive the hints of a group: all of them, or those about followed orders."""
        # Known before the first wait, so that whatever ends the connection also leaves the group.
        self._group = fan_out().group(group)
        await fan_out().join(self._group, self, all_hints=all_hints)

    def take_all_hints(self) -> None:
        """From now on every hint of the group that was joined."""
        if self._group is not None:
            self._group.to_all.add(self)

    async def discover(self, order_ids: Iterable[UUID]) -> None:
        """Follow those of these orders that are not followed yet, from their beginning."""
        async with self._sending:
            fresh = dict.fromkeys((each for each in order_ids if each not in self.following), 0)
            for order_id in fresh:
                self.following.follow(order_id)
        await self.deliver(fresh)

    async def follow(self, order_ids: Iterable[UUID], after: int = 0, **aside: Any) -> None:
        """Send the history behind ``after`` and go on; ``aside`` is added to the next event sent."""
        wanted = dict.fromkeys(order_ids, after)
        self._watch(wanted)
        async with self._sending:
            for order_id in wanted:
                self.following.follow(order_id, after)
                if aside:
                    self._asides[order_id] = aside
        await self.deliver(wanted)

    async def deliver(self, sent: Mapping[UUID, int]) -> None:
        """Read the rows behind these sequences and send them, each once and in order."""
        if not sent:
            return
        async with self._sending:
            for piece in pieces(sent, _ORDERS_A_PIECE):
                while piece:
                    found = await shared_rows().events.ask(piece)
                    for order_id in piece:
                        await self._send_events(order_id, found.get(order_id, ()))
                    piece = behind_page(piece, found)
        await self.delivered()

    async def delivered(self) -> None:
        """Called after all rows that were there have been sent."""

    async def look_again(self) -> None:
        """Find what hints may have missed; the poll calls it."""
        await self.deliver(self.following.running())

    def has_work(self) -> bool:
        """Whether the poll is needed."""
        return bool(self.following.running())

    async def reply(self, message: dict[str, Any], request_id: Any = None) -> None:
        """Send a message that is no event."""
        await self._send_json(message if request_id is None else {**message, "requestId": request_id})

    async def _refuse(self, error: Exception, request_id: Any = None) -> None:
        await self.reply({"type": "error", **as_order_error(error).as_wire()}, request_id)

    async def _send_json(self, message: dict[str, Any]) -> None:
        if not self._closed:
            await self.send(text_data=json.dumps(message))

    async def _send_events(self, order_id: UUID, found: Iterable[EventText]) -> None:
        for each in found:
            if not self._closed and self.following.take(each.event):
                aside = self._asides.pop(order_id, None)
                if aside is None:
                    await self.send(text_data=each.text(self.envelope))
                else:
                    await self._send_json(self.envelope(each.message() | aside))

    async def _send_news(self) -> None:
        while self._news and not self._closed:
            hints, self._news = self._news, {}
            try:
                await self.hinted(hints)
            except DatabaseError as error:
                logger.warning("a hint waits for the next poll: %s", type(error).__name__)

    async def _look_again(self) -> None:
        try:
            await self.look_again()
        except DatabaseError as error:
            logger.warning("poll failed, trying again: %s", type(error).__name__)

    def _watch(self, order_ids: Iterable[UUID]) -> None:
        if self._group is None:
            return
        if len(self._watched) > _MOST_WATCHED:
            for order_id in [each for each in self._watched if each not in self.following]:
                self._group.unwatch(self, order_id)
                self._watched.discard(order_id)
        for order_id in order_ids:
            self._group.to_some.setdefault(order_id, set()).add(self)
            self._watched.add(order_id)

    async def _stop_tasks(self) -> None:
        tasks = [task for task in (self._listener, self._poller) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
