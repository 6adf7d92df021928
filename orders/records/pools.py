"""Pools switched on and off by people: for all orders, with an entry in the audit log for each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from orders.models import KnownPool
from orders.records import audit
from orders.records.audit import Actor

# A pool that is left out until then is off; engines leave pools out for minutes.
OFF: Final = datetime(9999, 1, 1, tzinfo=UTC)


def state(pool: KnownPool) -> str:
    """`on`, `off`, or until when the engine leaves it out."""
    until = pool.left_out_until
    if until is None or until <= timezone.now():
        return "on"
    return "off" if until >= OFF else f"left out until {until:%H:%M:%S} UTC"


def switch_off(pools: QuerySet[KnownPool], by: Actor) -> int:
    """No order is routed over them from now on; how many were on."""
    return _switch(pools.exclude(left_out_until=OFF), OFF, "pool off", by)


def switch_on(pools: QuerySet[KnownPool], by: Actor) -> int:
    """Orders may use them again, also those that the engine has left out; how many were not on."""
    return _switch(pools.filter(left_out_until__gt=timezone.now()), None, "pool on", by)


def _switch(pools: QuerySet[KnownPool], until: datetime | None, action: str, by: Actor) -> int:
    with transaction.atomic():
        chosen = list(pools.select_for_update())
        for pool in chosen:
            audit.note(by, action, pool.address, f"{pool.venue} on {pool.network}")
        changed = {"left_out_until": until, "failed_orders": 0}
        return KnownPool.objects.filter(pk__in=[pool.pk for pool in chosen]).update(**changed)
