"""Events as they go out: what each status carries, where it comes from, and the stream's messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple

from dex.types import Quotes, Route
from orders import gateway
from orders.amounts import from_base_units, price_text
from orders.gateway import Failure
from orders.lifecycle import PAPER, FailureReason, Status, WaitsFor
from orders.models import Order, OrderEvent
from orders.wire.json_types import (
    BASE_UNITS,
    CURSOR,
    DECIMAL,
    DETAILS,
    INSTANT,
    INTEGER,
    ORDER_ID,
    TEXT,
    constant,
    list_of,
    nullable,
    timestamp,
)
from orders.wire.message import Field, Message, OneOf, Rows, ref
from orders.wire.offers import LOST_OFFER, OFFER, OTHER_OFFER, ROUTE_TAKEN, VENUE_ERROR
from orders.wire.schedules import ROUND_STEPS, SCHEDULE, schedule_as_wire
from orders.wire.waiting import RESTS, TRIGGER, rest_data, trigger_as_wire

SIGNATURE: Final = "2Qxi7AwEqqJcbHaGVsPdmWe1hxDS1nJ9rWyLsXroRVsu73WZTSSRrBFafVaMuPipMSiXHSkN4ndMLcwQ6ZqUZFym"
EXPLORER_URL: Final = f"https://explorer.solana.com/tx/{SIGNATURE}?cluster=devnet"


class Sent(NamedTuple):
    """A transaction whose signed bytes are sent from now on."""

    order: Order
    signature: str
    attempt: int


class Landed(NamedTuple):
    """A transaction that landed, and what really moved, in base units."""

    order: Order
    slot: int
    amount_in: int
    amount_out: int

    @property
    def signature(self) -> str:
        """The transaction's."""
        return self.order.signature


class Ended(NamedTuple):
    """The code of a reason, a text for people, and figures."""

    code: str
    error: str
    details: Mapping[str, str] | None = None


class Retry(NamedTuple):
    """Which retry comes, when, and why."""

    number: int
    delay_seconds: int
    code: str
    error: str
    details: Mapping[str, str] | None = None


def _moved_in(landed: Landed) -> str:
    return from_base_units(landed.amount_in, gateway.decimals_of(landed.order.token_in))


def _moved_out(landed: Landed) -> str:
    return from_base_units(landed.amount_out, gateway.decimals_of(landed.order.token_out))


def _moved_price(landed: Landed) -> str:
    decimals_in = gateway.decimals_of(landed.order.token_in)
    decimals_out = gateway.decimals_of(landed.order.token_out)
    return price_text(landed.amount_in, decimals_in, landed.amount_out, decimals_out)


_BEST: Final = Rows(*OFFER.fields, ROUTE_TAKEN)
_BOARD: Final = Rows(
    Field(
        "quotes",
        list_of(LOST_OFFER),
        lambda board: [LOST_OFFER.of(quote) for quote in board.quotes[1:]],
        "the offers that lost",
        example=[OTHER_OFFER],
    ),
    Field(
        "errors",
        list_of(VENUE_ERROR),
        lambda board: [VENUE_ERROR.of(error) for error in board.errors] or None,
        "venues without an offer",
        optional=True,
    ),
)
_VENUE: Final = (
    Field("dex", TEXT, "order.dex", "brand of the venue", example="raydium"),
    Field("venue", TEXT, "order.venue", "the program that holds the pool", example="raydium-cpmm"),
)
_TX_HASH: Final = Field(
    "txHash", nullable(TEXT), "signature", "the transaction's signature; null on paper", example=SIGNATURE
)
_EXPLORER_URL: Final = Field(
    "explorerUrl",
    TEXT,
    lambda of: gateway.explorer_url(of.order.network, of.signature),
    "where people can look the transaction up",
    example=EXPLORER_URL,
)
_ATTEMPT: Final = Field("attempt", INTEGER, "attempt", "which transaction of the order; 0 on paper")
_SENT: Final = Rows(*_VENUE, _TX_HASH, _EXPLORER_URL, _ATTEMPT)
_EXECUTED: Final = Rows(
    Field("executedAmountIn", DECIMAL, _moved_in, "what really left the wallet", example="5"),
    Field("executedAmountOut", DECIMAL, _moved_out, "what really came in", example="823.575312"),
    Field("executedPrice", DECIMAL, _moved_price, "tokenOut per tokenIn", example="164.7150624"),
)
_SLOT: Final = Field("slot", nullable(INTEGER), "slot", "the block's slot; null on paper", example=10)
_LANDED: Final = Rows(*_VENUE, _TX_HASH, _EXPLORER_URL, _SLOT, *_EXECUTED.fields)
_REASON: Final = Rows(
    Field("code", TEXT, "code", "a reason's stable code", example=FailureReason.NO_ROUTE.value),
    Field("error", TEXT, "error", "the reason in words", example=str(FailureReason.NO_ROUTE.label)),
    Field("details", DETAILS, "details", "figures behind the reason", optional=True),
)
_RETRY: Final = Rows(
    Field("attempt", INTEGER, "number", "which retry this is"),
    Field("retryInMs", INTEGER, lambda retry: retry.delay_seconds * 1000, "when it comes", example=1000),
    *_REASON.fields,
)
_PAPER: Final = (
    Field("network", constant(PAPER), means="only for an order that swaps nothing", optional=True),
    Field("note", TEXT, means="says that nothing was swapped", optional=True),
)


