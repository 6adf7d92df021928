"""What follows a failure: another try after a delay, or the end with a reason."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from orders.gateway import Failure
from orders.journal import Transition
from orders.lifecycle import NOT_RETRIED, FailureReason, Status, retry_delay_seconds
from orders.models import Order


def failed_or_retried(order: Order, failure: Failure, *, mendable: bool = False) -> Transition:
    """Back to routing, due after the next delay; or failed, when retries cannot mend it or are used up.

    ``mendable``: something was done about the reason, so that a retry may mend even this one.
    """
    hopeless = failure.reason in NOT_RETRIED and not mendable
    delay = None if hopeless else retry_delay_seconds(order.retries)
    if delay is None:
        return ended(order, failure.reason, failure.message)
    changes = {"retries": order.retries + 1, "due_at": timezone.now() + timedelta(seconds=delay)}
    data = {
        "attempt": order.retries + 1,
        "retryInMs": delay * 1000,
        "code": failure.reason.value,
        "error": failure.message,
    }
    return Transition(order, Status.ROUTING, changes, data)


def ended(order: Order, reason: FailureReason, message: str = "") -> Transition:
    """Failed for good, with the reason's code and a text for people."""
    text = message or str(reason.label)
    changes = {"error_code": reason.value, "error_message": text[:255]}
    return Transition(order, Status.FAILED, changes, {"code": reason.value, "error": text})
