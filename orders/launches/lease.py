"""This worker's hold on the watch for new pools: the lease, what is wanted, and what is noted on its row."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import Any, Final

from orders.launches.wanted import Wanted, wanted_now
from orders.models import LaunchWatch
from orders.records import launch_watch

EVERY_SECONDS: Final = 1


class Change(StrEnum):
    """What a renewal has come to."""

    NONE = "none"
    TAKEN = "taken"  # this worker is at work from now on
    WANTED = "wanted"  # it goes on, and other pools are looked for
    LOST = "lost"  # another worker is, or nothing is wanted


class Lease:
    """Renewed about once a second; ``row`` is None while this worker does not hold the watch."""

    def __init__(self) -> None:
        self.row: LaunchWatch | None = None
        self.wanted = Wanted()
        self._notes: dict[str, Any] = {}
        self._renewed_at = float("-inf")

    def renew(self, *, is_subscribed: bool) -> Change:
        """Take the watch or keep it, if that is due, and write down what was noted."""
        if time.monotonic() - self._renewed_at < EVERY_SECONDS:
            return Change.NONE
        self._renewed_at = time.monotonic()
        wanted, had, before = wanted_now(), self.row is not None, self.wanted
        self.row = self._hold(is_subscribed) if wanted else None
        self.wanted = wanted if self.row is not None else Wanted()
        if self.row is None:
            if had:
                launch_watch.give_up()
            return Change.LOST
        if not had:
            return Change.TAKEN
        return Change.NONE if wanted == before else Change.WANTED

    def note(self, **columns: Any) -> None:
        """Columns of the row, written with the next renewal."""
        self._notes |= columns
        if self.row is not None:
            for name, value in columns.items():
                setattr(self.row, name, value)

    def begin_lists(self, slot: int, listed: set[str]) -> set[str]:
        """Venues of which all pools were listed for the first time, at ``slot``: what is there is not new.

        Once pools of any token are no longer looked for, their lists begin anew.
        """
        if self.row is None:
            return set()
        if self.row.since_slot is None:
            self.note(since_slot=slot)
        known = set(self.row.listed_venues) if self.wanted.everything else set()
        begun = listed - known if self.wanted.everything else set()
        if (known | begun) != set(self.row.listed_venues):
            self.note(listed_venues=sorted(known | begun))
        return begun

    def _hold(self, is_subscribed: bool) -> LaunchWatch | None:
        notes = self._notes | {"is_subscribed": is_subscribed}
        self._notes = {}
        return launch_watch.hold(notes)
