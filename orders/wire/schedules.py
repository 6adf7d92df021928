"""The schedule of a DCA order and the steps of its rounds, as answers and events show them."""

from __future__ import annotations

from typing import Any, Final

from orders.lifecycle import OrderType
from orders.models import Order, Schedule
from orders.wire.json_types import (
    BOOLEAN,
    DECIMAL,
    INSTANT,
    INTEGER,
    ORDER_ID,
    TEXT,
    list_of,
    nullable,
    timestamp,
)
from orders.wire.message import Field, Message

SCHEDULE: Final = Message(
    "Schedule",
    Field("rounds", INTEGER, "rounds", "orders that share the amount", example=10),
    Field(
        "nextRound",
        INTEGER,
        "next_round",
        "the round that comes next, from 1; above lastRound: none",
        example=3,
    ),
    Field("lastRound", INTEGER, "last_round", "fewer than rounds where it was cut short", example=10),
    Field("intervalSeconds", INTEGER, "interval_seconds", "between two rounds", example=3600),
    Field("nextAt", nullable(INSTANT), lambda s: timestamp(s.next_at), "when the next round comes"),
    Field("minPrice", nullable(DECIMAL), "min_price", "as given", example=None),
    Field("maxPrice", nullable(DECIMAL), "max_price", "as given", example=None),
    Field("paused", BOOLEAN, "is_paused", "no round is placed until it is not"),
    means="when the rounds of a dca order are placed",
)
# What an `open` event of a schedule says beside: the round that was placed, those that were not, and why.
ROUND_STEPS: Final = (
    Field("round", INTEGER, means="the round that was placed", example=1, optional=True),
    Field("roundOrderId", ORDER_ID, means="the order of that round", optional=True),
    Field("skippedRounds", list_of(INTEGER), means="rounds that were not placed", example=[2], optional=True),
    Field(
        "skippedBecause", TEXT, means="MISSED, PRICE_OUT_OF_BAND, KEY_TAKEN", example="MISSED", optional=True
    ),
)


def schedule_as_wire(order: Order) -> dict[str, Any] | None:
    """The schedule of a DCA order, or None. Costs a query where it was not joined."""
    if order.type != OrderType.DCA:
        return None
    try:
        return SCHEDULE.of(order.schedule)
    except Schedule.DoesNotExist:
        return None


def placed_data(order: Order, number: int, round_id: object) -> dict[str, Any]:
    """What an `open` event says of a round that was placed."""
    return {"schedule": schedule_as_wire(order), "round": number, "roundOrderId": str(round_id)}


def skipped_data(order: Order, numbers: list[int], because: str) -> dict[str, Any]:
    """What an `open` event says of rounds that were skipped."""
    return {"schedule": schedule_as_wire(order), "skippedRounds": numbers, "skippedBecause": because}
