"""What attempts cost beside what was swapped: columns of the attempt, in lamports.

They are unknown while an attempt is open. One that failed on chain has paid its fees, one that expired
nothing, so that the wallet's SOL can be accounted for from rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from dex.types import TransactionCost
from orders.index_conditions import HAS_FAILED
from orders.models import Attempt, Order

COLUMNS: Final = ("network_fee", "priority_fee", "tip", "rent")
NOTHING: Final = TransactionCost(base_fee=0, priority_fee=0, tip=0, rent=0)


def note(attempt: Attempt, cost: TransactionCost) -> None:
    """Put what it cost into a row that is not written yet."""
    attempt.network_fee, attempt.priority_fee = cost.base_fee, cost.priority_fee
    attempt.tip, attempt.rent = cost.tip, cost.rent


def paid_by_order(orders: Sequence[Order]) -> dict[UUID, int]:
    """Lamports that earlier attempts of these orders have paid for their place in a block and as tips."""
    again = [order.pk for order in orders if order.attempt]
    if not again:
        return {}
    paid = Coalesce(F("priority_fee"), 0) + Coalesce(F("tip"), 0)
    rows = Attempt.objects.filter(order__in=again).values_list("order").annotate(paid=Sum(paid))
    return dict(rows.order_by())


def failed_since(order: Order, since: datetime) -> list[tuple[datetime, int]]:
    """When failed attempts of the order were signed after ``since``, and what each cost; oldest first."""
    if not order.attempt:
        return []
    cost = Coalesce(F("network_fee"), 0) + Coalesce(F("priority_fee"), 0) + Coalesce(F("tip"), 0)
    rows = Attempt.objects.filter(HAS_FAILED, order=order, created_at__gt=since)
    return list(rows.order_by("created_at").values_list("created_at", cost))


def values(attempt: Attempt) -> list[int | None]:
    """What is to be written into ``COLUMNS``."""
    return [getattr(attempt, name) for name in COLUMNS]
