"""Pages of the feed: events of all orders of a caller."""

from __future__ import annotations

from typing import Any, Final

from orders.models import OrderEvent
from orders.wire.events import EVENT_HEAD, ORDER_EVENT
from orders.wire.json_types import BOOLEAN, CURSOR, list_of
from orders.wire.message import Field, Message

FEED_PAGE: Final = Message(
    "FeedPage",
    Field("cursor", CURSOR, lambda page: str(page.position), "where to go on: the next `after`"),
    Field("more", BOOLEAN, "has_more", "there are more events already"),
    Field(
        "events",
        list_of(ORDER_EVENT),
        lambda page: [order_event_as_wire(event) for event in page.events],
        "in the order of the feed; each order's in sequence",
    ),
)


def order_event_as_wire(event: OrderEvent) -> dict[str, Any]:
    """One event row of one of several orders."""
    return {**EVENT_HEAD.of(event), **event.data}
