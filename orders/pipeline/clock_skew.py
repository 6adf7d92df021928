"""Repair due times, leases and confirmation times that a wrong clock has written.

They are wall-clock times, written by one host and read by others. A clock that is set back, or that of a
host which does not keep time, leaves orders due in hours, leases that do not run out, and confirmed orders
that are looked at for finality in hours. Nothing that waits for a worker, a retry or a node is ever due later
than `_FARTHEST_SECONDS` from now: what is, is due now. Parked orders have no moment, and are left alone; so
is whatever waits for a schedule of its own. Who takes an order over too early does no harm: every write names
its lease.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from orders.index_conditions import IS_ACTIVE
from orders.lifecycle import Status, WaitsFor
from orders.models import Order
from orders.records import leases

logger = logging.getLogger(__name__)

# Adoption after 15 s and retries after 5 s are the latest; clocks of hosts that keep time differ by less.
_FARTHEST_SECONDS: Final = 60
_MOST_AT_ONCE: Final = 1024
_SAY_AGAIN_SECONDS: Final = 60
_SOON: Final = (WaitsFor.WORKER, WaitsFor.RETRY, WaitsFor.NODE)


class ClockRepair:
    """`bring_back` as a step of a sweeper, which says once per minute what it had to do."""

    def __init__(self) -> None:
        self._unsaid = 0
        self._said_at = float("-inf")

    def run(self) -> int:
        """Repair what there is to repair; how many orders there were."""
        repaired = bring_back()
        self._unsaid += repaired
        if self._unsaid and time.monotonic() - self._said_at >= _SAY_AGAIN_SECONDS:
            logger.warning("%d orders had times far ahead: has a clock been set back?", self._unsaid)
            self._unsaid, self._said_at = 0, time.monotonic()
        return repaired


def bring_back() -> int:
    """Make due what is due beyond reason, end such leases, date such confirmations now; how many orders."""
    now = timezone.now()
    farthest = now + timedelta(seconds=_FARTHEST_SECONDS)
    beyond_lease = farthest + timedelta(seconds=settings.LEASE_SECONDS)
    late = leases.ours().filter(IS_ACTIVE, due_at__gt=farthest, waits_for__in=_SOON)
    leased = leases.ours().filter(lease_token__isnull=False, lease_until__gt=beyond_lease)
    landed = leases.ours().filter(status=Status.CONFIRMED, finalized_at__isnull=True)
    landed = landed.filter(confirmed_at__gt=farthest)
    # Asked first: a sweep that finds nothing takes no writer lock.
    due, held, dated = _keys(late), _keys(leased), _keys(landed)
    if held:
        leased.filter(pk__in=held).update(lease_until=now)
    if due:
        late.filter(pk__in=due).update(due_at=now, swept_at=None)
    if dated:
        landed.filter(pk__in=dated).update(confirmed_at=now)
    return len({*due, *held, *dated})


def _keys(orders: QuerySet[Order]) -> list[UUID]:
    return list(orders.values_list("pk", flat=True)[:_MOST_AT_ONCE])
