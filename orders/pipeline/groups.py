"""What a step of one order means for the others of its group, in the same transaction.

Of two siblings at most one is ever at work: when one leaves `open` the other is cancelled, and comes back to
`open` only when the first has, or has ended, which needs the chain's proof that it moved nothing. A bracket's
exits are made when its entry is confirmed, and sell what the entry received.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from orders.gateway import Failure
from orders.lifecycle import ACTIVE, FailureReason, GroupRole, Status
from orders.models import Order
from orders.pipeline import exits
from orders.records import journal
from orders.records.transition import Transition
from orders.wire.events import failure_data, open_data

_MOVED_NOTHING: Final = (Status.OPEN, Status.FAILED, Status.EXPIRED)
_AT_WORK: Final = (Status.PENDING, *ACTIVE, Status.CONFIRMED)
_OPEN_AGAIN: Final[Mapping[str, Any]] = {"error_code": "", "error_message": "", "error_details": None}


def record(
    transitions: Iterable[Transition], alongside: Callable[[list[Order]], None] | None = None
) -> list[Order]:
    """`journal.record`, with what follows for the groups of the orders."""
    return journal.record(transitions, alongside, consequences)


def consequences(moved: Sequence[Order]) -> journal.Consequences:
    """What steps that were just written mean for the other orders of their groups."""
    found = journal.Consequences()
    grouped = [order for order in moved if order.group_role in (GroupRole.ENTRY, *exits.ROLES)]
    if not grouped:
        return found
    siblings = _siblings(grouped)
    for order in grouped:
        if order.group_role == GroupRole.ENTRY:
            if order.status == Status.CONFIRMED:
                found.new.extend(exits.of(order, siblings[order.pk]))
            continue
        found.steps.extend(step for other in siblings[order.pk] if (step := _step_of(other, order)))
    return found


def _siblings(orders: Sequence[Order]) -> Mapping[UUID, list[Order]]:
    """For each order the exits of its group beside it."""
    rows = Order.objects.filter(group__in={o.group_id for o in orders}, group_role__in=exits.ROLES)
    found = list(rows.order_by("pk"))
    return {o.pk: [row for row in found if row.group_id == o.group_id and row.pk != o.pk] for o in orders}


def _step_of(sibling: Order, order: Order) -> Transition | None:
    """What ``order``, which has just moved, means for its sibling; raises Overtaken where both would work."""
    if order.status == Status.ROUTING:
        if sibling.status in _AT_WORK:
            raise journal.Overtaken(f"{sibling.pk} is {sibling.status}")
        return _set_back(sibling, order) if sibling.status == Status.OPEN else None
    if order.status in _MOVED_NOTHING and is_set_back(sibling):
        changes = {**_OPEN_AGAIN, "due_at": timezone.now()}
        return Transition(sibling, Status.OPEN, changes, open_data(sibling))
    if order.status == Status.CANCELLED and not order.error_code and sibling.status == Status.OPEN:
        # As exchanges do: who cancels one of two cancels both.
        return Transition(sibling, Status.CANCELLED)
    return None


def _set_back(sibling: Order, fired: Order) -> Transition:
    reason = FailureReason.SIBLING_FIRED
    failure = Failure(reason, str(reason.label), {"orderId": str(fired.pk)})
    changes = {
        "error_code": reason.value,
        "error_message": failure.message,
        "error_details": dict(failure.details),
    }
    return Transition(sibling, Status.CANCELLED, changes, failure_data(failure))


def is_set_back(order: Order) -> bool:
    """Whether an order is cancelled only as long as its sibling may still be filled."""
    return order.status == Status.CANCELLED and order.error_code == FailureReason.SIBLING_FIRED
