"""Moments that a wrong clock has put far ahead, and that nobody would live to see.

Leases and due times are wall-clock times, written by one host and read by others. A clock that is set
back, or that of a host which does not keep time, leaves orders due in hours and leases that do not run out.
Nothing is ever due later than `_FARTHEST_SECONDS` from now: what is, is due now. Who takes an order over
too early does no harm: every write names its lease.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from orders.index_conditions import IS_ACTIVE
from orders.models import Order
from orders.pipeline.restored import PARKED_UNTIL
from orders.records import leases

logger = logging.getLogger(__name__)

# Adoption after 15 s and retries after 4 s are the latest; clocks of hosts that keep time differ by less.
_FARTHEST_SECONDS: Final = 60
_MOST_AT_ONCE: Final = 1024


def bring_back() -> int:
    """Make due what is due beyond reason, and end such leases; how many orders there were."""
    now = timezone.now()
    farthest = now + timedelta(seconds=_FARTHEST_SECONDS)
    beyond_lease = farthest + timedelta(seconds=settings.LEASE_SECONDS)
    late = leases.ours().filter(IS_ACTIVE, due_at__gt=farthest, due_at__lt=PARKED_UNTIL)
    leased = leases.ours().filter(lease_token__isnull=False, lease_until__gt=beyond_lease)
    # Asked first: a sweep that finds nothing takes no writer's turn.
    due, held = _keys(late), _keys(leased)
    if not due and not held:
        return 0
    leased.filter(pk__in=held).update(lease_until=now)
    late.filter(pk__in=due).update(due_at=now, swept_at=None)
    brought_back = len({*due, *held})
    logger.warning("%d orders waited for a moment far ahead: has a clock been set back?", brought_back)
    return brought_back


def _keys(orders: QuerySet[Order]) -> list[UUID]:
    return list(orders.values_list("pk", flat=True)[:_MOST_AT_ONCE])
