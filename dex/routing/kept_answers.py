"""What pools have answered by one snapshot, for all batches that read the same."""

from __future__ import annotations

from typing import Final

from dex.routing.way import Answers
from dex.types import Clock, Snapshot

# So that a chain that stands still does not fill the memory.
_MOST_BATCHES: Final = 64


class KeptAnswers:
    """Batches of one slot read the same accounts as a rule; belongs to one event loop."""

    def __init__(self) -> None:
        self._snapshot = Snapshot(Clock(0, 0, 0), {})
        self._answers = Answers()
        self._batches = 0

    def of(self, snapshot: Snapshot) -> Answers:
        """Those of an equal snapshot, else none yet."""
        is_same = snapshot.clock == self._snapshot.clock and snapshot.accounts == self._snapshot.accounts
        self._batches = self._batches + 1 if is_same else 0
        if not is_same or self._batches > _MOST_BATCHES:
            self._snapshot, self._answers, self._batches = snapshot, Answers(), 0
        return self._answers
