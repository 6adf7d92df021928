"""Which epoch a slot is in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SLOTS_PER_EPOCH: Final = 432_000


@dataclass(frozen=True, slots=True)
class Epochs:
    """Epochs of equal length from a known one on: ``epoch`` begins at ``first_slot``."""

    first_slot: int = 0
    epoch: int = 0
    length: int = SLOTS_PER_EPOCH

    def at(self, slot: int) -> int:
        """The epoch of a slot that is not before ``first_slot``."""
        return self.epoch + (slot - self.first_slot) // self.length

    def index(self, slot: int) -> int:
        """How many slots of its epoch came before this one."""
        return (slot - self.first_slot) % self.length

    def as_text(self) -> str:
        """For the ledger; read back by `from_text`."""
        return f"{self.first_slot} {self.epoch} {self.length}"

    @staticmethod
    def from_text(text: str) -> Epochs:
        """What `as_text` wrote."""
        first_slot, epoch, length = (int(part) for part in text.split())
        return Epochs(first_slot, epoch, length)
