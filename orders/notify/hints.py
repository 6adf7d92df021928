"""The wire message of an event, and the hint that something new is there.

A push carries only "order N has reached sequence M": whoever gets it reads the rows. A lost
push therefore costs time, never content, and nothing here may fail or delay an order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orders.models import OrderEvent
from orders.notify.hint_publisher import HINT_TYPE, Hint, HintPublisher, order_group, user_group

__all__ = ["HINT_TYPE", "Hint", "as_wire", "order_group", "publish", "user_group"]


def as_wire(event: OrderEvent) -> dict[str, Any]:
    """The stream message of CONTRACTS for one event row."""
    return {
        "type": "update",
        "orderId": str(event.order_id),
        "sequence": event.sequence,
        "status": event.status,
        "at": event.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        **event.data,
    }


_publisher = HintPublisher()


def publish(hints: Sequence[Hint]) -> None:
    """Tell whoever listens that these orders have news; call it after the commit."""
    _publisher.publish(hints)
