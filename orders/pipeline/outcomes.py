"""What follows the chain's word or a failure: confirmed, another try after a delay, the end with a reason."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from dex.types import ExecutedSwap
from orders.gateway import Failure
from orders.lifecycle import NOT_RETRIED, Status, WaitsFor, retry_delay_seconds
from orders.models import Order
from orders.records.journal import Transition
from orders.wire.events import confirmed_data, failure_data, retry_data


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


def failed_or_retried(order: Order, failure: Failure, *, mendable: bool = False) -> Transition:
    """Back to routing, due after the next delay; or failed, when retries cannot mend it or are used up.

    ``mendable``: something was done about the reason, so that a retry may mend even this one.
    """
    now = timezone.now()
    if order.is_over(now):
        return expired(order, failure)
    hopeless = failure.reason in NOT_RETRIED and not mendable
    delay = None if hopeless else retry_delay_seconds(order.retries)
    if delay is None:
        return ended(order, failure)
    due_at = now + timedelta(seconds=delay)
    if order.expires_at is not None:
        # There is nothing to wait for beyond it: whoever takes the order up then ends it.
        due_at = min(due_at, order.expires_at)
    changes = {"retries": order.retries + 1, "due_at": due_at, "waits_for": WaitsFor.RETRY.value}
    data = retry_data(order.retries + 1, delay, failure)
    return Transition(order, Status.ROUTING, changes, data)


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
