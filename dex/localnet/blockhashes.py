"""The newest blockhashes, with their slots and times."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import Final

from solders.hash import Hash

BLOCKHASH_LIFE: Final = 150  # blocks; solana-clock MAX_PROCESSING_AGE
SLOT_HASHES: Final = 512  # slots that the sysvar of this name has; solana-slot-hashes MAX_ENTRIES


class BlockhashWindow:
    """The blockhashes of the last ``size`` slots; times in seconds since the epoch."""

    def __init__(self, size: int) -> None:
        self._rows: deque[tuple[int, Hash, int]] = deque(maxlen=size)
        self._slots: dict[Hash, int] = {}

    def add(self, slot: int, blockhash: Hash, block_time: int) -> None:
        """Adds the next slot's; the oldest leaves a full window."""
        if len(self._rows) == self._rows.maxlen:
            del self._slots[self._rows[0][1]]
        self._rows.append((slot, blockhash, block_time))
        self._slots[blockhash] = slot

    def newest(self) -> Hash:
        """The last one added."""
        return self._rows[-1][1]

    def newest_at(self, slot: int) -> tuple[Hash, int]:
        """The newest one up to ``slot``, and the last block height at which it is valid."""
        found, blockhash = next((found, hash_) for found, hash_, _ in reversed(self._rows) if found <= slot)
        return blockhash, found + BLOCKHASH_LIFE

    def is_valid_at(self, blockhash: Hash, slot: int) -> bool:
        """Whether a bank at ``slot`` knows it and it is young enough."""
        made = self._slots.get(blockhash)
        return made is not None and made <= slot <= made + BLOCKHASH_LIFE

    def before(self, slot: int, most: int) -> list[tuple[int, Hash]]:
        """The newest ``most`` below ``slot``, with their slots, newest first."""
        older = ((found, hash_) for found, hash_, _ in reversed(self._rows) if found < slot)
        return list(islice(older, most))

    def time_of(self, slot: int) -> int | None:
        """When a slot was opened; None when it is not in the window."""
        return next((when for found, _, when in self._rows if found == slot), None)
