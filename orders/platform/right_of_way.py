"""Work that cannot wait, and work of the same process that lets it go first.

The threads of a process share one core: a batch of orders that begins in the slot in which a pool opens would
take half of it from the purchase there. Other processes go on meanwhile.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_MOST_SECONDS: Final = 0.5


class RightOfWay:
    """Taken by one thread at a time, for moments."""

    def __init__(self) -> None:
        self._is_free = threading.Event()
        self._is_free.set()

    @contextmanager
    def taken(self, *, needed: bool = True) -> Iterator[None]:
        """Have others wait meanwhile, where that is ``needed``."""
        if needed:
            self._is_free.clear()
        try:
            yield
        finally:
            self._is_free.set()

    def give(self) -> bool:
        """Wait until nobody has it, half a second at most; whether it is free."""
        return self._is_free.wait(_MOST_SECONDS)
