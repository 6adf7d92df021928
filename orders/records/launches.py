"""The rows of new pools: written once a pool, by whichever worker comes first, and brought up to date."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from orders.models import KnownPool, Launch, OldPool


def ours() -> QuerySet[Launch]:
    """The launches of this engine's network."""
    return Launch.objects.filter(network=settings.SOLANA_NETWORK)


def known_among(pools: Collection[str]) -> tuple[set[str], set[str]]:
    """Those of the pools that are launches already, and those that were there before."""
    if not pools:
        return set(), set()
    old = OldPool.objects.filter(network=settings.SOLANA_NETWORK, pool__in=pools)
    kept = ours().filter(pool__in=pools)
    return set(kept.values_list("pool", flat=True)), set(old.values_list("pool", flat=True))


def add(launches: Sequence[Launch]) -> list[Launch]:
    """Keep new pools, and let routing know them; those that no other worker has kept before."""
    added = []
    with transaction.atomic():
        for launch in launches:
            columns = {each.attname: getattr(launch, each.attname) for each in Launch._meta.concrete_fields}
            named = {name: columns.pop(name) for name in ("network", "pool")}
            del columns["id"]
            row, is_new = Launch.objects.get_or_create(**named, defaults=columns)
            added += [row] if is_new else []
        _let_routing_know(added)
    return added


def change(launch: Launch, changes: Mapping[str, Any]) -> Launch:
    """Write what has changed of a launch; the row as it is then."""
    ours().filter(pk=launch.pk).update(**changes)
    for name, value in changes.items():
        setattr(launch, name, value)
    return launch


def put_down_as_old(pools: Iterable[str]) -> None:
    """Take these pools for no launches from now on."""
    rows = [OldPool(network=settings.SOLANA_NETWORK, pool=pool) for pool in pools]
    OldPool.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)


def prune(before: datetime) -> int:
    """Forget launches that were last seen to change before then, and pools of theirs that no order used."""
    gone = list(ours().filter(seen_at__lt=before).values_list("pk", "pool")[:500])
    if not gone:
        return 0
    pools = [pool for _, pool in gone]
    with transaction.atomic():
        put_down_as_old(pools)
        known = KnownPool.objects.filter(network=settings.SOLANA_NETWORK, address__in=pools)
        known.filter(last_used_at__isnull=True, seen_at__lt=before).delete()
        ours().filter(pk__in=[pk for pk, _ in gone]).delete()
    return len(gone)


def _let_routing_know(launches: Sequence[Launch]) -> None:
    rows = [
        KnownPool(
            network=launch.network,
            venue=launch.venue,
            address=launch.pool,
            mint_a=launch.token_mint,
            mint_b=launch.quote_mint,
            seen_at=launch.seen_at,
        )
        for launch in launches
    ]
    KnownPool.objects.bulk_create(rows, ignore_conflicts=True)
