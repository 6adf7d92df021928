"""Pools added, and switched on and off, by people: for all orders, each with an entry in the audit log."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from dex.types import PoolAddress
from orders.models import KnownPool, PoolState
from orders.records import audit
from orders.records.audit import Actor


def state(pool: KnownPool) -> str:
    """`on`, `off`, or until when the engine leaves it out."""
    if pool.state == PoolState.OFF:
        return "off"
    until = pool.left_out_until
    return f"left out until {until:%H:%M:%S} UTC" if until and until > timezone.now() else "on"


def add(found: Iterable[PoolAddress], by: Actor) -> list[KnownPool]:
    """Keep pools that somebody has named, with an entry in the audit log for each; their rows.

    One that is known already stays switched as it is.
    """
    network, rows = settings.SOLANA_NETWORK, []
    with transaction.atomic():
        for pool in found:
            first, second = (str(mint) for mint in pool.mints)
            facts = {"venue": pool.venue, "mint_a": first, "mint_b": second}
            seen = {"seen_at": timezone.now(), "reserves": by_mint(pool)}
            row, _ = KnownPool.objects.update_or_create(
                network=network, address=str(pool.address), defaults=seen, create_defaults=facts | seen
            )
            audit.note(by, "pool added", row.address, f"{row.venue} on {network}")
            rows.append(row)
    return rows


def by_mint(pool: PoolAddress) -> dict[str, str] | None:
    """What a pool holds, base units as text: as JSON numbers they would lose digits in a browser."""
    if pool.reserves is None:
        return None
    return {str(mint): str(held) for mint, held in zip(pool.mints, pool.reserves, strict=True)}


def switch_off(pools: QuerySet[KnownPool], by: Actor) -> int:
    """No order is routed over them from now on; how many were not off."""
    return _switch(pools.exclude(state=PoolState.OFF), PoolState.OFF, by)


def switch_on(pools: QuerySet[KnownPool], by: Actor) -> int:
    """Orders may use them again, also those that the engine has left out; how many were not on."""
    return _switch(pools.exclude(state=PoolState.ON, left_out_until=None), PoolState.ON, by)


def _switch(pools: QuerySet[KnownPool], to: PoolState, by: Actor) -> int:
    with transaction.atomic():
        chosen = list(pools.select_for_update())
        for pool in chosen:
            audit.note(by, f"pool {to.value}", pool.address, f"{pool.venue} on {pool.network}")
        changed = {"state": to, "left_out_until": None, "failed_orders": 0}
        return KnownPool.objects.filter(pk__in=[pool.pk for pool in chosen]).update(**changed)
