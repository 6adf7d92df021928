"""Rows that many connections want at the same moment, read once for all of them.

Anyone who asks while a query runs is answered by the next one, together with all others who ask
meanwhile: the number of queries follows the database's speed, not the number of connections.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

from channels.db import database_sync_to_async

from orders.models import OrderEvent
from orders.streaming import cursor
from orders.wire.events import event_message

Key = TypeVar("Key")
Bound = TypeVar("Bound", int, datetime)
Found = TypeVar("Found")
Envelope = Callable[[dict[str, Any]], dict[str, Any]]


class EventText:
    """One event and its text in each form that an endpoint sends it in, made once."""

    def __init__(self, event: OrderEvent) -> None:
        self.event = event
        self._texts: dict[Envelope, str] = {}

    def message(self) -> dict[str, Any]:
        """A message of its own for somebody who adds to it."""
        return event_message(self.event)

    def text(self, envelope: Envelope) -> str:
        """The JSON that goes over the wire."""
        text = self._texts.get(envelope)
        if text is None:
            text = self._texts[envelope] = json.dumps(envelope(self.message()))
        return text


class SharedQuery(Generic[Key, Bound, Found]):
    """Gathers what is asked for, the least bound of each key, and runs one query at a time."""

    def __init__(self, query: Callable[[Mapping[Key, Bound]], Mapping[Key, list[Found]]]) -> None:
        self._query: Callable[[Mapping[Key, Bound]], Mapping[Key, list[Found]]] = query
        self._wanted: dict[Key, Bound] = {}
        self._answer: asyncio.Future[Mapping[Key, list[Found]]] | None = None
        self._running: asyncio.Task[None] | None = None

    async def ask(self, wanted: Mapping[Key, Bound]) -> Mapping[Key, list[Found]]:
        """What lies behind the bounds, and perhaps more; raises what the query raises."""
        for key, bound in wanted.items():
            known = self._wanted.get(key)
            self._wanted[key] = bound if known is None else min(known, bound)
        if self._answer is None:
            self._answer = asyncio.get_running_loop().create_future()
        answer = self._answer
        if self._running is None:
            self._running = asyncio.create_task(self._run())
        # Shielded: one who leaves must not take the answer from the others.
        return await asyncio.shield(answer)

    async def _run(self) -> None:
        try:
            while self._answer is not None:
                # One turn of the loop: those whom the same hint has woken ask in it.
                await asyncio.sleep(0)
                wanted, self._wanted = self._wanted, {}
                answer, self._answer = self._answer, None
                await self._fill(answer, wanted)
        finally:
            self._running = None

    async def _fill(self, answer: asyncio.Future[Any], wanted: Mapping[Key, Bound]) -> None:
        reading = database_sync_to_async(self._query, thread_sensitive=False)
        outcome = await asyncio.gather(reading(wanted), return_exceptions=True)
        if isinstance(outcome[0], BaseException):
            answer.set_exception(outcome[0])
            # Those who asked may all have left; then nobody else looks at it.
            answer.exception()
        else:
            answer.set_result(outcome[0])


class SharedRows:
    """What the streams of one event loop read again and again."""

    def __init__(self) -> None:
        self.events: SharedQuery[UUID, int, EventText] = SharedQuery(_events_after)
        self.orders: SharedQuery[Any, datetime, UUID] = SharedQuery(_orders_since)


_shared: WeakKeyDictionary[asyncio.AbstractEventLoop, SharedRows] = WeakKeyDictionary()


def shared_rows() -> SharedRows:
    """Those of the running event loop, made at first use."""
    return _shared.setdefault(asyncio.get_running_loop(), SharedRows())


def _events_after(sent: Mapping[UUID, int]) -> dict[UUID, list[EventText]]:
    found: dict[UUID, list[EventText]] = {}
    for event in cursor.rows_after(sent):
        found.setdefault(event.order_id, []).append(EventText(event))
    return found


def _orders_since(moments: Mapping[Any, datetime]) -> dict[Any, list[UUID]]:
    return {user_id: cursor.orders_since(user_id, moment) for user_id, moment in moments.items()}


def pieces(sent: Mapping[UUID, int], size: int) -> Iterator[dict[UUID, int]]:
    """So many orders at a time."""
    order_ids = list(sent)
    for start in range(0, len(order_ids), size):
        yield {order_id: sent[order_id] for order_id in order_ids[start : start + size]}


def behind_page(piece: Mapping[UUID, int], found: Mapping[UUID, Sequence[EventText]]) -> dict[UUID, int]:
    """Those of which a whole page was read, each with the sequence up to which it is known."""
    whole = {order_id for order_id in piece if len(found.get(order_id, ())) >= cursor.EVENTS_A_PAGE}
    return {each: max(piece[each], found[each][-1].event.sequence) for each in whole}
