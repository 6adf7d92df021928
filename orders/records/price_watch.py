"""Which worker samples prices. Two do no harm: a second of a pair has one row, whoever comes first."""

from __future__ import annotations

from uuid import UUID

from orders.models import PriceWatch
from orders.records import leases, network_lease


def hold() -> bool:
    """Take the sampling or keep it; False while another worker has it."""
    return network_lease.hold(PriceWatch)


def give_up() -> None:
    """Leave the sampling to others at once."""
    free_all_of(leases.first_token())


def free_all_of(worker_id: UUID) -> None:
    """Free the sampling of a worker that has ended."""
    network_lease.free_all_of(PriceWatch, worker_id)
