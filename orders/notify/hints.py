"""Hints after a commit: an order has new events.

A push carries only "order N has reached sequence M": anyone who gets it reads the rows. A lost
push therefore costs time, never content, and nothing here may fail or delay an order. A process
that has put no publisher in place sends none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from orders.notify.hint_publisher import HINT_TYPE, UNCOUNTED, Hint, order_group, user_group

__all__ = ["HINT_TYPE", "UNCOUNTED", "Hint", "Publisher", "order_group", "publish", "use", "user_group"]


class Publisher(Protocol):
    """Where hints go."""

    def publish(self, hints: Sequence[Hint]) -> None:
        """Take hints; never blocks, never raises."""


_publisher: Publisher | None = None


def use(publisher: Publisher | None) -> Publisher | None:
    """Send this process's hints through ``publisher`` from now on, None sends none; the one before it."""
    global _publisher
    before, _publisher = _publisher, publisher
    return before


def publish(hints: Sequence[Hint]) -> None:
    """Send hints about these orders; call it after the commit."""
    if _publisher is not None:
        _publisher.publish(hints)
