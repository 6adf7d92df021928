"""Pools by whose fault transactions fail: left out for the order at once, for all after several orders."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from dex.types import Quote
from orders.gateway import Failure
from orders.lifecycle import POOLS_OWN
from orders.models import KnownPool, Order
from orders.records import routes

# So many orders, none longer after the one before than this, and for so long nobody uses the pool.
ORDERS_BEFORE_ALL: Final = 3
_TOGETHER: Final = timedelta(minutes=10)
_LEFT_OUT_FOR: Final = timedelta(minutes=10)


def is_pools_own(failure: Failure) -> bool:
    """Whether another pool may do what failed on chain."""
    return failure.reason in POOLS_OWN


def left_out(order: Order, failure: Failure) -> dict[str, Any]:
    """What an order's row says from then on: the pools of its route are not used again."""
    pools = {str(leg.pool): failure.reason.value for leg in routes.of(order).legs}
    return {"left_out_pools": (order.left_out_pools or {}) | pools}


def note(failed: Iterable[tuple[Order, Failure]]) -> None:
    """Count the pools by whose fault these orders failed, and leave them out for all when it is time."""
    for order, failure in failed:
        for leg in routes.of(order).legs:
            _note(leg, failure, timezone.now())


def _note(leg: Quote, failure: Failure, now: datetime) -> None:
    defaults = {
        "venue": leg.venue,
        "mint_a": str(leg.token_in),
        "mint_b": str(leg.token_out),
        "seen_at": now,
    }
    pool, _ = KnownPool.objects.get_or_create(
        network=settings.SOLANA_NETWORK, address=str(leg.pool), defaults=defaults
    )
    is_late = pool.failed_at is None or pool.failed_at < now - _TOGETHER
    pool.failed_orders = 1 if is_late else pool.failed_orders + 1
    pool.failed_at, pool.failed_reason = now, failure.reason.value
    if pool.failed_orders >= ORDERS_BEFORE_ALL:
        pool.left_out_until = now + _LEFT_OUT_FOR
    pool.save(update_fields=["failed_orders", "failed_at", "failed_reason", "left_out_until"])
