"""Questions to nodes, in threads of their own: what is shown and each slot are not to wait for an answer.

A question has a name, and one of a name is open at a time. Its answer is handed on like what is shown.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from dex.errors import DexError

logger = logging.getLogger(__name__)

Value = TypeVar("Value")
# Lists, looks and origins do not wait for each other.
_THREADS: Final = 3
# Instead of an error's code: a fault of ours, which is in the log.
BROKE_OFF: Final = "INTERNAL"


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to a question: what to do with it, or why there is none."""

    name: str
    take_in: Callable[[], None] | None
    error_code: str = ""


class Asking:
    """Asks, and hands on the answers. ``ask`` and ``answered`` belong to one thread."""

    def __init__(self, show: Callable[[Answered], None]) -> None:
        self._show = show
        self._open: set[str] = set()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="launch question")

    def ask(self, name: str, question: Callable[[], Value], take_in: Callable[[Value], None]) -> bool:
        """Put a question, unless one of its name is open; whether it was put."""
        if name in self._open:
            return False
        try:
            self._threads.submit(self._run, name, question, take_in)
        except RuntimeError as error:
            logger.error("no thread asks for %s: %s", name, error)
            return False
        self._open.add(name)
        return True

    def is_open(self, name: str) -> bool:
        """Whether a question of this name waits for its answer."""
        return name in self._open

    def answered(self, name: str) -> None:
        """Another question of this name may be put."""
        self._open.discard(name)

    def stop(self) -> None:
        """Ask no more; returns when no question is open."""
        self._threads.shutdown(cancel_futures=True)

    def _run(self, name: str, question: Callable[[], Any], take_in: Callable[[Any], None]) -> None:
        try:
            value = question()
        except DexError as error:
            self._show(Answered(name, None, error.code))
        except Exception:
            logger.exception("a question for %s broke off", name)
            self._show(Answered(name, None, BROKE_OFF))
        else:
            self._show(Answered(name, lambda: take_in(value)))
