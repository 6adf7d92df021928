"""What attempts cost beside what was swapped: columns of the attempt, in lamports.

They are unknown while an attempt is open. One that failed on chain has paid its fees, one that expired
nothing, so that the wallet's SOL can be accounted for from rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Count, F, Q, Sum
from django.db.models.functions import Coalesce

from dex.types import TransactionCost
from orders.index_conditions import HAS_FAILED
from orders.lifecycle import AttemptState, Status
from orders.models import Attempt, Order

COLUMNS: Final = ("network_fee", "priority_fee", "tip", "rent")
_FEES_AND_TIP: Final = Coalesce(F("network_fee"), 0) + Coalesce(F("priority_fee"), 0) + Coalesce(F("tip"), 0)
NOTHING: Final = TransactionCost(base_fee=0, priority_fee=0, tip=0, rent=0)


@dataclass(frozen=True, slots=True)
class Paid:
    """Lamports that all attempts of an order have cost; ``in_vain`` is the part of those that failed.

    ``unknown`` counts those that landed before costs were kept.
    """

    attempts: int
    network_fee: int
    priority_fee: int
    tip: int
    rent: int
    in_vain: int
    unknown: int = 0

    @property
    def total(self) -> int | None:
        """All of it, with the rent; None where a part is not known."""
        return None if self.unknown else self.network_fee + self.priority_fee + self.tip + self.rent


NOTHING_PAID: Final = Paid(0, 0, 0, 0, 0, 0)


def of_orders(orders: Sequence[UUID]) -> dict[UUID, Paid]:
    """What the attempts of each of these orders have cost together."""
    failed = Q(state=AttemptState.FAILED_ONCHAIN)
    landed = failed | Q(state=AttemptState.LANDED)
    rows = Attempt.objects.filter(order__in=orders).order_by().values("order")
    found = rows.annotate(
        attempts=Count("pk"),
        **{f"sum_of_{name}": Coalesce(Sum(name), 0) for name in COLUMNS},
        in_vain=Coalesce(Sum(_FEES_AND_TIP, filter=failed), 0),
        unknown=Count("pk", filter=landed & Q(network_fee__isnull=True)),
    )
    rows_found: Iterable[Mapping[str, Any]] = found
    names = ("attempts", *(f"sum_of_{name}" for name in COLUMNS), "in_vain", "unknown")
    return {row["order"]: Paid(*(row[name] for name in names)) for row in rows_found}


def in_vain_of(user: AbstractBaseUser, network: str) -> list[tuple[datetime, int]]:
    """When attempts failed in blocks whose orders have swapped nothing, and what each cost; oldest first."""
    failed = Attempt.objects.filter(HAS_FAILED, order__user_id=user.pk, order__network=network)
    unfilled = failed.exclude(order__status=Status.CONFIRMED)
    rows = unfilled.annotate(cost=_FEES_AND_TIP).filter(cost__gt=0)
    return list(rows.order_by("created_at", "pk").values_list("created_at", "cost"))


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
    rows = Attempt.objects.filter(HAS_FAILED, order=order, created_at__gt=since)
    return list(rows.order_by("created_at").values_list("created_at", _FEES_AND_TIP))


def values(attempt: Attempt) -> list[int | None]:
    """What is to be written into ``COLUMNS``."""
    return [getattr(attempt, name) for name in COLUMNS]
