"""Cancels orders: one, all that a filter finds, or those of a group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Q

from orders.errors import NotCancellable, NotFound
from orders.index_conditions import IS_UNFINISHED, IS_WAITING
from orders.lifecycle import CANCELLABLE, GroupRole, Status
from orders.models import Order, OrderGroup
from orders.pipeline import groups
from orders.records.transition import Transition

# So many a transaction.
_MOST_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Which orders were cancelled, and which could not be, as they stand."""

    cancelled: Sequence[Order]
    others: Sequence[Order]


def cancel_order(user: AbstractBaseUser, order_id: UUID) -> Order:
    """Cancel an order that no worker has begun; raises NotFound or NotCancellable.

    With one of two siblings the other is cancelled too.
    """
    order = Order.objects.filter(user_id=user.pk, pk=order_id).first()
    if order is None:
        raise NotFound("There is no such order")
    if Status(order.status) not in CANCELLABLE or not groups.record([Transition(order, Status.CANCELLED)]):
        raise NotCancellable(status=Order.objects.get(pk=order_id).status)
    return order


def cancel_all(user: AbstractBaseUser, wanted: Q) -> Cancelled:
    """Cancel all of the user's unfinished orders that fit and that no worker has begun.

    With one of two siblings the other is cancelled too, and named, whether it fits or not.
    """
    rows = Order.objects.filter(IS_UNFINISHED, wanted, user_id=user.pk)
    ids = list(rows.order_by("created_at").values_list("pk", flat=True))
    tied = _siblings(user, ids)
    for start in range(0, len(ids), _MOST_AT_ONCE):
        _cancel(ids[start : start + _MOST_AT_ONCE])
    now = list(Order.objects.filter(pk__in=[*ids, *tied]).order_by("created_at"))
    return Cancelled(
        [order for order in now if order.status == Status.CANCELLED],
        [order for order in now if order.status != Status.CANCELLED and order.pk not in tied],
    )


def _siblings(user: AbstractBaseUser, order_ids: Sequence[UUID]) -> set[UUID]:
    """The open orders that are cancelled with these, beside these."""
    of_two = Q(group_role__in=(GroupRole.TAKE_PROFIT, GroupRole.STOP_LOSS))
    chosen = Order.objects.filter(of_two, pk__in=order_ids)
    others = Order.objects.filter(IS_WAITING, of_two, user_id=user.pk, group__in=chosen.values("group"))
    return set(others.values_list("pk", flat=True)) - set(order_ids)


def cancel_group(user: AbstractBaseUser, group_id: UUID) -> OrderGroup:
    """Cancel what of a group no worker has begun; raises NotFound, or NotCancellable where there is nothing.

    An order that is set back only as long as its sibling may be filled stays cancelled for good.
    """
    group = OrderGroup.objects.filter(user_id=user.pk, pk=group_id).first()
    if group is None:
        raise NotFound("There is no such group")
    orders = list(group.orders.all())
    set_back = [order.pk for order in orders if groups.is_set_back(order)]
    kept = Order.objects.filter(pk__in=set_back, status=Status.CANCELLED)
    stopped = kept.update(error_code="", error_message="", error_details=None)
    moved = _cancel([order.pk for order in orders if Status(order.status) in CANCELLABLE])
    if not moved and not stopped:
        raise NotCancellable(status=", ".join(sorted({order.status for order in orders})))
    return group


def _cancel(order_ids: Sequence[UUID]) -> list[Order]:
    moved: list[Order] = []
    orders = Order.objects.filter(pk__in=order_ids, status__in=[status.value for status in CANCELLABLE])
    alone = [order for order in orders if order.group_id is None]
    moved += groups.record([Transition(order, Status.CANCELLED) for order in alone])
    for order in orders:
        # One by one: with the first of two its sibling moves.
        if order.group_id is not None:
            moved += groups.record([Transition(order, Status.CANCELLED)])
    return moved
