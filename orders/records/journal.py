"""The only writer of ``Order.status``: one conditional UPDATE and one event row a transition.

A row that moved since the caller read it is left alone and reported as stale: guarding on the
version catches what a guard on the status cannot, an order that has come round again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from orders.lifecycle import Status, may_follow
from orders.models import Order, OrderEvent
from orders.notify import hints
from orders.records import sql
from orders.telemetry import counters


class IllegalTransition(RuntimeError):
    """A step that ``TRANSITIONS`` does not have: a bug of the caller."""


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of one order: the row as the caller read it, the target, what else changes.

    ``changes`` are columns of the order, ``data`` goes to the event and so to clients.
    ``keep_lease`` leaves the lease with the caller, who goes on working on the order. A ``quiet`` one stays
    at its status: the row changes, and there is no event, as nothing has come of it that was not said before.
    """

    order: Order
    to: Status
    changes: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    keep_lease: bool = False
    quiet: bool = False


def record(
    transitions: Iterable[Transition], alongside: Callable[[list[Order]], None] | None = None
) -> list[Order]:
    """Apply transitions in one transaction and return the orders that moved.

    Orders missing from the answer were moved by somebody else meanwhile; nothing was written
    for them. ``alongside`` writes what must be true together with the moves, for the orders that
    moved. Raises IllegalTransition before anything is written.
    """
    steps = list(transitions)
    for step in steps:
        _check(step)
    if not steps:
        return []
    now = timezone.now()
    ready = _make_ready(steps, now)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            applied = [one for one in ready if _apply(one, cursor)]
            news = [one for one in applied if not one.step.quiet]
            cursor.executemany(sql.insert(OrderEvent), [one.event_values for one in news])
            moved = [one.step.order for one in applied]
            if alongside and moved:
                alongside(moved)
            _publish_on_commit([one.step.order for one in news])
            _count_on_commit(news, now)
    except BaseException:
        # What was not written is not so: anyone who holds the orders goes on from the rows as they are.
        for one in ready:
            _put_back(one)
        raise
    return moved


def insert(orders: Sequence[Order]) -> None:
    """Write new orders with their first event, in the caller's transaction or an own one."""
    first_events = [
        OrderEvent(order=order, sequence=order.version, status=order.status, at=order.created_at)
        for order in orders
    ]
    order_values, event_values = sql.insert_values(orders), sql.insert_values(first_events)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(sql.insert(Order), order_values)
        cursor.executemany(sql.insert(OrderEvent), event_values)
        _publish_on_commit(orders)
        transaction.on_commit(lambda: counters.accepted(len(orders)), robust=True)


def _check(step: Transition) -> None:
    current = Status(step.order.status)
    if not (step.to == current if step.quiet else may_follow(current, step.to)):
        raise IllegalTransition(f"{step.order.id}: {current} -> {step.to}")


@dataclass(frozen=True, slots=True)
class _Ready:
    """A step with its statements, so that the transaction only has to run them."""

    step: Transition
    changes: dict[str, Any]
    update: str
    update_values: list[Any]
    event_values: list[Any]
    left: Status
    came_at: datetime
    before: dict[str, Any]


def _make_ready(steps: Sequence[Transition], now: datetime) -> list[_Ready]:
    event_values = sql.insert_values(_event(step, now) for step in steps)
    ready = []
    for step, values in zip(steps, event_values, strict=True):
        order = step.order
        step_taken = {"status": step.to.value, "version": order.version + 1, "updated_at": now}
        changes: dict[str, Any] = {
            **({} if step.quiet else step_taken),
            "starts": 0,
            "waits_for": "",
            **({} if step.keep_lease else {"lease_token": None, "lease_until": None}),
            **step.changes,
        }
        guards = {"id": order.pk, "version": order.version}
        unset = ("lease_token",) if order.lease_token is None else ()
        if order.lease_token is not None:
            guards["lease_token"] = order.lease_token
        update = sql.update(Order, tuple(changes), tuple(guards), unset)
        parameters = sql.values(Order, [*changes.items(), *guards.items()])
        left = Status(order.status)
        before = {name: getattr(order, name) for name in changes}
        ready.append(_Ready(step, changes, update, parameters, values, left, order.updated_at, before))
    return ready


def _apply(one: _Ready, cursor: CursorWrapper) -> bool:
    cursor.execute(one.update, one.update_values)
    if cursor.rowcount != 1:
        return False
    for name, value in one.changes.items():
        setattr(one.step.order, name, value)
    return True


def _put_back(one: _Ready) -> None:
    for name, value in one.before.items():
        setattr(one.step.order, name, value)


def _event(step: Transition, now: datetime) -> OrderEvent:
    return OrderEvent(
        order=step.order, sequence=step.order.version + 1, status=step.to.value, at=now, data=step.data
    )


def _publish_on_commit(orders: Sequence[Order]) -> None:
    news = [hints.Hint(order.user_id, order.pk, order.version) for order in orders]
    if news:
        transaction.on_commit(lambda: hints.publish(news), robust=True)


def _count_on_commit(applied: Sequence[_Ready], now: datetime) -> None:
    steps = [counters.Step(one.step.order, one.left, one.came_at, now, one.step.data) for one in applied]
    if steps:
        transaction.on_commit(lambda: counters.moved(steps), robust=True)
