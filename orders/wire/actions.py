"""What clients send over WebSocket, and the answers that are no events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from orders.wire.amendments import AMENDMENT
from orders.wire.batches import BATCH_ORDERS, BATCH_RESULTS
from orders.wire.errors import ERROR
from orders.wire.events import ORDER_EVENT, REQUEST_ID
from orders.wire.groups import CANCELLED
from orders.wire.json_types import CURSOR, ORDER_ID, constant, integer, text
from orders.wire.message import Field, Message, Rows, ref
from orders.wire.request_fields import MAX_SEQUENCE
from orders.wire.requests import ORDER_REQUEST

ORDER_FIELD: Final = Field("orderId", ORDER_ID, means="the order's id")
AFTER: Final = Field(
    "after", integer(0, MAX_SEQUENCE, 0), means="only events with a higher sequence", optional=True
)


FEED_AFTER: Final = Field(
    "after", text(1, 19, "1029"), means="only what comes behind this cursor, or `latest`", optional=True
)
_FEED_OR_ORDER: Final = Rows(ORDER_FIELD)


def _action(name: str, means: str, *fields: Field) -> Message:
    title = "".join(word.title() for word in name.split("_"))
    return Message(title, Field("action", constant(name)), *fields, REQUEST_ID, means=means, closed=True)


ACTIONS: Final[Mapping[str, Message]] = {
    "execute_order": _action(
        "execute_order",
        "place an order and follow it, with what is tied to it; fields as in REST",
        *ORDER_REQUEST.fields,
    ),
    "execute_orders": _action(
        "execute_orders", "place orders in one commit and follow them; the answer is a batch", BATCH_ORDERS
    ),
    "subscribe": _action(
        "subscribe",
        "follow an order, from sequence `after` + 1; without `orderId` the whole feed, behind a cursor",
        *_FEED_OR_ORDER.optional(),
        Field(
            "after",
            {"oneOf": [AFTER.type, FEED_AFTER.type], "examples": [0]},
            means="a sequence; for the feed a cursor, or `latest`, which is the default",
            optional=True,
        ),
    ),
    "unsubscribe": _action(
        "unsubscribe", "follow it, or without `orderId` the feed, no more", *_FEED_OR_ORDER.optional()
    ),
    "cancel_order": _action("cancel_order", "cancel it; the answer is its `cancelled` event", ORDER_FIELD),
    "amend_order": _action(
        "amend_order",
        "amend an open order; the answer is its `open` event",
        ORDER_FIELD,
        *AMENDMENT.fields,
    ),
    "cancel_all": _action(
        "cancel_all", "cancel all orders that no worker has begun; the answer says which could not be"
    ),
    "ping": _action("ping", "the answer is a pong"),
}
BATCH: Final = Message(
    "Batch",
    Field("type", constant("batch")),
    BATCH_RESULTS,
    REQUEST_ID,
    means="answers execute_orders, before the orders' events",
)
SUBSCRIBED: Final = Message(
    "Subscribed",
    Field("type", constant("subscribed")),
    Field("cursor", CURSOR, means="where the feed begins"),
    REQUEST_ID,
    means="answers subscribe without an order, before the feed's events",
)
CANCELLED_ALL: Final = Message(
    "CancelledAll",
    Field("type", constant("cancelled_all")),
    *CANCELLED.fields,
    REQUEST_ID,
    means="answers cancel_all, before the orders' events",
)
PONG: Final = Message("Pong", Field("type", constant("pong")), REQUEST_ID, means="answers ping")
UNSUBSCRIBED: Final = Message(
    "Unsubscribed",
    Field("type", constant("unsubscribed")),
    *_FEED_OR_ORDER.optional(),
    REQUEST_ID,
    means="answers unsubscribe",
)
SOCKET_ERROR: Final = Message(
    "SocketError",
    Field("type", constant("error")),
    *ERROR.fields,
    REQUEST_ID,
    means="a message that was refused; the connection stays",
)
ENVELOPED: Final = Message(
    "EnvelopedUpdate",
    Field("type", constant("update")),
    Field("data", ref(ORDER_EVENT), means="the event"),
    means="one step of an order, in an envelope",
)
