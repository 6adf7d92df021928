"""Events as they go out: what each status carries, where it comes from, and the stream's messages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from dex.types import Quotes, Route
from orders.gateway import Failure
from orders.lifecycle import Status, WaitsFor
from orders.models import Order, OrderEvent
from orders.wire.event_fields import (
    ATTEMPT_NUMBER,
    BEST,
    BOARD,
    COST,
    EXECUTED,
    EXPLORER_LINK,
    FIRED,
    LANDED,
    PAPER_FIELDS,
    REASON,
    RETRY,
    SENT,
    SLOT,
    TX_HASH,
    VENUE_FIELDS,
    Ended,
    Landed,
    Retry,
    Sent,
)
from orders.wire.json_types import (
    CURSOR,
    INSTANT,
    INTEGER,
    ORDER_ID,
    TEXT,
    constant,
    timestamp,
)
from orders.wire.message import Field, Message, OneOf, Rows, ref
from orders.wire.offers import LOST_OFFER, OFFER, ROUTE_TAKEN
from orders.wire.schedules import ROUND_STEPS, SCHEDULE, schedule_as_wire
from orders.wire.sniping import PURCHASE_STEPS, SNIPING
from orders.wire.waiting import RESTS, TRIGGER, rest_data, trigger_as_wire


def _sometimes(*fields: Field) -> tuple[Field, ...]:
    return Rows(*fields).optional()


# What an event of each status may carry. Fields that not every such event has are optional, and so is a
# field that is added: events of before are stored without it.
_CARRIES: Final[dict[Status, tuple[Field, ...]]] = {
    Status.PENDING: (),
    Status.OPEN: (
        Field("trigger", ref(TRIGGER), means="what it waits for", optional=True),
        Field("schedule", ref(SCHEDULE), means="when its rounds are placed", optional=True),
        *ROUND_STEPS,
        Field("sniping", ref(SNIPING), means="what a sniper order waits for", optional=True),
        *PURCHASE_STEPS,
        *RESTS,
        *REASON.optional(),
        *COST,
        # Of a stop limit whose trigger has fired while its limit is out of reach.
        *FIRED,
    ),
    Status.ROUTING: (*RETRY.optional(), *FIRED),
    Status.BUILDING: (*OFFER.fields, *_sometimes(ROUTE_TAKEN), *BOARD.fields, *PAPER_FIELDS),
    # Without venue and attempt, but with a reason: when a fork has dropped the transaction.
    Status.SUBMITTED: (
        *_sometimes(*VENUE_FIELDS),
        TX_HASH,
        *_sometimes(EXPLORER_LINK, ATTEMPT_NUMBER, *REASON.fields),
        *PAPER_FIELDS,
    ),
    # Without venue for a schedule, whose rounds have their own.
    Status.CONFIRMED: (
        *_sometimes(*VENUE_FIELDS),
        TX_HASH,
        *_sometimes(EXPLORER_LINK, ATTEMPT_NUMBER),
        SLOT,
        *EXECUTED.fields,
        *PAPER_FIELDS,
    ),
    Status.FAILED: REASON.fields,
    Status.CANCELLED: REASON.optional(),
    Status.EXPIRED: REASON.optional(),
}


def _head(status: Status, sequence: int) -> tuple[Field, ...]:
    return (
        Field(
            "sequence", INTEGER, "sequence", "counts an order's events from 1, without gap", example=sequence
        ),
        Field("status", constant(status.value), "status", "what the order has become"),
        Field("at", INSTANT, lambda event: timestamp(event.at), "when"),
    )


def _messages(suffix: str, *around: Field, behind: tuple[Field, ...] = ()) -> dict[str, Message]:
    return {
        status.value: Message(
            f"{status.value.title()}{suffix}",
            *around,
            *_head(status, number),
            *fields,
            *behind,
        )
        for number, (status, fields) in enumerate(_CARRIES.items(), 1)
    }


_ORDER_ID: Final = Field("orderId", ORDER_ID, lambda event: str(event.order_id), "the order's id")
REQUEST_ID: Final = Field(
    "requestId",
    {"type": ["string", "integer"], "examples": [7]},
    means="your name for the message; comes back with the answer",
    optional=True,
)
_ASIDE: Final = (
    REQUEST_ID,
    Field("cursor", CURSOR, means="only where the whole feed is subscribed: go on from here", optional=True),
    Field("clientOrderId", TEXT, means="on the first event after execute_order", optional=True),
    Field(
        "replayed",
        {"type": "boolean", "const": True},
        means="the order was accepted before, under this key",
        optional=True,
    ),
)
EVENT: Final = OneOf("Event", "status", _messages("Event"), "one step of an order")
ORDER_EVENT: Final = OneOf(
    "OrderEvent", "status", _messages("OrderEvent", _ORDER_ID), "one step of one of several orders"
)
UPDATE: Final = OneOf(
    "Update",
    "status",
    _messages("Update", Field("type", constant("update")), _ORDER_ID, behind=_ASIDE),
    "one step of an order, as streams send it",
)
EVENT_HEAD: Final = Rows(_ORDER_ID, *_head(Status.PENDING, 1))


def event_message(event: OrderEvent) -> dict[str, Any]:
    """The stream message of one event row."""
    return {"type": "update", **EVENT_HEAD.of(event), **event.data}


def event_as_wire(event: OrderEvent) -> dict[str, Any]:
    """One event row inside an order's answer: the stream message without its envelope."""
    message = event_message(event)
    return {name: value for name, value in message.items() if name not in {"type", "orderId"}}


