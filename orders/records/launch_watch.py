"""Which worker watches for new pools: a lease in a row, so that a dead worker's watch is taken over.

The lease only saves work. Two watches do no harm: a pool has one row, whoever comes first.
"""

from __future__ import annotations

from datetime import timedelta
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
    now = timezone.now()
    until = now + timedelta(seconds=LEASE_SECONDS)
    with leases.forgettable():
        LaunchWatch.objects.get_or_create(network=settings.SOLANA_NETWORK)
        free = Q(lease_until__isnull=True) | Q(lease_until__lt=now) | Q(lease_token=leases.first_token())
        # One that lies far ahead was written by a clock that has been set back since.
        free |= Q(lease_until__gt=now + timedelta(seconds=2 * LEASE_SECONDS))
        held = _ours().filter(free)
        if not held.update(lease_token=leases.first_token(), lease_until=until, **changes):
            return None
    return state()


def give_up() -> None:
    """Leave the watch to others at once."""
    free_all_of(leases.first_token())


def free_all_of(worker_id: UUID) -> None:
    """Free the watch of a worker that has ended."""
    held = LaunchWatch.objects.filter(lease_token=worker_id)
    held.update(lease_token=None, lease_until=None, is_subscribed=False)


def _ours() -> QuerySet[LaunchWatch]:
    return LaunchWatch.objects.filter(network=settings.SOLANA_NETWORK)
