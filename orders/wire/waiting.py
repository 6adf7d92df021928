"""What an order waits for, as answers and events show it: prices as given, thresholds of its own size."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, NamedTuple

from django.utils import timezone

from dex.types import SwapMode
from orders.lifecycle import Status, WaitsFor
from orders.models import Order, Trigger
from orders.records.thresholds import trailing_stop, waits_for_its_limit
from orders.wire.json_types import BASE_UNITS, DECIMAL, INSTANT, INTEGER, nullable, one_of, timestamp
from orders.wire.message import Field, Message
from orders.wire.order_columns import whole

# What `waitingFor` says: of an order that rests after a failed attempt, of one without funds, of the others.
WAITING_FOR: Final = {WaitsFor.FUNDS.value: "FUNDS", WaitsFor.RETRY.value: "RETRY"}
_PRICE: Final = "PRICE"


class Waiting(NamedTuple):
    """An order with its trigger."""

    order: Order
    trigger: Trigger


def waiting_of(order: Order) -> Waiting | None:
    """An order that has a trigger, with it; None for the others. Costs a query where it was not joined."""
    if not order.has_trigger:
        return None
    try:
        return Waiting(order, order.trigger)
    except Trigger.DoesNotExist:
        return None


def _waiting_for(order: Order) -> str | None:
    if order.status != Status.OPEN:
        return None
    if order.waits_for == WaitsFor.RETRY and order.due_at <= timezone.now():
        # The pause is over: of one that has fired for good, the next try comes at once.
        return _PRICE
    return WAITING_FOR.get(order.waits_for, _PRICE)


def _compared(order: Order) -> str:
    """The mint of what the thresholds are amounts of."""
    return order.token_in if order.mode == SwapMode.EXACT_OUT else order.token_out


def above(of: Waiting) -> int | None:
    """At or above what it fires; a stop limit whose trigger has fired, its limit."""
    is_limit = waits_for_its_limit(of.order.type, of.order.fired_at)
    return of.order.floor_amount_out if is_limit else of.trigger.fires_at_or_above


def below(of: Waiting) -> int | None:
    """At or below what it fires; a trailing stop's follows its watermark."""
    trigger = of.trigger
    if waits_for_its_limit(of.order.type, of.order.fired_at):
        return None
    if trigger.trail_bps is not None:
        return None if trigger.watermark is None else trailing_stop(trigger.watermark, trigger.trail_bps)
    return trigger.fires_at_or_below


def _level(name: str, read: Callable[[Waiting], int | None], means: str) -> tuple[Field, Field]:
    return (
        Field(
            name,
            DECIMAL,
            lambda of: whole(read(of), _compared(of.order)),
            means,
            optional=True,
            example="900",
        ),
        Field(
            f"{name}Raw",
            BASE_UNITS,
            lambda of: None if read(of) is None else str(read(of)),
            "the same in base units",
            optional=True,
            example="900000000",
        ),
    )


TRIGGER: Final = Message(
    "Trigger",
    Field(
        "waitingFor",
        nullable(one_of([_PRICE, *WAITING_FOR.values()])),
        lambda of: _waiting_for(of.order),
        "what keeps it open: the price, funds in the wallet, or the pause after a failed attempt",
        example=_PRICE,
    ),
    *_level(
        "firesAtOrAbove",
        above,
        "fires when its amount brings this much, fees included",
    ),
    *_level(
        "firesAtOrBelow",
        below,
        "fires when its amount brings no more than this; of an exact output, when it costs no more",
    ),
    Field("confirmations", INTEGER, "trigger.confirmations", "slots in a row that must say so"),
    Field("triggerPrice", DECIMAL, "trigger.trigger_price", "as given", optional=True, example="180"),
    Field("trailBps", INTEGER, "trigger.trail_bps", "as given", optional=True, example=500),
    Field("activationPrice", DECIMAL, "trigger.activation_price", "as given", optional=True, example="190"),
    Field(
        "firesAt",
        INSTANT,
        lambda of: timestamp(of.trigger.fires_at),
        "fires then, whatever the price",
        optional=True,
    ),
    *_level(
        "watermark", lambda of: of.trigger.watermark, "the most that its amount would have brought so far"
    ),
    means="what the order waits for, in amounts of its own size",
)


def thresholds_text(order: Order, value: int) -> dict[str, str]:
    """What a trigger compares and what the price is now, as figures of a refusal."""
    of, mint = Waiting(order, order.trigger), _compared(order)
    figures = {
        "firesAtOrAbove": whole(above(of), mint),
        "firesAtOrBelow": whole(below(of), mint),
        "now": whole(value, mint),
    }
    return {name: text for name, text in figures.items() if text is not None}


# What an `open` event says of one that was tried in vain.
RESTS: Final = (
    Field(
        "waitingFor",
        one_of([_PRICE, *WAITING_FOR.values()]),
        means="what keeps it open",
        example="RETRY",
        optional=True,
    ),
    Field("retryInMs", INTEGER, means="it is not tried again before", example=1000, optional=True),
)


def trigger_as_wire(order: Order) -> dict[str, Any] | None:
    """The trigger of an order that waits, or None."""
    found = waiting_of(order)
    return None if found is None else TRIGGER.of(found)


def rest_data(waits_for: WaitsFor, rest: timedelta) -> dict[str, Any]:
    """What an `open` event says of when an order is tried again."""
    said: dict[str, Any] = {"waitingFor": WAITING_FOR.get(waits_for.value, _PRICE)}
    if waits_for is WaitsFor.RETRY:
        said["retryInMs"] = max(0, rest // timedelta(milliseconds=1))
    return said
