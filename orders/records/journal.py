"""The only writer of ``Order.status``: one conditional UPDATE and one event row a transition.

A row that moved since the caller read it is left alone and reported as stale: guarding on the
version catches what a guard on the status cannot, an order that has come round again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Model
from django.utils import timezone

from orders.lifecycle import Status, may_follow
from orders.models import LaunchRules, Order, OrderEvent, OrderGroup, Schedule, Trigger
from orders.notify import hints
from orders.records import sql
from orders.records.transition import IllegalTransition, Transition
from orders.telemetry import counters


@dataclass(slots=True)
class Consequences:
    """What steps mean for other orders: steps that must all be taken, and new orders."""

    steps: list[Transition] = field(default_factory=list)
    new: list[Order] = field(default_factory=list)


# The columns of an event in the order of `sql.insert`.
_EVENT: Final = ("order", "sequence", "status", "at", "data")

# What follows from steps that were just written, for the orders of their groups, in the same transaction.
Follow = Callable[[Sequence[Order]], Consequences]


class Overtaken(RuntimeError):
    """An order that must move along was moved by somebody else: nothing of the transaction stands."""


def without_groups(moved: Sequence[Order]) -> Consequences:
    """Nothing follows. Raises IllegalTransition for an order of a group: `orders.pipeline.groups` knows."""
    for order in moved:
        if order.group_id is not None:
            raise IllegalTransition(f"{order.id}: its group was not asked")
    return Consequences()


def record(
    transitions: Iterable[Transition],
    alongside: Callable[[list[Order]], None] | None = None,
    follow: Follow = without_groups,
) -> list[Order]:
    """Apply transitions in one transaction and return the orders that moved.

    Orders missing from the answer were moved by somebody else meanwhile; nothing was written
    for them. ``alongside`` writes what must be true together with the moves, for the orders that
    moved. Raises IllegalTransition before anything is written, Overtaken where what must follow cannot.
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
            _lock_groups(step.order for step in steps)
            applied = _apply_all(ready, cursor)
            moved = [one.step.order for one in applied]
            if alongside and moved:
                alongside(moved)
            applied += _take(follow(moved), cursor, now)
            _clear_distances(applied)
            news = [one for one in applied if not one.step.quiet]
            _write(cursor, [one.event_values for one in news], [one.step.order for one in news])
            _count_on_commit(news, now)
    except BaseException:
        # What was not written is not so: anyone who holds the orders goes on from the rows as they are.
        for one in ready:
            _put_back(one)
        raise
    return moved


def write_events(
    cursor: CursorWrapper, steps: Sequence[tuple[Order, Status, dict[str, Any]]], now: datetime
) -> None:
    """Write the events of orders that the caller's transaction has moved to these statuses, and publish them.

    Each order has its new version.
    """
    values = [_event_values(order.pk, order.version, to, now, data) for order, to, data in steps]
    _write(cursor, values, [order for order, _, _ in steps])


def _write(cursor: CursorWrapper, event_values: Sequence[Sequence[Any]], orders: Sequence[Order]) -> None:
    cursor.executemany(sql.insert(OrderEvent), event_values)
    _publish_on_commit(orders)


def _lock_groups(orders: Iterable[Order]) -> None:
    """Make others wait who want to move orders of the same groups.

    On SQLite every writing transaction waits for the one before it anyway.
    """
    found = {order.group_id for order in orders if order.group_id is not None}
    if found and connection.features.has_select_for_update:
        list(OrderGroup.objects.filter(pk__in=found).order_by("pk").select_for_update().values_list("pk"))


def _take(following: Consequences, cursor: CursorWrapper, now: datetime) -> list[_Ready]:
    for step in following.steps:
        _check(step)
    ready = _make_ready(following.steps, now)
    for one in ready:
        if not _apply(one, cursor):
            raise Overtaken(str(one.step.order.pk))
    if following.new:
        insert(following.new)
    return ready


