"""Which worker samples prices: a lease in a row, so that a dead worker's sampling is taken over.

The lease only saves work. Two samplers do no harm: a second of a pair has one row, whoever comes first.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from orders.models import PriceWatch
from orders.records import leases

LEASE_SECONDS: Final = 3


def hold() -> bool:
    """Take the sampling or keep it; False while another worker has it."""
    now = timezone.now()
    token = leases.first_token()
    with leases.forgettable():
        PriceWatch.objects.get_or_create(network=settings.SOLANA_NETWORK)
        free = Q(lease_until__isnull=True) | Q(lease_until__lt=now) | Q(lease_token=token)
        # One that lies far ahead was written by a clock that has been set back since.
        free |= Q(lease_until__gt=now + timedelta(seconds=2 * LEASE_SECONDS))
        rows = PriceWatch.objects.filter(free, network=settings.SOLANA_NETWORK)
        return bool(rows.update(lease_token=token, lease_until=now + timedelta(seconds=LEASE_SECONDS)))


def give_up() -> None:
    """Leave the sampling to others at once."""
    free_all_of(leases.first_token())


def free_all_of(worker_id: UUID) -> None:
    """Free the sampling of a worker that has ended."""
    PriceWatch.objects.filter(lease_token=worker_id).update(lease_token=None, lease_until=None)
