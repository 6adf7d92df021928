"""What a step of one order means for the others of its group, in the same transaction.

Of two siblings at most one is ever at work: when one leaves `open` the other is cancelled, and comes back to
`open` only when the first has, or has ended, which needs the chain's proof that it moved nothing. A bracket's
exits are made when its entry is confirmed, and sell what the entry received.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from orders import gateway
from orders.amounts import amount_at_price
from orders.errors import InvalidAmount
from orders.gateway import Failure
from orders.lifecycle import ACTIVE, FailureReason, GroupKind, GroupRole, OrderType, Status
from orders.models import Order
from orders.records import journal
from orders.records.thresholds import Decimals, TriggerTerms, trigger_of
from orders.records.transition import Transition
from orders.wire.events import failure_data, open_data

logger = logging.getLogger(__name__)

_EXITS: Final = (GroupRole.TAKE_PROFIT, GroupRole.STOP_LOSS)
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
    grouped = [order for order in moved if order.group_role in (GroupRole.ENTRY, *_EXITS)]
    if not grouped:
        return found
    siblings = _siblings(grouped)
    for order in grouped:
        if order.group_role == GroupRole.ENTRY:
            if order.status == Status.CONFIRMED:
                found.new.extend(_exits_of(order, siblings[order.pk]))
            continue
        found.steps.extend(step for other in siblings[order.pk] if (step := _step_of(other, order)))
    return found


def _siblings(orders: Sequence[Order]) -> Mapping[UUID, list[Order]]:
    """For each order the exits of its group beside it."""
    rows = Order.objects.filter(group__in={o.group_id for o in orders}, group_role__in=_EXITS)
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


def _exits_of(entry: Order, there: Sequence[Order]) -> list[Order]:
    group = entry.group
    if (
        group is None
        or group.kind != GroupKind.BRACKET
        or there
        or not group.exits
        or not entry.executed_amount_out
    ):
        return []
    amount = entry.executed_amount_out
    decimals = Decimals(gateway.decimals_of(entry.token_out), gateway.decimals_of(entry.token_in))
    try:
        return [
            _exit(entry, GroupRole.TAKE_PROFIT, group.exits["takeProfit"], amount, decimals),
            _exit(entry, GroupRole.STOP_LOSS, group.exits["stopLoss"], amount, decimals),
        ]
    except InvalidAmount:
        # Less than a unit at these prices. What has landed has landed: the entry is confirmed all the same.
        logger.exception("no exits can be made for %s", entry.pk)
        return []


def child_of(parent: Order, **columns: Any) -> Order:
    """A new order of the parent's group for its user and wallet, within its bounds; not written yet."""
    now = timezone.now()
    return Order(
        user_id=parent.user_id,
        request_hash=parent.request_hash,
        request_id=parent.request_id,
        network=parent.network,
        wallet=parent.wallet,
        max_price_impact_bps=parent.max_price_impact_bps,
        max_cost_bps=parent.max_cost_bps,
        route_bounds=parent.route_bounds,
        group_id=parent.group_id,
        due_at=now,
        created_at=now,
        updated_at=now,
        **columns,
    )


def _exit(entry: Order, role: GroupRole, terms: Mapping[str, Any], amount: int, decimals: Decimals) -> Order:
    limit, trigger = terms.get("limitPrice"), terms.get("triggerPrice")
    kind = OrderType.LIMIT if trigger is None else OrderType.STOP_LIMIT if limit else OrderType.STOP
    order = child_of(
        entry,
        type=kind,
        status=Status.OPEN,
        token_in=entry.token_out,
        token_out=entry.token_in,
        amount_in=amount,
        slippage_bps=terms.get("slippageBps", settings.STOP_SLIPPAGE_BPS),
        limit_price=limit,
        # The request has one way of saying prices: what the entry pays per token is what an exit gets.
        prices_inverted=not entry.prices_inverted,
        group_role=role,
    )
    if limit is not None:
        order.floor_amount_out = amount_at_price(
            amount, decimals.token_in, Decimal(limit), decimals.token_out, inverted=order.prices_inverted
        )
    given = TriggerTerms(
        None if trigger is None else Decimal(trigger), confirmations=terms.get("confirmations")
    )
    trigger_of(order, given, decimals)
    order.open_with(open_data(order))
    return order