_FIRED: Final = (
    Field(
        "quote", ref(LOST_OFFER), means="the executable quote that fired an order that waits", optional=True
    ),
    Field("slot", INTEGER, means="the slot of that quote", optional=True),
)
_COST: Final = (
    Field("costLamports", BASE_UNITS, means="what the attempts in vain have cost so far", optional=True),
)


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
        *RESTS,
        *_REASON.optional(),
        *_COST,
    ),
    Status.ROUTING: (*_RETRY.optional(), *_FIRED),
    Status.BUILDING: (*OFFER.fields, *_sometimes(ROUTE_TAKEN), *_BOARD.fields, *_PAPER),
    # Without venue and attempt, but with a reason: when a fork has dropped the transaction.
    Status.SUBMITTED: (
        *_sometimes(*_VENUE),
        _TX_HASH,
        *_sometimes(_EXPLORER_URL, _ATTEMPT, *_REASON.fields),
        *_PAPER,
    ),
    # Without venue for a schedule, whose rounds have their own.
    Status.CONFIRMED: (
        *_sometimes(*_VENUE),
        _TX_HASH,
        *_sometimes(_EXPLORER_URL, _ATTEMPT),
        _SLOT,
        *_EXECUTED.fields,
        *_PAPER,
    ),
    Status.FAILED: _REASON.fields,
    Status.CANCELLED: _REASON.optional(),
    Status.EXPIRED: _REASON.optional(),
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


def all_rounds_data(order: Order, amount_in: int, amount_out: int) -> dict[str, Any]:
    """``confirmed`` of a schedule: what its rounds have moved together, in base units."""
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
    return _BEST.of(board.quotes[0]) | _BOARD.of(board)


def submitted_data(order: Order, signature: str, attempt: int) -> dict[str, Any]:
    """``submitted``: the attempt whose signed bytes are sent from now on."""
    return _SENT.of(Sent(order, signature, attempt))


def executed_data(order: Order, amount_in: int, amount_out: int) -> dict[str, str]:
    """What a ``confirmed`` event says of the amounts, given in base units."""
    return _EXECUTED.of(Landed(order, 0, amount_in, amount_out))


def confirmed_data(order: Order, slot: int, amount_in: int, amount_out: int) -> dict[str, Any]:
    """``confirmed``: the transaction that landed and what really moved, in base units."""
    return _LANDED.of(Landed(order, slot, amount_in, amount_out))


def paper_data(board: Quotes) -> dict[str, Any]:
    """``submitted`` of an order on paper: the pool that it would have used, and no transaction."""
    best = board.quotes[0]
    return {"dex": best.dex, "venue": best.venue, "txHash": None, "attempt": 0}


def retry_data(retry: int, delay_seconds: int, failure: Failure) -> dict[str, Any]:
    """``routing`` once more: why, which retry this is, and when it comes."""
    failed = Retry(retry, delay_seconds, failure.reason.value, failure.message, failure.details or None)
    return _RETRY.of(failed)


def failure_data(failure: Failure) -> dict[str, Any]:
    """Why an order failed; with figures where the failure has some."""
    return _REASON.of(Ended(failure.reason.value, failure.message, failure.details or None))


def ended_data(code: str, error: str) -> dict[str, Any]:
    """``failed``, or a step that is held back: the reason's code and a text for people."""
    return _REASON.of(Ended(code, error))


def withdrawn_data(signature: str, code: str, error: str) -> dict[str, Any]:
    """``submitted`` again: the chain has dropped the block that held the transaction."""
    return {"txHash": signature, **ended_data(code, error)}
