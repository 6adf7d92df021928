"""Groups of orders and the answer to cancelling many, on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from orders.lifecycle import FINAL, GroupKind, Status
from orders.models import Order, OrderGroup
from orders.wire.json_types import INSTANT, INTEGER, ORDER_ID, TEXT, list_of, one_of, timestamp
from orders.wire.message import Field, Message
from orders.wire.orders import ORDER, order_as_wire

OPEN: Final = "open"
FILLED: Final = "filled"
ENDED: Final = "ended"


class Members(NamedTuple):
    """A group with its orders, oldest first."""

    group: OrderGroup
    orders: Sequence[Order]


def status_of(orders: Sequence[Order]) -> str:
    """Open while one of them has not ended; then filled if one was, else ended."""
    if any(Status(order.status) not in FINAL for order in orders):
        return OPEN
    return FILLED if any(order.status == Status.CONFIRMED for order in orders) else ENDED


GROUP: Final = Message(
    "OrderGroup",
    Field("groupId", ORDER_ID, lambda of: str(of.group.pk), "the group's id"),
    Field("kind", one_of(GroupKind.values), "group.kind", "what ties its orders"),
    Field(
        "status",
        one_of([OPEN, FILLED, ENDED]),
        lambda of: status_of(of.orders),
        "open while one of its orders has not ended; then filled if one was",
    ),
    Field("createdAt", INSTANT, lambda of: timestamp(of.group.created_at), "when it was accepted"),
    Field(
        "orders",
        list_of(ORDER),
        lambda of: [order_as_wire(order) for order in of.orders],
        "those that there are so far, oldest first",
    ),
)
_LEFT: Final = Message(
    "NotCancelled",
    Field("orderId", ORDER_ID, lambda order: str(order.pk), "the order's id"),
    Field("status", one_of(Status.values), "status", "where it stands", example="submitted"),
)
CANCELLED: Final = Message(
    "CancelledOrders",
    Field("cancelled", INTEGER, lambda of: len(of.cancelled), "how many were cancelled"),
    Field(
        "orderIds",
        list_of(TEXT),
        lambda of: [str(order.pk) for order in of.cancelled],
        "which",
        example=[ORDER_ID["examples"][0]],
    ),
    Field(
        "notCancelled",
        list_of(_LEFT),
        lambda of: [_LEFT.of(order) for order in of.others],
        "those that a worker has begun",
        example=[],
    ),
)


def group_as_wire(group: OrderGroup, orders: Sequence[Order]) -> dict[str, Any]:
    """A group as answers carry it."""
    return GROUP.of(Members(group, orders))