def open_data(order: Order) -> dict[str, Any]:
    """``open``: what the order waits for."""
    return {"trigger": trigger_as_wire(order)}


def schedule_data(order: Order) -> dict[str, Any]:
    """``open``: when the order's rounds are placed."""
    return {"schedule": schedule_as_wire(order)}


def all_rounds_data(order: Order, amount_in: int, amount_out: int | None) -> dict[str, Any]:
    """``confirmed`` of a schedule or a budget: what its orders have moved together, in base units."""
    return {"txHash": None, "slot": None, **executed_data(order, amount_in, amount_out)}


def open_again_data(failure: Failure, waits_for: WaitsFor, rest: timedelta, cost: int) -> dict[str, Any]:
    """``open`` again: why it was not filled, when it is tried again, lamports that it has cost in vain."""
    said = rest_data(waits_for, rest) | failure_data(failure)
    return said | ({"costLamports": str(cost)} if cost else {})


def fired_data(route: Route | None, slot: int) -> dict[str, Any]:
    """``routing`` of an order that has waited: the quote that fired it, where there is a new one."""
    return ({} if route is None else {"quote": LOST_OFFER.of(route)}) | {"slot": slot}


def building_data(board: Quotes) -> dict[str, Any]:
    """``building``: the best offer and its route, the losing ones, and the venues that had none."""
    return BEST.of(board.quotes[0]) | BOARD.of(board)


def submitted_data(order: Order, signature: str, attempt: int) -> dict[str, Any]:
    """``submitted``: the attempt whose signed bytes are sent from now on."""
    return SENT.of(Sent(order, signature, attempt))


def executed_data(order: Order, amount_in: int, amount_out: int | None) -> dict[str, Any]:
    """What a ``confirmed`` event says of the amounts, given in base units."""
    return EXECUTED.of(Landed(order, 0, amount_in, amount_out))


def confirmed_data(order: Order, slot: int, amount_in: int, amount_out: int) -> dict[str, Any]:
    """``confirmed``: the transaction that landed and what really moved, in base units."""
    return LANDED.of(Landed(order, slot, amount_in, amount_out))


def paper_data(board: Quotes) -> dict[str, Any]:
    """``submitted`` of an order on paper: the pool that it would have used, and no transaction."""
    best = board.quotes[0]
    return {"dex": best.dex, "venue": best.venue, "txHash": None, "attempt": 0}


def retry_data(retry: int, delay_seconds: int, failure: Failure) -> dict[str, Any]:
    """``routing`` once more: why, which retry this is, and when it comes."""
    failed = Retry(retry, delay_seconds, failure.reason.value, failure.message, failure.details or None)
    return RETRY.of(failed)


def failure_data(failure: Failure) -> dict[str, Any]:
    """Why an order failed; with figures where the failure has some."""
    return REASON.of(Ended(failure.reason.value, failure.message, failure.details or None))


def ended_data(code: str, error: str) -> dict[str, Any]:
    """``failed``, or a step that is held back: the reason's code and a text for people."""
    return REASON.of(Ended(code, error))


def withdrawn_data(signature: str, code: str, error: str) -> dict[str, Any]:
    """``submitted`` again: the chain has dropped the block that held the transaction."""
    return {"txHash": signature, **ended_data(code, error)}
