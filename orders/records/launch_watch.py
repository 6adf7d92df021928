"""Which worker watches for new pools: a lease in a row, so that a dead worker's watch is taken over.

The lease only saves work. Two watches do no harm: a pool has one row, whoever comes first.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from orders.models import LaunchWatch
from orders.records import leases

# Taken over within 5 s of the death of the worker: the lease, and a second until others look.
LEASE_SECONDS: Final = 3


def state() -> LaunchWatch | None:
    """The row of this engine's network; None where nobody has watched yet."""
    return _ours().first()


def is_held(watch: LaunchWatch) -> bool:
    """Whether a worker is at work."""
    return watch.lease_until is not None and watch.lease_until > timezone.now()


def hold(changes: dict[str, Any]) -> LaunchWatch | None:
    """Take the watch or keep it, and write ``changes`` to its row; None while another worker has it."""
    now, own = timezone.now(), leases.first_token()
    until = now + timedelta(seconds=LEASE_SECONDS)
    row = state()
    if row is not None and row.lease_token != own and _is_fresh(row, now):
        # Every worker asks: those in vain begin no transaction for it.
        return None
    with leases.forgettable():
        LaunchWatch.objects.get_or_create(network=settings.SOLANA_NETWORK)
        free = Q(lease_until__isnull=True) | Q(lease_until__lt=now) | Q(lease_token=own)
        free |= Q(lease_until__gt=now + timedelta(seconds=2 * LEASE_SECONDS))
        if not _ours().filter(free).update(lease_token=own, lease_until=until, **changes):
            return None
    return state()


def _is_fresh(row: LaunchWatch, now: datetime) -> bool:
    """Whether a lease stands; one that lies far ahead was written by a clock that has been set back since."""
    return row.lease_until is not None and now <= row.lease_until <= now + timedelta(
        seconds=2 * LEASE_SECONDS
    )


def give_up() -> None:
    """Leave the watch to others at once."""
    free_all_of(leases.first_token())


def free_all_of(worker_id: UUID) -> None:
    """Free the watch of a worker that has ended."""
    held = LaunchWatch.objects.filter(lease_token=worker_id)
    held.update(lease_token=None, lease_until=None, is_subscribed=False)


def _ours() -> QuerySet[LaunchWatch]:
    return LaunchWatch.objects.filter(network=settings.SOLANA_NETWORK)
