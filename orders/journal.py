"""The only writer of ``Order.status``: one conditional UPDATE and one event row a transition.

A row that moved since the caller read it is left alone and reported as stale: guarding on the
version catches what a guard on the status cannot, an order that has come round again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from orders import crash_points, events
from orders.crash_points import crash_point
from orders.lifecycle import Status, may_follow
from orders.models import Order, OrderEvent


class IllegalTransition(RuntimeError):
    """A step that ``TRANSITIONS`` does not have: a bug of the caller."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of one order: the row as the caller read it, the target, what else changes.

    ``changes`` are columns of the order, ``data`` goes to the event and so to clients.
    ``keep_lease`` leaves the lease with the caller, who goes on working on the order.
    """

    order: Order
    to: Status
    changes: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    keep_lease: bool = False


def record(transitions: Iterable[Transition]) -> list[Order]:
    """Apply transitions in one transaction and return the orders that moved.

    Orders missing from the answer were moved by somebody else meanwhile; nothing was written
    for them. Raises IllegalTransition before anything is written.
    """
    steps = list(transitions)
    for step in steps:
        _check(step)
    if not steps:
        return []
    now = timezone.now()
    with transaction.atomic(), connection.cursor() as cursor:
        applied = [step for step in steps if _apply(step, now, cursor)]
        OrderEvent.objects.bulk_create([_event(step, now) for step in applied])
        moved = [step.order for step in applied]
        _publish_on_commit(moved)
    return moved


def insert(orders: Sequence[Order]) -> None:
    """Write new orders with their first event, in the caller's transaction or an own one."""
    with transaction.atomic():
        Order.objects.bulk_create(orders)
        OrderEvent.objects.bulk_create(
            OrderEvent(order=order, sequence=order.version, status=order.status, at=order.created_at)
            for order in orders
        )
        _publish_on_commit(orders)
        crash_point(crash_points.ACCEPTING)


def _check(step: Transition) -> None:
    current = Status(step.order.status)
    if not may_follow(current, step.to):
        raise IllegalTransition(f"{step.order.id}: {current} -> {step.to}")


def _apply(step: Transition, now: datetime, cursor: CursorWrapper) -> bool:
    order = step.order
    changes: dict[str, Any] = {
        "status": step.to.value,
        "version": order.version + 1,
        "updated_at": now,
        "starts": 0,
        **({} if step.keep_lease else {"lease_token": None, "lease_until": None}),
        **step.changes,
    }
    statement = _update_statement(tuple(changes), leased=order.lease_token is not None)
    guard = {"id": order.pk, "version": order.version}
    if order.lease_token is not None:
        guard["lease_token"] = order.lease_token
    cursor.execute(statement, [_stored(name, value) for name, value in (*changes.items(), *guard.items())])
    if cursor.rowcount != 1:
        return False
    for name, value in changes.items():
        setattr(order, name, value)
    return True


@lru_cache(maxsize=128)
def _update_statement(names: tuple[str, ...], *, leased: bool) -> str:
    """The conditional UPDATE, written out: compiling it anew for each row costs more than running it."""
    columns = [_field(name).column for name in names]
    assignments = ", ".join(f'"{column}" = %s' for column in columns)
    lease = '"lease_token" = %s' if leased else '"lease_token" IS NULL'
    # Only names of the model's own columns go into the text.
    return (
        f'UPDATE "{Order._meta.db_table}" SET {assignments} '  # noqa: S608
        f'WHERE "id" = %s AND "version" = %s AND {lease}'
    )


def _stored(name: str, value: object) -> Any:
    return _field(name).get_db_prep_save(value, connection)


@lru_cache(maxsize=64)
def _field(name: str) -> Any:
    return Order._meta.get_field(name)


def _event(step: Transition, now: datetime) -> OrderEvent:
    return OrderEvent(
        order=step.order, sequence=step.order.version, status=step.to.value, at=now, data=step.data
    )


def _publish_on_commit(orders: Sequence[Order]) -> None:
    hints = [events.Hint(order.user_id, order.pk, order.version) for order in orders]
    if hints:
        transaction.on_commit(lambda: events.publish(hints))
