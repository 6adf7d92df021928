"""Which worker watches for new pools. Two watches do no harm: a pool has one row, whoever comes first."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings

from orders.models import LaunchWatch
from orders.records import leases, network_lease


def state() -> LaunchWatch | None:
    """The row of this engine's network; None where nobody has watched yet."""
    return LaunchWatch.objects.filter(network=settings.SOLANA_NETWORK).first()


def hold(changes: dict[str, Any]) -> LaunchWatch | None:
    """Take the watch or keep it, and write ``changes`` to its row; None while another worker has it."""
    return state() if network_lease.hold(LaunchWatch, **changes) else None


def give_up() -> None:
    """Leave the watch to others at once."""
    free_all_of(leases.first_token())


def free_all_of(worker_id: UUID) -> None:
    """Free the watch of a worker that has ended."""
    network_lease.free_all_of(LaunchWatch, worker_id, is_subscribed=False)
