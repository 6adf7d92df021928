"""The whole feed of a user on a WebSocket: from a cursor on, each event with the cursor behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from orders.errors import InvalidRequest
from orders.records import feed
from orders.streaming.stream import in_database
from orders.streaming.watermarks import WatermarkStream
from orders.wire.events import event_message
from orders.wire.request_fields import position

_EVENTS_A_PIECE: Final = 200


class FeedStream(WatermarkStream):
    """A stream that can follow the feed, beside single orders: an event of one of these is sent once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._position: int | None = None

    @property
    def follows_feed(self) -> bool:
        """Whether the feed is subscribed."""
        return self._position is not None

    async def subscribe_feed(self, after: object, request_id: Any = None) -> None:
        """Send the feed behind a cursor, or behind all that is there, and go on; raises InvalidRequest."""
        try:
            begin = position(after)
        except ValueError as error:
            raise InvalidRequest(after=str(error)) from None
        self.take_all_hints()
        if begin is None:
            begin = await in_database(feed.latest)
        await self.reply({"type": "subscribed", "cursor": str(begin)}, request_id)
        self._position = begin
        await self._send_feed()

    def unsubscribe_feed(self) -> bool:
        """Follow it no more; whether it was followed."""
        was_followed, self._position = self.follows_feed, None
        return was_followed

    def sends_watermarks_of(self, order_id: UUID) -> bool:
        """Of the feed all."""
        return self.follows_feed or super().sends_watermarks_of(order_id)

    async def hinted(self, hints: Mapping[UUID, int]) -> None:
        """Besides the followed orders, what the feed has."""
        await super().hinted(hints)
        await self._send_feed()

    async def look_again(self) -> None:
        """Besides the followed orders, what the feed has."""
        await super().look_again()
        await self._send_feed()

    def has_work(self) -> bool:
        """The feed may have news at any time."""
        return self.follows_feed or super().has_work()

    async def _send_feed(self) -> None:
        async with self._sending:
            while self._position is not None:
                page = await in_database(feed.read, self.user.pk, self._position, _EVENTS_A_PIECE)
                for event in page.events:
                    if event.order_id not in self.following or self.following.take(event):
                        message = self.envelope(event_message(event) | {"cursor": str(event.pk)})
                        await self._send_json(message)
                if self._position is not None:
                    self._position = page.position
                if not page.has_more:
                    break
