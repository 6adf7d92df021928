"""What follows the chain's word or a failure: confirmed, another try after a delay, the end with a reason."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from dex.types import ExecutedSwap
from orders.gateway import Failure
from orders.lifecycle import (
    AT_ONCE,
    HOPELESS_REASONS,
    MOST_REST_SECONDS,
    NODE_RETRY_SECONDS,
    NODE_WAIT_SECONDS,
    TERMINAL_REASONS,
    FailureReason,
    Status,
    WaitsFor,
    retry_delay_seconds,
)
from orders.models import Order
from orders.records import costs
from orders.records.transition import Transition
from orders.wire.events import confirmed_data, failure_data, open_again_data, retry_data

# A retry comes within a fifth of what was said: this, and the way through the broker.
_SPREAD_PERCENT: Final = 15
_DAY: Final = timedelta(days=1)
# Rests grow no longer long before.
_MOST_COUNTED: Final = 1_000


def confirmed(order: Order, moved: ExecutedSwap) -> Transition:
    """What really moved by the order's transaction, and what it cost."""
    changes = {
        "executed_amount_in": moved.amount_in,
        "executed_amount_out": moved.amount_out,
        "network_fee": moved.cost.base_fee,
        "priority_fee": moved.cost.priority_fee,
        "slot": moved.slot,
        "confirmed_at": timezone.now(),
        "error_code": "",
        "error_message": "",
        "error_details": None,
    }
    data = confirmed_data(order, moved.slot, moved.amount_in, moved.amount_out)
    return Transition(order, Status.CONFIRMED, changes, data)


def failed_or_retried(order: Order, failure: Failure, *, curable: bool = False) -> Transition:
    """Back to routing, due after the next delay; or failed, when retries cannot repair it or are used up.

    A node that gives no usable answer uses up no retry: the order stays, and waits for one.
    ``curable``: something was done about the reason, so that a retry may repair even this one.
    """
    now = timezone.now()
    if order.is_over(now):
        return expired(order, failure)
    if failure.reason is FailureReason.CHAIN_UNAVAILABLE:
        return _waits_for_a_node(order, failure, now)
    if order.time_in_force in AT_ONCE:
        return ended(order, failure)
    if order.waits and failure.reason not in HOPELESS_REASONS:
        return open_again(order, failure)
    hopeless = failure.reason in TERMINAL_REASONS and not curable
    delay = None if hopeless else retry_delay_seconds(order.retries)
    if delay is None:
        return ended(order, failure)
    due_at = now + delay * _spread()
    changes = {"retries": order.retries + 1} | _due(order, due_at, WaitsFor.RETRY)
    data = retry_data(order.retries + 1, delay, failure)
    return Transition(order, Status.ROUTING, changes, data)


def open_again(order: Order, failure: Failure) -> Transition:
    """Back to waiting, with the reason; not tried again before 1, 2, 4, ... seconds have passed.

    One that lacks funds is tried again when the wallet holds them, the first time at once.
    """
    now = timezone.now()
    for_funds = failure.reason is FailureReason.INSUFFICIENT_FUNDS
    is_first = for_funds and not order.retries
    rest = timedelta(seconds=0 if is_first else min(MOST_REST_SECONDS, 2 ** min(order.retries, 6)))
    paid = costs.failed_since(order, now - _DAY)
    due_at = max(now + rest, _affordable_from(paid, now))
    waits_for = WaitsFor.FUNDS if for_funds else WaitsFor.RETRY
    changes = {
        "retries": min(order.retries + 1, _MOST_COUNTED),
        "due_at": due_at,
        "waits_for": waits_for.value,
    }
    data = open_again_data(failure, waits_for, due_at - now, sum(cost for _, cost in paid))
    return Transition(order, Status.OPEN, changes, data)


def _affordable_from(paid: Sequence[tuple[datetime, int]], now: datetime) -> datetime:
    """When failed attempts of a day, oldest first, cost less than MAX_FAILED_COST_LAMPORTS again."""
    most = settings.MAX_FAILED_COST_LAMPORTS
    if not most or sum(cost for _, cost in paid) < most:
        return now
    return paid[0][0] + _DAY


def _waits_for_a_node(order: Order, failure: Failure, now: datetime) -> Transition:
    """Stay, and be tried again soon: nothing was signed, so that waiting costs nothing but time.

    One event says that the order waits; how often it is tried meanwhile is nobody's news.
    """
    waited = now - order.updated_at if order.waits_for == WaitsFor.NODE else timedelta()
    if order.expires_at is None and waited >= timedelta(seconds=NODE_WAIT_SECONDS):
        return open_again(order, failure) if order.waits else ended(order, failure)
    wait = min(max(waited, timedelta(seconds=1)), timedelta(seconds=NODE_RETRY_SECONDS))
    changes = _due(order, now + wait * _spread().total_seconds(), WaitsFor.NODE)
    stays = Status.BUILDING if order.status == Status.BUILDING else Status.ROUTING
    said = replace(failure, message=f"{failure.message}; the order waits for one that does")
    is_quiet = order.waits_for == WaitsFor.NODE and order.status == stays
    return Transition(order, stays, changes, failure_data(said), quiet=is_quiet)


def _due(order: Order, due_at: datetime, waits_for: WaitsFor) -> dict[str, Any]:
    if order.expires_at is not None:
        # There is nothing to wait for beyond it: anyone who takes the order up then ends it.
        due_at = min(due_at, order.expires_at)
    return {"due_at": due_at, "waits_for": waits_for.value}


def _spread() -> timedelta:
    """A second give or take `_SPREAD_PERCENT`, so that orders do not come again all at once."""
    share = random.uniform(-_SPREAD_PERCENT, _SPREAD_PERCENT) / 100  # noqa: S311 -- guards nothing
    return timedelta(seconds=1 + share)


def expired(order: Order, failure: Failure | None = None) -> Transition:
    """Ended by the order's own expiry, with what kept it from being executed until then, if anything did."""
    data = failure_data(failure) if failure else {}
    return Transition(order, Status.EXPIRED, data=data)


def ended(order: Order, failure: Failure) -> Transition:
    """Failed for good, with the reason's code, a text for people, and figures where there are some."""
    changes = {
        "error_code": failure.reason.value,
        "error_message": failure.message[:255],
        "error_details": dict(failure.details) or None,
    }
    return Transition(order, Status.FAILED, changes, failure_data(failure))
