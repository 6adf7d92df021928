"""Milliseconds counted by steps that grow with them, so that days can be added up and still have percentiles.

Below 32 ms each has a step of its own; above, sixteen steps lie between a power of two and the next: what is
read from them is at most a sixteenth too high.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_FINE_BITS: Final = 4
_FINE: Final = 1 << _FINE_BITS


def step_of(milliseconds: int) -> str:
    """The step that a latency belongs to: its highest value, as text, for JSON."""
    whole = max(milliseconds, 0)
    coarse = max(whole.bit_length() - _FINE_BITS - 1, 0)
    return str(((whole >> coarse) + 1 << coarse) - 1)


def percentile(counts: Mapping[str, int], percent: int) -> int | None:
    """The percentile by nearest rank, as the highest value of its step; None of nothing."""
    total = sum(counts.values())
    if not total:
        return None
    rank = max(-(-total * percent // 100), 1)
    for highest in sorted(map(int, counts)):
        rank -= counts[str(highest)]
        if rank <= 0:
            return highest
    return None
