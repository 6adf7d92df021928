"""Whether orders can be accepted now: found out by a write of the kind that acceptance makes.

At most one per second, whoever asks and however often; it is a row of its own, behind the orders that wait,
and does not wait for the disk, so it holds up none of them. What happened to the last orders counts too: a
disk may have room for the one row and not for an order.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Final

from orders.intake import group_commit
from orders.intake.group_commit import WRITE_TIMEOUT_SECONDS
from orders.platform import database_trouble
from orders.records import write_trial

_KEPT_SECONDS: Final = 1
_PATIENCE_SECONDS: Final = 2
_REFUSED_LATELY_SECONDS: Final = 5


class Acceptance:
    """What the last trial has found, and the one that runs."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._trial: Future[None] | None = None
        self._begun = float("-inf")
        self._refusal: str | None = None

    def refusal(self) -> str | None:
        """Why no order can be accepted, in words; None: they can be. Returns within some seconds."""
        lately = group_commit.last_refusal(_REFUSED_LATELY_SECONDS)
        if lately is not None:
            return database_trouble.in_words(lately)
        trial = self._running_or_new()
        wait([trial], _PATIENCE_SECONDS)
        return self._found(trial)

    def _running_or_new(self) -> Future[None]:
        with self._lock:
            now = self._clock()
            if self._trial is not None and not (self._trial.done() and now - self._begun >= _KEPT_SECONDS):
                return self._trial
            self._begun, self._trial = now, Future()
            trial = self._trial
        group_commit.try_out(write_trial.write, trial)
        return trial

    def _found(self, trial: Future[None]) -> str | None:
        if trial.done():
            error = trial.exception()
            self._refusal = None if error is None else database_trouble.in_words(error)
        elif self._clock() - self._begun > WRITE_TIMEOUT_SECONDS:
            return database_trouble.in_words(TimeoutError())
        # Slow is not refused: until an order would be given up, what was known before holds.
        return self._refusal


_current = Acceptance()


def refusal() -> str | None:
    """That of this process."""
    return _current.refusal()


def forget() -> None:
    """Find out anew when next asked."""
    global _current
    _current = Acceptance()
