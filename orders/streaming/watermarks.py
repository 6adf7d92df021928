"""Pushes the watermarks of trailing stops: they move without an event, so a hint of sequence 0 names them.

What is sent comes from the rows, of each order at most once a second; a value that was overtaken within that
second is passed over. The poll is not asked: a lost hint costs a push, and the next one says more.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

from django.db import Error as DatabaseError

from orders.index_conditions import IS_WAITING
from orders.models import Order
from orders.notify.hints import UNCOUNTED
from orders.streaming.stream import OrderStream, in_database
from orders.wire.watermarks import watermark_message

logger = logging.getLogger(__name__)

APART_SECONDS: Final = 1


class WatermarkStream(OrderStream):
    """A stream that also says how the watermarks of the orders that it follows move."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._raised: set[UUID] = set()
        self._said: dict[UUID, str] = {}
        self._saying: asyncio.Task[None] | None = None

    def take_hints(self, hints: Mapping[UUID, int]) -> None:
        """Those of sequence 0 are of watermarks."""
        raised = {order_id for order_id, sequence in hints.items() if sequence == UNCOUNTED}
        steps = {order_id: sequence for order_id, sequence in hints.items() if order_id not in raised}
        if steps:
            super().take_hints(steps)
        self._raised |= {order_id for order_id in raised if self.sends_watermarks_of(order_id)}
        if self._raised and not self._closed and (self._saying is None or self._saying.done()):
            self._saying = asyncio.create_task(self._say_watermarks())

    def sends_watermarks_of(self, order_id: UUID) -> bool:
        """Whether this connection hears of an order."""
        return order_id in self.following

    async def _say_watermarks(self) -> None:
        while self._raised and not self._closed:
            raised, self._raised = self._raised, set()
            try:
                for message in await in_database(_watermarks, self.user.pk, raised):
                    await self._say(message)
            except DatabaseError as error:
                logger.warning("a watermark is not pushed: %s", type(error).__name__)
            await asyncio.sleep(APART_SECONDS)

    async def _say(self, message: dict[str, Any]) -> None:
        order_id = UUID(message["orderId"])
        if self._said.get(order_id) != message["watermarkRaw"]:
            self._said[order_id] = message["watermarkRaw"]
            await self._send_json(self.envelope(message))

    async def _stop_tasks(self) -> None:
        if self._saying is not None:
            self._saying.cancel()
            await asyncio.wait([self._saying])
        await super()._stop_tasks()


def _watermarks(user_id: Any, order_ids: Collection[UUID]) -> list[dict[str, Any]]:
    raised = Order.objects.filter(IS_WAITING, trigger__watermark__isnull=False)
    rows = raised.filter(user_id=user_id, pk__in=order_ids)
    return [watermark_message(order) for order in rows.select_related("trigger")]
