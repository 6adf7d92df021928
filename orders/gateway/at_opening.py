"""A pool that is not open yet as a purchase at its opening will find it: its state of now at that clock.

Until then nobody trades in it. Who created it may still add liquidity, take it out, or move the opening on
some venues, so whoever goes by this looks again before anything is sent.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from dex.launches.openings import Unit
from dex.types import Snapshot
from orders.gateway.new_pools import LATEST_POINT, Opens


def at_opening(snapshot: Snapshot, opens: Opens | None) -> Snapshot:
    """The snapshot with the clock of the opening; itself where that has passed, or never comes."""
    if opens is None or opens.first > LATEST_POINT:
        return snapshot
    clock = snapshot.clock
    if opens.unit == _UNIX:
        moved = replace(clock, unix_timestamp=max(clock.unix_timestamp, opens.first))
    else:
        moved = replace(clock, slot=max(clock.slot, opens.first))
    return replace(snapshot, clock=moved)


_UNIX: Final = Unit.UNIX.value
