"""Orders that come of another order: rounds, exits, purchases out of a budget."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from orders.models import Order


def child_of(parent: Order, **columns: Any) -> Order:
    """A new order for the parent's user and wallet, not written yet.

    It has the parent's bounds and group, unless ``columns`` say others.
    """
    now = timezone.now()
    of_parent = {"route_bounds": parent.route_bounds}
    if "group" not in columns:
        of_parent["group_id"] = parent.group_id
    return Order(
        user_id=parent.user_id,
        request_hash=parent.request_hash,
        request_id=parent.request_id,
        network=parent.network,
        wallet=parent.wallet,
        max_price_impact_bps=parent.max_price_impact_bps,
        max_cost_bps=parent.max_cost_bps,
        due_at=now,
        created_at=now,
        updated_at=now,
        **{**of_parent, **columns},
    )
