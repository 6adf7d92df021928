"""The pools that the engine knows, kept in the database and looked for in the background.

Public nodes throttle or refuse to list a program's accounts: what was found once stays in use.
"""

from __future__ import annotations

import logging
import random
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from dex.errors import DexError
from orders import gateway
from orders.models import KnownPool, PoolRefresh
from orders.records.pools import by_mint

logger = logging.getLogger(__name__)

# Workers that were started together must not ask together for ever.
_JITTER_PERCENT: Final = 20


def refresh_due() -> bool:
    """Look for pools if it is time and no other worker does; whether this one did."""
    if not _take():
        return False
    network = settings.SOLANA_NETWORK
    try:
        found, error_code = gateway.list_pools()
    except DexError as error:
        found, error_code = [], error.code
    now = timezone.now()
    rows = {
        pool.address: KnownPool(
            network=network,
            venue=pool.venue,
            address=str(pool.address),
            mint_a=str(pool.mints[0]),
            mint_b=str(pool.mints[1]),
            seen_at=now,
            reserves=by_mint(pool),
        )
        for pool in found
    }
    KnownPool.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["network", "address"],
        update_fields=["seen_at", "reserves"],
    )
    outcome = {"error_code": error_code} | ({} if error_code else {"refreshed_at": now})
    PoolRefresh.objects.filter(network=network).update(**outcome)
    if error_code:
        known = KnownPool.objects.filter(network=network).count()
        logger.warning("pools could not all be listed (%s): %d known ones stay in use", error_code, known)
    return True


def _take() -> bool:
    """Whether this worker is the one that looks: the due time is moved by one conditional UPDATE."""
    now = timezone.now()
    refresh, _ = PoolRefresh.objects.get_or_create(network=settings.SOLANA_NETWORK, defaults={"due_at": now})
    if refresh.due_at > now:
        return False
    seconds = settings.POOL_REFRESH_SECONDS
    jitter = random.uniform(0, seconds * _JITTER_PERCENT / 100)  # noqa: S311 -- spreads load, guards nothing
    due = PoolRefresh.objects.filter(network=settings.SOLANA_NETWORK, due_at__lte=now)
    return due.update(due_at=now + timedelta(seconds=seconds + jitter)) == 1
