"""What the watch for new pools calls, in the one worker that is at work."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from orders.models import Launch

# New launches, and those of which something has changed. Returns soon; its errors are its own.
OnNews = Callable[[Sequence[Launch]], None]
# A slot has begun. Returns at once.
OnSlot = Callable[[int], None]


def ignore_news(launches: Sequence[Launch]) -> None:
    """Nobody acts on launches."""


def ignore_slot(slot: int) -> None:
    """Nobody waits for slots."""
