"""Open orders set on their way: one conditional UPDATE through the journal, by who saw them fire first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from dex.types import Route
from orders import gateway
from orders.lifecycle import FIRED_FOR_GOOD, FailureReason, OrderType, Status
from orders.models import Order
from orders.pipeline import groups
from orders.pipeline.outcomes import ended, expired
from orders.platform import crash_points
from orders.platform.crash_points import crash_point
from orders.records import journal, open_orders
from orders.records.transition import Transition
from orders.triggers.book import Entry
from orders.wire.events import failure_data, fired_data, open_data

_MOST_EXPIRED: Final = 256
# After so long without a failed attempt rests begin anew.
_FORGIVEN_AFTER: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Fired:
    """An entry that fires, the quote that says so, if it took one, and its slot."""

    entry: Entry
    route: Route | None
    slot: int


def release(fired: Sequence[Fired]) -> list[Order]:
    """Set those on their way that are still open as their watcher knows them; the orders that go on.

    In the order of ``fired``: it is kept in the moments that they are due at, so that workers take them up
    in that order. Of two siblings the second is not released.
    """
    rows = open_orders.by_id([one.entry.order_id for one in fired])
    now = timezone.now()
    steps = []
    for place, one in enumerate(fired):
        order = rows.get(one.entry.order_id)
        if order is not None and order.version == one.entry.version:
            steps.append(_step(order, one, now + timedelta(microseconds=place)))
    alone = [step for step in steps if step.order.group_id is None]
    moved = journal.record(alone) if alone else []
    for step in steps:
        if step.order.group_id is not None:
            moved += _one_of_a_group(step)
    crash_point(crash_points.RELEASED)
    return [order for order in moved if order.status == Status.ROUTING]


def _one_of_a_group(step: Transition) -> list[Order]:
    """Its sibling is cancelled in the same transaction, or nothing happens."""
    try:
        return groups.record([step], alongside=lambda _: crash_point(crash_points.RELEASING))
    except journal.Overtaken:
        return []


def _step(order: Order, one: Fired, due_at: datetime) -> Transition:
    data = fired_data(one.route, one.slot)
    if _waits_for_its_limit(order, one):
        changes: dict[str, Any] = {"fired_at": due_at}
        fired = copy(order)
        fired.fired_at = due_at
        return Transition(order, Status.OPEN, changes, data | open_data(fired))
    changes = {"due_at": due_at, "swept_at": None}
    if order.type in FIRED_FOR_GOOD or order.type == OrderType.STOP_LIMIT:
        changes["fired_at"] = order.fired_at or due_at
    if order.type not in FIRED_FOR_GOOD:
        # Its slippage is measured against the first quote after it fires.
        changes["first_quoted_amount_out"] = None
    if due_at - order.updated_at > _FORGIVEN_AFTER:
        changes["retries"] = 0
    return Transition(order, Status.ROUTING, changes, data)


def _waits_for_its_limit(order: Order, one: Fired) -> bool:
    """Whether a stop limit's trigger has fired while its limit is out of reach."""
    if order.type != OrderType.STOP_LIMIT or one.route is None:
        return False
    return one.route.amount_out < (order.floor_amount_out or 1)


def refuse_at_once(entries: Iterable[Entry]) -> None:
    """End those that would have fired when they were placed: the client meant another price."""
    rows = open_orders.by_id([entry.order_id for entry in entries])
    failure = gateway.failed(FailureReason.WOULD_TRIGGER_NOW)
    groups.record([ended(order, failure) for order in rows.values()])


def hold_back(entry: Entry, price_bps_off: int) -> int | None:
    """Say that a price far from that of the last minutes does not fire the order yet; its version then."""
    order = open_orders.by_id([entry.order_id]).get(entry.order_id)
    if order is None or order.version != entry.version:
        return None
    reason = FailureReason.PRICE_GUARD
    failure = gateway.Failure(reason, str(reason.label), {"deviationBps": str(price_bps_off)})
    moved = groups.record([Transition(order, Status.OPEN, data=failure_data(failure))])
    return moved[0].version if moved else None


def end_expired() -> int:
    """End open orders whose own expiry has come; how many."""
    late = open_orders.expired(timezone.now(), _MOST_EXPIRED)
    return len(groups.record([expired(order) for order in late])) if late else 0
