"""Several orders in one message, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from orders.errors import InvalidRequest, OrderError
from orders.models import Order
from orders.wire.errors import ERROR
from orders.wire.json_types import BOOLEAN, integer, list_of
from orders.wire.message import Field, Message, ref
from orders.wire.orders import ORDER, accepted_example, order_as_wire
from orders.wire.request_fields import unknown
from orders.wire.requests import ORDER_REQUEST

MOST_ORDERS: Final = 100


class Outcome(NamedTuple):
    """What became of one order of a batch: the order, or why there is none."""

    order: Order | None = None
    refusal: OrderError | None = None
    replayed: bool = False

    @property
    def status(self) -> int:
        """The HTTP status that the order alone would have been answered with."""
        if self.refusal is not None:
            return self.refusal.http_status
        return 200 if self.replayed else 201


BATCH_ORDERS: Final = Field(
    "orders",
    {**list_of(ORDER_REQUEST), "minItems": 1, "maxItems": MOST_ORDERS},
    means=f"1 to {MOST_ORDERS} orders; each stands for itself",
    example=[
        ORDER_REQUEST.example(),
        {
            "tokenIn": "SOL",
            "tokenOut": "USDC",
            "amountIn": "1",
            "orderClass": "oco",
            "takeProfit": {"limitPrice": "100000"},
            "stopLoss": {"triggerPrice": "0.001"},
        },
        {
            "tokenIn": "SOL",
            "tokenOut": "USDC",
            "amountIn": "1",
            "type": "limit",
            "limitPrice": "100000",
        },
    ],
)
BATCH_REQUEST: Final = Message("BatchRequest", BATCH_ORDERS, closed=True)
BATCH_OUTCOME: Final = Message(
    "BatchOutcome",
    Field("status", integer(200, 503, 201), "status", "as if the order had been sent alone"),
    Field(
        "order",
        ref(ORDER),
        lambda outcome: order_as_wire(outcome.order) if outcome.order else None,
        "the order, where there is one",
        optional=True,
        example=accepted_example(),
    ),
    Field(
        "replayed",
        BOOLEAN,
        lambda outcome: outcome.replayed or None,
        "the order was accepted before, under this key",
        optional=True,
    ),
    Field(
        "error",
        ref(ERROR),
        lambda outcome: outcome.refusal.as_wire() if outcome.refusal else None,
        "why there is none",
        optional=True,
    ),
)
BATCH_RESULTS: Final = Field("results", list_of(BATCH_OUTCOME), means="one for each order, in their order")
BATCH_ANSWER: Final = Message("BatchAnswer", BATCH_RESULTS)


def read_batch(payload: Mapping[str, Any]) -> list[Any]:
    """The orders of a batch, not read yet; raises InvalidRequest."""
    refusals = unknown(payload, BATCH_REQUEST.names)
    orders = payload.get("orders")
    if not refusals and isinstance(orders, list) and 1 <= len(orders) <= MOST_ORDERS:
        return orders
    raise InvalidRequest("The batch is not valid", **refusals or {"orders": f"a list of 1 to {MOST_ORDERS}"})


def outcomes_as_wire(outcomes: list[Outcome]) -> list[dict[str, Any]]:
    """The results of a batch."""
    return [BATCH_OUTCOME.of(outcome) for outcome in outcomes]
