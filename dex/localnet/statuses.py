"""The recent status cache of a node: which signatures landed in the last slots, and how."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

# agave: a node keeps statuses for MAX_RECENT_BLOCKHASHES slots, twice the life of a blockhash, so a
# signature can never land twice.
RECENT_SLOTS: Final = 300


@dataclass(frozen=True, slots=True)
class LandedStatus:
    """Where a transaction landed; ``error`` in Solana's JSON form, None for success."""

    slot: int
    error: object


class StatusCache:
    """Landed signatures of the last RECENT_SLOTS slots."""

    def __init__(self) -> None:
        self._statuses: dict[str, LandedStatus] = {}
        self._order: deque[tuple[int, str]] = deque()

    def get(self, signature: str) -> LandedStatus | None:
        """The status of a recent signature."""
        return self._statuses.get(signature)

    def add(self, signature: str, slot: int, error: object) -> None:
        """Records a landed signature; slots must come in order."""
        self._statuses[signature] = LandedStatus(slot, error)
        self._order.append((slot, signature))

    def forget_before(self, slot: int) -> None:
        """Drops statuses of slots older than ``slot``."""
        while self._order and self._order[0][0] < slot:
            landed, signature = self._order.popleft()
            known = self._statuses.get(signature)
            if known is not None and known.slot == landed:
                del self._statuses[signature]

    def forget_after(self, slot: int) -> None:
        """Drops statuses of slots newer than ``slot``: their fork was abandoned."""
        while self._order and self._order[-1][0] > slot:
            self._statuses.pop(self._order.pop()[1], None)
