"""What follows the chain's word or a failure: confirmed, another try after a delay, the end with a reason."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from orders import gateway
from orders.amounts import from_base_units, price_text
from orders.gateway import Executed, Failure
from orders.lifecycle import NOT_RETRIED, FailureReason, Status, retry_delay_seconds
from orders.models import Order
from orders.records.journal import Transition


def confirmed(order: Order, moved: Executed) -> Transition:
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
    }
    data = {
        "dex": order.dex,
        "venue": order.venue,
        "txHash": order.signature,
        "explorerUrl": gateway.explorer_url(order.network, order.signature),
        "slot": moved.slot,
        **executed_as_wire(order, moved.amount_in, moved.amount_out),
    }
    return Transition(order, Status.CONFIRMED, changes, data)


def executed_as_wire(order: Order, amount_in: int, amount_out: int) -> dict[str, str]:
    """What a confirmed event says of the amounts, given in base units."""
    decimals_in, decimals_out = gateway.decimals_of(order.token_in), gateway.decimals_of(order.token_out)
    return {
        "executedAmountIn": from_base_units(amount_in, decimals_in),
        "executedAmountOut": from_base_units(amount_out, decimals_out),
        "executedPrice": price_text(amount_in, decimals_in, amount_out, decimals_out),
    }


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
