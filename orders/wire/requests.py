"""The fields of an order request: their names, types and examples, and how each is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

from django.conf import settings

from orders.amounts import parse_amount, parse_raw_amount
from orders.wire import request_fields
from orders.wire.json_types import AMOUNT, INSTANT, RAW_AMOUNT, TEXT, integer, list_of, nullable, text
from orders.wire.message import Field, Message, Schema
from orders.wire.request_fields import optional, wire
from orders.wire.request_terms import WaitingTerms

# What bounds a route, in quotes as in orders.
BOUND_FIELDS: Final = ("venues", "excludeVenues", "maxHops", "maxSplits")


def _slippage_type() -> Schema:
    words = {"type": "string", "enum": [request_fields.AUTO]}
    return nullable({"oneOf": [integer(0, settings.MAX_SLIPPAGE_BPS, 50), words], "examples": [50]})


@dataclass(frozen=True, slots=True)
class OrderIntent(WaitingTerms):
    """What a request asks for, read from its wire form, before the rules of intake.

    Exactly one of ``amount`` (whole tokens) and ``amount_raw`` (base units) is set, and at most one of
    ``min_amount_out`` and ``min_amount_out_raw``; or, for an exact output, one of ``amount_out`` and
    ``amount_out_raw`` with one of ``max_amount_in`` and ``max_amount_in_raw``. Tokens are symbols or mint
    addresses as given. A field is added by one entry: what reads it raises ValueError or InvalidAmount.
    """

    token_in: str = field(
        metadata=wire(
            request_fields.token_name,
            Field("tokenIn", text(1, 64, "SOL"), means="symbol, in any letter case, or mint address"),
        )
    )
    token_out: str = field(
        metadata=wire(
            request_fields.token_name,
            Field("tokenOut", text(1, 64, "USDC"), means="symbol, in any letter case, or mint address"),
        )
    )
    amount: Decimal | None = field(
        default=None,
        metadata=wire(
            parse_amount,
            optional("amountIn", AMOUNT, "what is sold, in whole tokens", example="5"),
            optional("amount", AMOUNT, "the same as amountIn"),
        ),
    )
    amount_raw: int | None = field(
        default=None,
        metadata=wire(
            parse_raw_amount, optional("amountInRaw", RAW_AMOUNT, "base units, instead of amountIn")
        ),
    )
    amount_out: Decimal | None = field(
        default=None,
        metadata=wire(
            parse_amount,
            optional("amountOut", AMOUNT, "what is bought, exactly"),
        ),
    )
    amount_out_raw: int | None = field(
        default=None,
        metadata=wire(
            parse_raw_amount, optional("amountOutRaw", RAW_AMOUNT, "base units, instead of amountOut")
        ),
    )
    max_amount_in: Decimal | None = field(
        default=None,
        metadata=wire(
            parse_amount,
            optional(
                "maxAmountIn",
                AMOUNT,
                "the most that amountOut may cost; without it and limitPrice the first quote and the slippage"
                " say it",
            ),
        ),
    )
    max_amount_in_raw: int | None = field(
        default=None,
        metadata=wire(
            parse_raw_amount, optional("maxAmountInRaw", RAW_AMOUNT, "base units, instead of maxAmountIn")
        ),
    )
    type: str = field(
        default="market",
        metadata=wire(
            request_fields.word,
            optional("type", text(0, 64, "market"), "`market` (default), in any letter case"),
        ),
    )
    slippage_bps: int | Literal["auto"] | None = field(
        default=None,
        metadata=wire(
            request_fields.slippage,
            Field(
                "slippageBps",
                _slippage_type(),
                means="1 bps = 0.01 %; default and most by settings. `auto`: the default and the quote's own"
                " price impact together, up to a cap",
                optional=True,
            ),
        ),
    )
    max_price_impact_bps: int | None = field(
        default=None,
        metadata=wire(
            request_fields.basis_points,
            optional(
                "maxPriceImpactBps",
                integer(0, settings.MAX_PRICE_IMPACT_BPS, 100),
                "above this the order fails with `PRICE_IMPACT_TOO_HIGH`; default and most by settings",
            ),
        ),
    )
    max_cost_bps: int | None = field(
        default=None,
        metadata=wire(
            request_fields.basis_points,
            optional(
                "maxCostBps",
                integer(0, settings.MAX_COST_BPS, 200),
                "price impact and pool fees together; above this the order fails with"
                " `PRICE_IMPACT_TOO_HIGH`; default and most by settings",
            ),
        ),
    )
    limit_price: Decimal | None = field(
        default=None,
        metadata=wire(
            request_fields.price,
            optional("limitPrice", AMOUNT, "tokenOut per tokenIn: never filled worse, for the whole life"),
        ),
    )
    min_amount_out: Decimal | None = field(
        default=None,
        metadata=wire(
            parse_amount,
            optional("minAmountOut", AMOUNT, "the least to receive, whatever the slippage allows"),
        ),
    )
    min_amount_out_raw: int | None = field(
        default=None,
        metadata=wire(
            parse_raw_amount, optional("minAmountOutRaw", RAW_AMOUNT, "base units, instead of minAmountOut")
        ),
    )
    venues: tuple[str, ...] | None = field(
        default=None,
        metadata=wire(
            request_fields.venue_names,
            optional("venues", list_of(TEXT), "the route goes over these alone: names of venues or brands"),
        ),
    )
    exclude_venues: tuple[str, ...] | None = field(
        default=None,
        metadata=wire(
            request_fields.venue_names,
            optional("excludeVenues", list_of(TEXT), "the route goes over none of these"),
        ),
    )
    max_hops: int | None = field(
        default=None,
        metadata=wire(
            request_fields.hops,
            optional("maxHops", integer(1, request_fields.MOST_HOPS, 2), "pools that a path may go over"),
        ),
    )
    max_splits: int | None = field(
        default=None,
        metadata=wire(
            request_fields.splits,
            optional("maxSplits", integer(1, request_fields.MOST_SPLITS, 3), "paths that may share it"),
        ),
    )
    expires_at: datetime | None = field(
        default=None,
        metadata=wire(
            request_fields.moment, optional("expiresAt", INSTANT, "no transaction is first signed after it")
        ),
    )
    client_order_id: str | None = field(
        default=None,
        metadata=wire(
            request_fields.key,
            optional(
                "clientOrderId",
                text(1, 255, "my-first-order"),
                "your own name for the order, the same as the header Idempotency-Key",
            ),
        ),
    )


READERS: Final[Mapping[str, tuple[str, Any]]] = {
    named.name: (each.name, each.metadata["read"])
    for each in fields(OrderIntent)
    for named in each.metadata["wire"]
}
ORDER_REQUEST: Final = Message(
    "OrderRequest",
    *(named for each in fields(OrderIntent) for named in each.metadata["wire"]),
    means="Exactly one of amountIn, amount (the same field) and amountInRaw; or, for an exact output, one of"
    " amountOut and amountOutRaw, with at most one of maxAmountIn and maxAmountInRaw.",
    closed=True,
)
