"""Launches after they were seen: looked at until they are funded and open, and now and then from then on."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from dex.types import Clock
from orders import gateway
from orders.gateway import AskedPool, PoolLook, SeenPool
from orders.models import Launch, OpeningUnit
from orders.records import launches

POOL_GONE: Final = "POOL_GONE"
# The newest of all; older ones stay as they were last seen.
_MOST: Final = 300
# One read at one slot, arrays and vaults included.
_AT_ONCE: Final = 10
# How often one is looked at by its age, if its account does not change: launches move in their first minutes.
_PACES: Final = ((600, 2), (3_600, 15), (86_400, 300))
_SLOWEST_SECONDS: Final = 3_600
# From so long before an opening on each slot may be the one.
_NEAR_SECONDS: Final = 2
_NEAR_SLOTS: Final = 4
_LEAST_SECONDS: Final = 0.1
_NOTED_EVERY: Final = timedelta(seconds=60)


class Followed:
    """The launches that this worker looks at, by pool, and when each is due."""

    def __init__(self) -> None:
        self._rows: dict[str, Launch] = {}
        self._due: dict[str, float] = {}
        self._looked_at: dict[str, float] = {}
        # The chain's clock at the last look, and the monotonic seconds of that moment.
        self._clock: tuple[Clock, float] | None = None
        self._slot = 0
        # Those of the look that is under way; those that are looked at one by one, as a look broke off.
        self._asked: list[str] = []
        self._alone: list[str] = []

    def read(self) -> None:
        """Begin with the rows that are there."""
        self._rows, self._due, self._looked_at = {}, {}, {}
        for row in reversed(launches.ours()[:_MOST]):
            self.add(row)

    def all(self) -> list[Launch]:
        """Every launch that is followed, oldest first."""
        return list(self._rows.values())

    def add(self, row: Launch) -> None:
        """Follow a launch, beginning now."""
        self._rows[row.pool] = row
        self._due[row.pool] = time.monotonic()
        while len(self._rows) > _MOST:
            gone = next(iter(self._rows))
            for kept in (self._rows, self._due, self._looked_at):
                kept.pop(gone, None)

    def note(self, seen: SeenPool) -> Launch | None:
        """Take in what a launch's account shows; its row if that is news. It is looked at at once."""
        row = self._rows.get(seen.pool)
        if row is None:
            return None
        self._due[row.pool] = time.monotonic()
        changes = _opening(row, seen.opens) if seen.opens is not None else {}
        if seen.signature and not row.signature:
            names = ("signature", "creator", "graduated_from")
            changes |= {name: getattr(seen, name) for name in names}
        if seen.is_funded and row.funded_at is None:
            changes["funded_at"] = timezone.now()
        return launches.change(row, changes) if changes else None

    def note_slot(self, slot: int) -> None:
        """A slot has begun: what may open in it is looked at."""
        self._slot = max(slot, self._slot)
        now = time.monotonic()
        for row in self._rows.values():
            if row.opened_at is None and self._is_near(row, now):
                self._due[row.pool] = now

    def due(self) -> list[AskedPool]:
        """Those that are to be looked at now, and not again before their time."""
        now = time.monotonic()
        alone = self._rows.get(self._alone.pop()) if self._alone else None
        due = [row for pool, row in self._rows.items() if self._is_due(pool, now)][-_AT_ONCE:]
        due = due if alone is None else [alone]
        self._asked = [row.pool for row in due]
        for row in due:
            self._looked_at[row.pool] = now
            self._due[row.pool] = now + _pace(row)
        return [
            AskedPool(
                row.venue, row.pool, row.token_mint, row.quote_mint, gateway.token_by_mint(row.quote_mint)
            )
            for row in due
        ]

    def broke_off(self) -> None:
        """The look under way broke off by one of its pools: the others are not to suffer for it."""
        if len(self._asked) > 1:
            self._alone = list(self._asked)
        for pool in self._asked:
            self._due[pool] = time.monotonic() + _SLOWEST_SECONDS

    def take_in(self, asked: Iterable[AskedPool], found: dict[str, PoolLook]) -> list[Launch]:
        """Write what looks say otherwise than the rows; those that have changed."""
        for look in found.values():
            self._clock = look.clock, time.monotonic()
        rows = [row for one in asked if (row := self._rows.get(one.pool)) is not None]
        return list(_changed(rows, found))

    def _is_due(self, pool: str, now: float) -> bool:
        last = self._looked_at.get(pool, float("-inf"))
        return now >= self._due[pool] and now - last >= _LEAST_SECONDS

    def _is_near(self, row: Launch, now: float) -> bool:
        first = row.first_point
        if first is None:
            return False
        if row.opens_unit == OpeningUnit.SLOT:
            return self._slot >= first - _NEAR_SLOTS
        if self._clock is None:
            return True
        clock, read_at = self._clock
        return clock.unix_timestamp + (now - read_at) >= first - _NEAR_SECONDS


def _pace(row: Launch) -> float:
    age = (timezone.now() - row.seen_at).total_seconds()
    return next((pace for until, pace in _PACES if age < until), _SLOWEST_SECONDS)


def _changed(due: Iterable[Launch], found: dict[str, PoolLook]) -> Iterable[Launch]:
    for row in due:
        look = found.get(row.pool)
        changes = _gone(row) if look is None else _of_look(row, look)
        if changes:
            yield launches.change(row, changes | {"checked_at": timezone.now()})
        elif row.checked_at is None or timezone.now() - row.checked_at > _NOTED_EVERY:
            launches.change(row, {"checked_at": timezone.now()})


def _gone(row: Launch) -> dict[str, Any]:
    return (
        {} if POOL_GONE in row.flags else {"flags": [POOL_GONE, *row.flags], "liquidity": 0, "fee_bps": None}
    )


def _of_look(row: Launch, look: PoolLook) -> dict[str, Any]:
    """The columns that a look says otherwise than the row."""
    changes = _opening(row, look.opens)
    said = {"liquidity": look.liquidity, "fee_bps": look.fee_bps, "flags": list(look.flags)}
    changes |= {name: value for name, value in said.items() if getattr(row, name) != value}
    if look.is_funded and row.funded_at is None:
        changes["funded_at"] = timezone.now()
    if look.is_open and row.opened_at is None:
        changes["opened_at"] = _opened_at(row, look)
    return changes


def _opening(row: Launch, opens: gateway.Opens | None) -> dict[str, Any]:
    """The opening where it is another than the row's; one that is kept no more stays in the row."""
    if opens is None or (row.opens_unit, row.opens_at_point, row.opens_after) == tuple(opens):
        return {}
    return {"opens_unit": opens.unit, "opens_at_point": opens.point, "opens_after": opens.after}


def _opened_at(row: Launch, look: PoolLook) -> datetime:
    """By the chain's clock where the opening is a time; else when it was seen to be open."""
    if look.opens is not None and look.opens.unit == OpeningUnit.UNIX:
        return datetime.fromtimestamp(look.opens.first, UTC)
    return row.seen_at if look.opens is None else timezone.now()
