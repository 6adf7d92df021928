"""Polling with a deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, TypeVar

Found = TypeVar("Found")

_PAUSE_SECONDS: Final = 0.05
_pause: Final = threading.Event()


class TooLate(AssertionError):
    """What was waited for has not come about in time."""


def eventually(
    look: Callable[[], Found | None], seconds: float, what: str | Callable[[], str] = "the condition"
) -> Found:
    """What ``look`` gives as soon as it gives something true; raises TooLate after ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TooLate(f"not within {seconds} s: {what if isinstance(what, str) else what()}")
        _pause.wait(_PAUSE_SECONDS)
