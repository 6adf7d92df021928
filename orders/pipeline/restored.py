"""After an old backup was restored: which of its orders have swapped since, by the memos on chain.

The record has forgotten them, so a worker would execute them again. They are parked: not due before
the end of time, so nobody claims them, and nothing false is said of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final
from uuid import UUID

from orders.gateway.audit import LandedTransaction
from orders.index_conditions import IS_ACTIVE
from orders.lifecycle import BY_TASKS, AttemptState, Status, WaitsFor
from orders.models import Attempt, Order
from orders.records.leases import NEVER

_A_QUERY: Final = 500
_MEMO: Final = re.compile(r"order ([0-9a-f-]{36}) attempt \d+")


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Swaps that the record does not know: signatures by order, of its own orders and of unknown ones."""

    parked: Mapping[UUID, str]
    unknown: Mapping[UUID, str]


def in_flight() -> int:
    """Orders that workers are settling, which may send them back to routing; wait for them first."""
    return Order.objects.filter(IS_ACTIVE, status=Status.SUBMITTED).count()


def lies_before_the_backup(signature: str) -> bool:
    """Whether all that the record has forgotten came after this transaction.

    So it did if the record has an order that was placed after the transaction was confirmed: the backup is
    younger than both. One that was only in flight when the backup was made may have landed behind others.
    """
    landed = Attempt.objects.filter(signature=signature, state=AttemptState.LANDED)
    confirmed_at = landed.values_list("order__confirmed_at", flat=True).first()
    return confirmed_at is not None and Order.objects.filter(created_at__gt=confirmed_at).exists()


def park_forgotten(landed: Iterable[LandedTransaction]) -> Forgotten:
    """Park the waiting orders that have swapped on chain. Call it while trading is off."""
    swaps = {order_id: one.signature for one in landed if (order_id := _swapped(one)) is not None}
    missing: dict[UUID, str] = {}
    known: set[UUID] = set()
    parked: set[UUID] = set()
    for chunk in _chunks(swaps):
        recorded = set(Attempt.objects.filter(order__in=list(chunk)).values_list("signature", flat=True))
        lacking = {order_id: signature for order_id, signature in chunk.items() if signature not in recorded}
        missing |= lacking
        known.update(Order.objects.filter(pk__in=list(lacking)).values_list("pk", flat=True))
        waiting = Order.objects.filter(IS_ACTIVE, pk__in=list(lacking), status__in=BY_TASKS)
        parked.update(waiting.values_list("pk", flat=True))
        waiting.update(due_at=NEVER, waits_for=WaitsFor.PARKED)
    return Forgotten(
        parked={order_id: missing[order_id] for order_id in sorted(parked)},
        unknown={order_id: missing[order_id] for order_id in sorted(missing.keys() - known)},
    )


def _chunks(swaps: Mapping[UUID, str]) -> Iterator[dict[UUID, str]]:
    items = iter(swaps.items())
    while chunk := dict(islice(items, _A_QUERY)):
        yield chunk


def _swapped(one: LandedTransaction) -> UUID | None:
    match = _MEMO.fullmatch(one.memo) if one.succeeded and one.is_own_swap else None
    return UUID(match[1]) if match else None
