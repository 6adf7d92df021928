"""How often sniper orders are looked at: seldom while their pools open later, at once around openings."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from dex.types import Clock
from orders.launches import rules
from orders.launches.candidates import Sniper
from orders.models import Launch

# Around an opening each slot counts.
_NEAR_SECONDS: Final = 0.05
_NEAR_OPENING_SECONDS: Final = 3
# A pool that was created empty is funded within minutes, or hardly ever.
_FUNDED_WITHIN: Final = timedelta(minutes=10)
# What opens later than that says so at most so often.
_FAR_SECONDS: Final = 1.0
_MARGIN_SECONDS: Final = 2


class Attention:
    """Which orders are due, by the chain's clock as it was last seen; belongs to one thread."""

    def __init__(self) -> None:
        self._clock: tuple[Clock, float] | None = None
        self._looked_at: dict[UUID, float] = {}

    def note(self, snipers: Sequence[Sniper], clock: Clock) -> None:
        """These were looked at, at this clock."""
        now = time.monotonic()
        self._clock = clock, now
        self._looked_at |= {each.order.pk: now for each in snipers}

    def due(self, snipers: Sequence[Sniper]) -> list[Sniper]:
        """Those to be looked at now."""
        now = time.monotonic()
        known = {each.order.pk for each in snipers}
        self._looked_at = {pk: at for pk, at in self._looked_at.items() if pk in known}
        return [
            each
            for each in snipers
            if now - self._looked_at.get(each.order.pk, float("-inf")) >= _FAR_SECONDS
            or not self._waits_for_long(each, now)
        ]

    def pause(self, snipers: Sequence[Sniper]) -> float:
        """How long until the next look: no longer than a slot, and hardly at all around an opening."""
        return _NEAR_SECONDS if self.is_near(snipers) else float(settings.WATCH_SECONDS)

    def is_near(self, snipers: Sequence[Sniper]) -> bool:
        """Whether one of their pools opens within seconds, has just opened, or may at any moment."""
        now = time.monotonic()
        return self._clock is not None and any(
            abs(self._seconds_until(launch, now)) <= _NEAR_OPENING_SECONDS
            for each in snipers
            for launch in each.launches
        )

    def _waits_for_long(self, sniper: Sniper, now: float) -> bool:
        """Whether all its launches open later; one with none waits for what comes up."""
        later = _NEAR_OPENING_SECONDS + _MARGIN_SECONDS
        return bool(sniper.launches) and all(
            self._seconds_until(launch, now) > later for launch in sniper.launches
        )

    def _seconds_until(self, launch: Launch, now: float) -> float:
        """To the opening of a launch, 0 where it may come at any moment; negative where it has passed."""
        first = launch.first_point
        if self._clock is None or not launch.opens_unit or first is None:
            return 0.0 if _may_be_funded_soon(launch) else float("-inf")
        clock, read_at = self._clock
        return rules.seconds_until(launch.opens_unit, first, clock) - (now - read_at)


def _may_be_funded_soon(launch: Launch) -> bool:
    return launch.funded_at is None and timezone.now() - launch.seen_at < _FUNDED_WITHIN
