"""Confirmed swaps on the wire: what moved, at what price, and all that it cost beside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from dex.types import Token
from orders import gateway
from orders.lifecycle import OrderType
from orders.models import Order
from orders.records.costs import Paid
from orders.wire.event_fields import SIGNATURE
from orders.wire.json_types import (
    BASE_UNITS,
    DECIMAL,
    INSTANT,
    INTEGER,
    ORDER_ID,
    TEXT,
    list_of,
    nullable,
    one_of,
)
from orders.wire.message import Field, Message
from orders.wire.order_columns import amount_fields, moment_of, price_of, symbol_of, text_of
from orders.wire.orders import SOL, USDC, WALLET


class Fill(NamedTuple):
    """A confirmed order with its tokens, None where no list has them, and what its attempts have cost."""

    order: Order
    token_in: Token | None
    token_out: Token | None
    paid: Paid


def fill_of(order: Order, paid: Paid) -> Fill:
    """A confirmed order as a fill."""
    return Fill(order, gateway.token_by_mint(order.token_in), gateway.token_by_mint(order.token_out), paid)


def _lamports(name: str) -> Callable[[Fill], str | None]:
    def read(fill: Fill) -> str | None:
        return None if fill.paid.unknown else str(getattr(fill.paid, name))

    return read


def _cost(name: str, column: str, means: str, example: str) -> Field:
    return Field(name, nullable(BASE_UNITS), _lamports(column), means, example=example)


FILL: Final = Message(
    "Fill",
    Field("orderId", ORDER_ID, lambda fill: str(fill.order.pk), "the order's id"),
    Field("clientOrderId", nullable(TEXT), "order.client_order_id", "your own name", example="my-order"),
    Field("groupId", nullable(TEXT), lambda fill: _text(fill.order.group_id), "of its group", example=None),
    Field("type", one_of(OrderType.values), "order.type", "the order's type"),
    Field("confirmedAt", INSTANT, moment_of("confirmed_at"), "when the swap was confirmed"),
    Field("slot", nullable(INTEGER), "order.slot", "of its block", example=10),
    Field("txHash", nullable(TEXT), text_of("signature"), "of its transaction", example=SIGNATURE),
    Field("tokenIn", TEXT, lambda fill: symbol_of(fill.token_in, fill.order.token_in), example="SOL"),
    Field("tokenOut", TEXT, lambda fill: symbol_of(fill.token_out, fill.order.token_out), example="USDC"),
    Field("tokenInMint", TEXT, "order.token_in", "mint address", example=SOL),
    Field("tokenOutMint", TEXT, "order.token_out", "mint address", example=USDC),
    *amount_fields("amountIn", "token_in", "what really left the wallet", "5", "executed_amount_in"),
    *amount_fields(
        "amountOut", "token_out", "what really came in", "823.575312", column="executed_amount_out"
    ),
    Field(
        "price",
        nullable(DECIMAL),
        price_of("executed_amount_in", "executed_amount_out"),
        "tokenOut per tokenIn",
        example="164.7150624",
    ),
    Field("dex", TEXT, "order.dex", "brand of the largest leg", example="raydium"),
    Field("venue", TEXT, "order.venue", "its program", example="raydium-cpmm"),
    Field("attempts", INTEGER, "paid.attempts", "transactions that were signed for it"),
    _cost("networkFeeLamports", "network_fee", "of all attempts; null where a part is not known", "5000"),
    _cost("priorityFeeLamports", "priority_fee", "of all attempts", "0"),
    _cost("tipLamports", "tip", "of all attempts", "0"),
    _cost("rentLamports", "rent", "lies in token accounts that it opened", "2039280"),
    _cost("inVainLamports", "in_vain", "the part of fees and tips that failed attempts have cost", "0"),
    _cost("totalLamports", "total", "all fees, tips and rent together", "2044280"),
    Field("network", TEXT, "order.network", "the chain's name", example="devnet"),
    Field("wallet", TEXT, "order.wallet", "address of the wallet that paid", example=WALLET),
)
FILL_PAGE: Final = Message(
    "FillPage",
    Field("next", nullable(TEXT), means="address of the page with older ones", example=None),
    Field("previous", nullable(TEXT), means="address of the page with newer ones", example=None),
    Field("results", list_of(FILL), means="newest first"),
)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
