"""Work of a network that one worker at a time does: a lease in a row, so that a dead worker's is taken over.

The lease only saves work: whatever is done under it must do no harm when two workers do it. The row's model
has a ``network`` for its key, ``lease_token`` and ``lease_until``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID

from django.conf import settings
from django.db.models import Model, Q
from django.utils import timezone

from orders.records import leases

# Taken over within 5 s of the death of the worker: the lease, and a second until others look.
LEASE_SECONDS: Final = 3
# One that lies further ahead was written by a clock that has been set back since.
_FARTHEST: Final = timedelta(seconds=2 * LEASE_SECONDS)


class Leased(Protocol):
    """What a row says of its lease."""

    lease_token: UUID | None
    lease_until: datetime | None


def hold(model: type[Model], **changes: Any) -> bool:
    """Take the lease or keep it, and write ``changes`` to its row; False while another worker has it."""
    now, own = timezone.now(), leases.first_token()
    rows = model._default_manager.filter(network=settings.SOLANA_NETWORK)
    row: Any = rows.first()
    if row is not None and row.lease_token != own and _stands(row, now):
        # Every worker asks: those in vain begin no transaction for it.
        return False
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now) | Q(lease_token=own)
    free |= Q(lease_until__gt=now + _FARTHEST)
    until = now + timedelta(seconds=LEASE_SECONDS)
    with leases.forgettable():
        model._default_manager.get_or_create(network=settings.SOLANA_NETWORK)
        return bool(rows.filter(free).update(lease_token=own, lease_until=until, **changes))


def is_held(row: Leased) -> bool:
    """Whether a worker is at work."""
    return row.lease_until is not None and row.lease_until > timezone.now()


def free_all_of(model: type[Model], worker_id: UUID, **changes: Any) -> None:
    """Free what a worker holds, and write ``changes`` to its rows."""
    held = model._default_manager.filter(lease_token=worker_id)
    held.update(lease_token=None, lease_until=None, **changes)


def _stands(row: Leased, now: datetime) -> bool:
    return row.lease_until is not None and now <= row.lease_until <= now + _FARTHEST
