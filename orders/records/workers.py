"""The rows of worker processes: each shows that it lives, and any of them ends those that do not."""

from __future__ import annotations

from uuid import UUID

from django.db.models import F
from django.utils import timezone

from orders.models import Order, WorkerProcess
from orders.platform.process_identity import ProcessIdentity, own_identity
from orders.records import launch_watch, leases, price_watch, watched_pairs


def show_life(name: str) -> None:
    """Beat once more for this process, with a new row where it has none, or where it was taken for dead."""
    now = timezone.now()
    with leases.forgettable():
        own = WorkerProcess.objects.filter(pk=leases.first_token())
        if own.update(beats=F("beats") + 1, seen_at=now):
            return
        who = own_identity()
        WorkerProcess.objects.create(
            id=leases.first_token(),
            name=name[:255],
            machine=who.machine,
            pid=who.pid,
            started=who.started,
            seen_at=now,
        )


def others() -> list[WorkerProcess]:
    """All workers but this one."""
    return list(WorkerProcess.objects.exclude(pk=leases.first_token()))


def identity_of(worker: WorkerProcess) -> ProcessIdentity:
    """Which process a row means."""
    return ProcessIdentity(worker.machine, worker.pid, worker.started)


def bury(worker_id: UUID) -> list[Order]:
    """Free what a worker that has ended holds, and forget it; the orders that it held, as they stood."""
    freed = leases.free_all_of(worker_id)
    watched_pairs.free_all_of(worker_id)
    launch_watch.free_all_of(worker_id)
    price_watch.free_all_of(worker_id)
    WorkerProcess.objects.filter(pk=worker_id).delete()
    return freed
