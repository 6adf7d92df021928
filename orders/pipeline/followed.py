"""Submitted orders that nobody follows, and confirmed ones until their block is final."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from orders import gateway
from orders.gateway import StatusReport, Verdict
from orders.index_conditions import IS_ACTIVE
from orders.lifecycle import AttemptState, FailureReason, Status, WaitsFor
from orders.models import Attempt, Order
from orders.pipeline import groups, settle
from orders.records import audit, costs, leases
from orders.records.audit import Actor
from orders.records.transition import Transition
from orders.wire.events import withdrawn_data

logger = logging.getLogger(__name__)

_MOST_AT_ONCE: Final = 1024
# Pollers that may die of a submitted order while they look at it alone, or among few.
MAX_TRIALS: Final = 3
# A confirmed block is final after 31 more, some 13 s; asking earlier is in vain.
_FINAL_AFTER_SECONDS: Final = 13

# Follows open attempts from now on; returns at once and never raises.
Watch = Callable[[Iterable[Attempt]], None]


def adopt_submitted(adopt: Watch) -> int:
    """Adopt submitted orders whose poller is gone or late; how many there were.

    Those of which several pollers have died are set apart: what their transactions have come to, somebody
    has to find out. They keep their open attempt, so that nothing else is ever signed for them.
    """
    now = timezone.now()
    free = leases.ours().filter(IS_ACTIVE, leases.is_free(now), status=Status.SUBMITTED)
    due = free.exclude(waits_for=WaitsFor.SET_APART)
    starts = dict(due.order_by("starts", "due_at").values_list("pk", "starts")[:_MOST_AT_ONCE])
    set_apart([order_id for order_id, count in starts.items() if count >= MAX_TRIALS])
    order_ids = [order_id for order_id, count in starts.items() if count < MAX_TRIALS]
    if not order_ids:
        return 0
    # Who comes second finds none of them free: one poller each.
    held = settle.poller_lease(now)
    Order.objects.filter(leases.is_free(now), pk__in=order_ids, status=Status.SUBMITTED).update(**held)
    adopted = Order.objects.filter(lease_token=held["lease_token"]).values_list("pk", flat=True)
    attempts = Attempt.objects.filter(order__in=list(adopted), state=AttemptState.OPEN)
    # Those that were on trial before come last.
    found = sorted(attempts, key=lambda attempt: order_ids.index(attempt.order_id))
    adopt(found)
    return len(found)


def release(order_ids: Sequence[UUID], actor: Actor) -> list[UUID]:
    """Have workers take up orders again that were set apart or parked; those of them that were.

    Each leaves an entry in the audit log.
    """
    with transaction.atomic():
        apart = Order.objects.filter(IS_ACTIVE, waits_for__in=(WaitsFor.SET_APART, WaitsFor.PARKED))
        waiting = apart.filter(pk__in=order_ids)
        found = dict(waiting.select_for_update().values_list("pk", "waits_for"))
        waiting.update(waits_for=WaitsFor.WORKER, due_at=timezone.now(), starts=0)
        for order_id, waited_for in found.items():
            audit.note(actor, "order released", str(order_id), f"was {waited_for}")
    return list(found)


def waiting_for_somebody() -> QuerySet[Order]:
    """Orders that no worker takes up before somebody has looked at them, the oldest first."""
    waiting = leases.ours().filter(IS_ACTIVE, waits_for__in=(WaitsFor.SET_APART, WaitsFor.PARKED))
    return waiting.order_by("created_at")


def set_apart(order_ids: Sequence[UUID]) -> None:
    """Take up these orders with an open attempt no more until somebody has looked at them."""
    if not order_ids:
        return
    Order.objects.filter(pk__in=order_ids).update(
        waits_for=WaitsFor.SET_APART, due_at=leases.NEVER, lease_token=None, lease_until=None
    )
    for order_id in order_ids:
        logger.error("order %s is set apart: workers died of it again and again", order_id)


def finalize(watch: Watch) -> int:
    """Mark confirmed orders whose block is final, take back those whose block is gone; how many are final."""
    since = timezone.now() - timedelta(seconds=_FINAL_AFTER_SECONDS)
    waiting = list(
        leases.ours()
        .filter(status=Status.CONFIRMED, finalized_at__isnull=True, confirmed_at__lte=since)
        .order_by("confirmed_at")[:_MOST_AT_ONCE]
    )
    reported = gateway.landed_statuses([(order.signature, order.slot or 0) for order in waiting])
    pairs = list(zip(waiting, reported, strict=True))
    final = [order.pk for order, one in pairs if _is_final(order, one)]
    Order.objects.filter(pk__in=final).update(finalized_at=timezone.now())
    take_back([order for order, one in pairs if _is_gone(order, one)], watch)
    return len(final)


def _is_final(order: Order, reported: StatusReport) -> bool:
    # What nodes have pruned from their ledgers was final long before: no fork is as old.
    forgotten = reported.verdict is Verdict.FORGOTTEN
    return forgotten or (reported.verdict is Verdict.FINALIZED and reported.slot == order.slot)


def take_back(orders: Sequence[Order], watch: Watch) -> None:
    """Confirmed orders whose fork was dropped wait for their chain again: same bytes, same attempt."""
    if not orders:
        return
    moved = groups.record([_taken_back(order) for order in orders], alongside=_reopen_attempts)
    watch(list(Attempt.objects.filter(signature__in=[order.signature for order in moved])))


def _reopen_attempts(orders: Sequence[Order]) -> None:
    attempts = Attempt.objects.filter(signature__in=[order.signature for order in orders])
    attempts.update(state=AttemptState.OPEN, slot=None, **dict.fromkeys(costs.COLUMNS))


def _taken_back(order: Order) -> Transition:
    reason = FailureReason.FORK_DROPPED
    changes = {
        "executed_amount_in": None,
        "executed_amount_out": None,
        "network_fee": None,
        "priority_fee": None,
        "slot": None,
        "confirmed_at": None,
        **settle.poller_lease(timezone.now()),
    }
    data = withdrawn_data(order.signature, reason.value, str(reason.label))
    return Transition(order, Status.SUBMITTED, changes, data)


def _is_gone(order: Order, reported: StatusReport) -> bool:
    """Whether the block that the order was confirmed in is not part of the chain any more."""
    if reported.verdict is Verdict.UNSEEN:
        return True
    if reported.verdict is Verdict.SEEN:
        # Nodes do not agree yet, or it is in a block that may still be dropped.
        return False
    # In another block the same transaction may have failed, or moved other amounts.
    return reported.verdict is Verdict.FAILED or reported.slot != order.slot
