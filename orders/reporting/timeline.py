"""What each millisecond of one order was spent on: its rows, put in the order of their moments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from orders.lifecycle import Status
from orders.models import Attempt, Order, OrderEvent

_MICROSECOND: Final = timedelta(microseconds=1)
# What an order waits for, or what works on it, until it comes to a status. Signing and sending have rows of
# their own: until `submitted` is what the send and the record of it took.
_UNTIL: Final = {
    Status.OPEN: "intake, or the try before",
    Status.ROUTING: "commit, broker, a free worker",
    Status.BUILDING: "node: accounts; quotes, search for the route, commit",
    Status.SUBMITTED: "broker; node: send; commit",
    Status.CONFIRMED: "node: the transaction's block, and looking for it; commit",
    Status.FAILED: "the stage that failed",
    Status.CANCELLED: "somebody's wish",
    Status.EXPIRED: "its own expiry",
}
_SIGNED: Final = "broker; signature, commit"


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that is so from ``at`` on; ``spent`` says what the time before it went to."""

    at: datetime
    name: str
    spent: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """A moment with microseconds since the order was accepted, and since the moment before it."""

    moment: Moment
    since_accepted: int
    since_before: int


def timeline(order: Order, events: Sequence[OrderEvent], attempts: Sequence[Attempt]) -> list[Step]:
    """The moments of an order with the time between them, oldest first; the first is its acceptance."""
    moments = sorted(_moments(order, events, attempts), key=lambda moment: moment.at)
    first = Step(moments[0], 0, 0)
    rest = [
        Step(moment, (moment.at - moments[0].at) // _MICROSECOND, (moment.at - before.at) // _MICROSECOND)
        for before, moment in pairwise(moments)
    ]
    return [first, *rest]


def _moments(order: Order, events: Sequence[OrderEvent], attempts: Sequence[Attempt]) -> Iterator[Moment]:
    for event in events:
        yield _of_event(event)
    for attempt in attempts:
        detail = (
            f"attempt {attempt.number}, {attempt.venue}, valid to block {attempt.last_valid_block_height}"
        )
        yield Moment(attempt.created_at, "signed", _SIGNED, detail)
        if attempt.sends > 1 and attempt.last_sent_at is not None:
            yield Moment(attempt.last_sent_at, "sent again", "the chain", f"{attempt.sends} sends in all")
    if order.finalized_at is not None:
        yield Moment(order.finalized_at, "final", "31 blocks more, and the sweep after them")


def _of_event(event: OrderEvent) -> Moment:
    status = Status(event.status)
    if event.sequence == 1:
        return Moment(event.at, "accepted", detail=status.value)
    spent = "the wait before another try" if "retryInMs" in event.data else _UNTIL.get(status, "")
    return Moment(event.at, status.value, spent, _detail(event))


def _detail(event: OrderEvent) -> str:
    data = event.data
    if "code" in data:
        return str(data["code"])
    if event.status == Status.BUILDING:
        return f"{data.get('venue', '')}, {len(data.get('quotes', ()))} other offers"
    if event.status == Status.CONFIRMED:
        return f"slot {data.get('slot')}"
    return ""
