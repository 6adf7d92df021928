"""Hints after a commit: an order has new events.

A push carries only "order N has reached sequence M": whoever gets it reads the rows. A lost
push therefore costs time, never content, and nothing here may fail or delay an order.
"""

from __future__ import annotations

from collections.abc import Sequence

from orders.notify.hint_publisher import HINT_TYPE, Hint, HintPublisher, order_group, user_group

__all__ = ["HINT_TYPE", "Hint", "order_group", "publish", "user_group"]


_publisher = HintPublisher()


def publish(hints: Sequence[Hint]) -> None:
    """Tell whoever listens that these orders have news; call it after the commit."""
    _publisher.publish(hints)