def insert(orders: Sequence[Order]) -> None:
    """Write new orders with their first event, in the caller's transaction or an own one.

    With each its group, what it goes by, and its companions, where it has them.
    """
    orders = [each for order in orders for each in (order, *order.companions)]
    triggers = [trigger for order in orders if (trigger := _new(order, "trigger"))]
    schedules = [schedule for order in orders if (schedule := _new(order, "schedule"))]
    launch_rules = [rules for order in orders if (rules := _new(order, "launch_rules"))]
    groups = {group.pk: group for order in orders if (group := _new(order, "group"))}
    first_events = [
        _event_values(o.pk, o.version, Status(o.status), o.created_at, dict(o.opening_data)) for o in orders
    ]
    tables: Sequence[tuple[type[Model], Iterable[Model]]] = (
        *((OrderGroup, groups.values()), (Order, orders), (Trigger, triggers)),
        *((Schedule, schedules), (LaunchRules, launch_rules)),
    )
    # Written out for every table: a row that is rolled back stays one that is to be written.
    ready = [(sql.insert(model), rows) for model, each in tables if (rows := sql.insert_values(each))]
    with transaction.atomic(), connection.cursor() as cursor:
        for statement, rows in ready:
            cursor.executemany(statement, rows)
        _write(cursor, first_events, orders)
        transaction.on_commit(lambda: counters.accepted(len(orders)), robust=True)


def _new(order: Order, relation: str) -> Any:
    """The row beside a new order that is not written yet, if it has one."""
    row = order._state.fields_cache.get(relation)
    return row if row is not None and row._state.adding else None


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
    ready = []
    for step in steps:
        order = step.order
        values = _event_values(order.pk, order.version + 1, step.to, now, step.data)
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
        given = (*changes.values(), *guards.values())
        parameters = sql.values_of(Order, (*changes, *guards), given)
        left = Status(order.status)
        before = {name: getattr(order, name) for name in changes}
        ready.append(_Ready(step, changes, update, parameters, values, left, order.updated_at, before))
    return ready


def _apply_all(ready: Sequence[_Ready], cursor: CursorWrapper) -> list[_Ready]:
    """Those that were applied; the rows of the others have moved since they were read."""
    if len({one.update for one in ready}) > 1 or len(ready) == 1 or not _apply_together(ready, cursor):
        return [one for one in ready if _apply(one, cursor)]
    for one in ready:
        _take_over(one)
    return list(ready)


def _apply_together(ready: Sequence[_Ready], cursor: CursorWrapper) -> bool:
    """Apply steps of one statement by one call; False, and nothing is written, where a row has moved."""
    before = transaction.savepoint()
    cursor.executemany(ready[0].update, [one.update_values for one in ready])
    if cursor.rowcount != len(ready):
        transaction.savepoint_rollback(before)
        return False
    transaction.savepoint_commit(before)
    return True


def _apply(one: _Ready, cursor: CursorWrapper) -> bool:
    cursor.execute(one.update, one.update_values)
    if cursor.rowcount != 1:
        return False
    _take_over(one)
    return True


def _take_over(one: _Ready) -> None:
    """Have the instance say what its row says now."""
    for name, value in one.changes.items():
        setattr(one.step.order, name, value)


def _clear_distances(applied: Iterable[_Ready]) -> None:
    """What waits no more has no distance to its trigger: staff find those that wait by it."""
    gone = [
        one.step.order.pk
        for one in applied
        if one.left == Status.OPEN and one.step.to != Status.OPEN and one.step.order.has_trigger
    ]
    if gone:
        Trigger.objects.filter(pk__in=gone, distance_bps__isnull=False).update(distance_bps=None)


def _put_back(one: _Ready) -> None:
    for name, value in one.before.items():
        setattr(one.step.order, name, value)


def _event_values(key: UUID, sequence: int, to: Status, at: datetime, data: dict[str, Any]) -> list[Any]:
    """What `sql.insert` of an event wants, without an instance of the model."""
    return sql.values_of(OrderEvent, _EVENT, (key, sequence, to.value, at, data))


def _publish_on_commit(orders: Sequence[Order]) -> None:
    news = [hints.Hint(order.user_id, order.pk, order.version) for order in orders]
    if news:
        transaction.on_commit(lambda: hints.publish(news), robust=True)


def _count_on_commit(applied: Sequence[_Ready], now: datetime) -> None:
    steps = [counters.Step(one.step.order, one.left, one.came_at, now, one.step.data) for one in applied]
    if steps:
        transaction.on_commit(lambda: counters.moved(steps), robust=True)
