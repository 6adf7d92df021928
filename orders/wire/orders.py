"""Orders and attempts in the camelCase of the API.

Amounts leave as decimal text in whole tokens and, next to it, as text in base units; prices are
whole tokens out per whole token in. Where a mint has left the configured list its decimals are
unknown and the whole-token text is null; the base units are always there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from dex.types import SwapMode
from orders import gateway
from orders.amounts import realised_slippage_bps
from orders.lifecycle import GroupRole, OrderType, Status, TimeInForce
from orders.models import Attempt, Order, OrderEvent
from orders.records import routes
from orders.wire.attempts import ATTEMPT, FAILURE, error_of, explorer_url, lamports
from orders.wire.event_fields import EXPLORER_URL, SIGNATURE
from orders.wire.events import EVENT, event_as_wire
from orders.wire.json_types import (
    BOOLEAN,
    DECIMAL,
    INSTANT,
    INTEGER,
    ORDER_ID,
    TEXT,
    list_of,
    nullable,
    one_of,
)
from orders.wire.message import Field, Message, Schema, ref
from orders.wire.order_columns import (
    Shown,
    amount_fields,
    bound_of,
    moment_of,
    price_of,
    symbol,
    symbol_of,
    text_of,
    whole,
)
from orders.wire.routes import POOL, ROUTE, ROUTE_EXAMPLE, route_as_wire
from orders.wire.schedules import SCHEDULE, schedule_as_wire
from orders.wire.sniping import SNIPING, sniping_as_wire
from orders.wire.waiting import TRIGGER, trigger_as_wire

SOL: Final = "So11111111111111111111111111111111111111112"
USDC: Final = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
WALLET: Final = "956NGMVYWcSdiGY87o6Wus9dGaUieL3hHrz4mHnNZPs1"


_ROLES: Final = [role.value for role in GroupRole if role.value]


def _transfer_fee(order: Order, mint: str, side: str) -> str | None:
    kept = getattr(routes.of(order), side) if order.route else 0
    return whole(kept, mint) if kept else None


_FEES: Final = Message(
    "Fees",
    Field(
        "lp",
        nullable(DECIMAL),
        lambda order: whole(order.lp_fee, order.lp_fee_mint),
        "the pool's fee as quoted",
        example="0.0125",
    ),
    Field(
        "lpToken",
        nullable(TEXT),
        lambda order: symbol(order.lp_fee_mint) if order.lp_fee_mint else None,
        "the token of lp",
        example="SOL",
    ),
    Field("network", nullable(DECIMAL), lamports("network_fee"), "in SOL", example="0.000005"),
    Field("priority", nullable(DECIMAL), lamports("priority_fee"), "in SOL", example="0"),
    Field(
        "transferIn",
        DECIMAL,
        lambda order: _transfer_fee(order, order.token_in, "transfer_fee_in"),
        "what tokenIn itself keeps of its transfers, as quoted; left out where it keeps nothing",
        optional=True,
    ),
    Field(
        "transferOut",
        DECIMAL,
        lambda order: _transfer_fee(order, order.token_out, "transfer_fee_out"),
        "the same of tokenOut",
        optional=True,
    ),
)
ORDER: Final = Message(
    "Order",
    Field("orderId", ORDER_ID, lambda shown: str(shown.order.pk), "the order's id"),
    Field(
        "clientOrderId", nullable(TEXT), "order.client_order_id", "your own name", example="my-first-order"
    ),
    Field("type", one_of(OrderType.values), "order.type", "the order's type"),
    Field("status", one_of(Status.values), "order.status", "where it stands", example="confirmed"),
    Field(
        "tokenIn",
        TEXT,
        lambda shown: symbol_of(shown.token_in, shown.order.token_in),
        "symbol, or the mint where no list has it",
        example="SOL",
    ),
    Field(
        "tokenOut",
        TEXT,
        lambda shown: symbol_of(shown.token_out, shown.order.token_out),
        "symbol, or the mint where no list has it",
        example="USDC",
    ),
    Field("tokenInMint", TEXT, "order.token_in", "mint address", example=SOL),
    Field("tokenOutMint", TEXT, "order.token_out", "mint address", example=USDC),
    Field(
        "swapMode",
        one_of(["exactIn", "exactOut"]),
        lambda shown: "exactOut" if shown.order.mode == SwapMode.EXACT_OUT else "exactIn",
        "exactOut: amountIn is the most that floorAmountOut, bought exactly, may cost; null until the first"
        " quote where only the slippage bounds it",
        example="exactIn",
    ),
    *amount_fields("amountIn", "token_in", "what is to be sold", "5", "bound_amount_in"),
    *amount_fields("floorAmountOut", "token_out", "the least that this order may ever receive", "819.457436"),
    *amount_fields("firstQuotedAmountOut", "token_out", "what the first quote offered", "823.575312"),
    *amount_fields("quotedAmountOut", "token_out", "what the chosen pool offered", "823.575312"),
    *amount_fields("minAmountOut", "token_out", "the least that the transaction accepts", "819.457436"),
    *amount_fields("executedAmountIn", "token_in", "what really left the wallet", "5"),
    *amount_fields("executedAmountOut", "token_out", "what really came in", "823.575312"),
    Field(
        "quotedPrice",
        nullable(DECIMAL),
        price_of("priced_amount_in", "quoted_amount_out"),
        "tokenOut per tokenIn, as quoted",
        example="164.7150624",
    ),
    Field(
        "executedPrice",
        nullable(DECIMAL),
        price_of("executed_amount_in", "executed_amount_out"),
        "tokenOut per tokenIn",
        example="164.7150624",
    ),
    Field("slippageBps", INTEGER, "order.slippage_bps", "1 bps = 0.01 %", example=50),
    Field("slippageAuto", BOOLEAN, "order.slippage_is_auto", "the engine chose it by the quote"),
    Field("maxPriceImpactBps", nullable(INTEGER), "order.max_price_impact_bps", "as given", example=None),
    Field("maxCostBps", nullable(INTEGER), "order.max_cost_bps", "as given", example=None),
    Field("limitPrice", nullable(DECIMAL), "order.limit_price", "as given", example=None),
    Field(
        "priceOf",
        one_of(["tokenIn", "tokenOut"]),
        lambda shown: "tokenOut" if shown.order.prices_inverted else "tokenIn",
        "tokenIn: its prices are tokenOut per tokenIn; tokenOut: tokenIn per tokenOut",
    ),
    Field("timeInForce", one_of(TimeInForce.values), "order.time_in_force", "of a limit order"),
    Field(
        "trigger",
        nullable(ref(TRIGGER)),
        lambda shown: trigger_as_wire(shown.order),
        "what it waits for; null for one that does not",
        example=None,
    ),
    Field(
        "schedule",
        nullable(ref(SCHEDULE)),
        lambda shown: schedule_as_wire(shown.order),
        "when the rounds of a dca order are placed",
        example=None,
    ),
    Field(
        "sniping",
        nullable(ref(SNIPING)),
        lambda shown: sniping_as_wire(shown.order),
        "what a sniper order waits for",
        example=None,
    ),
    Field("firedAt", nullable(INSTANT), moment_of("fired_at"), "since when it is tried", example=None),
    Field(
        "groupId",
        nullable(ORDER_ID),
        lambda shown: shown.order.group_id and str(shown.order.group_id),
        "its group",
        example=None,
    ),
    Field(
        "groupRole", nullable(one_of(_ROLES)), text_of("group_role"), "what it is to its group", example=None
    ),
    Field("venues", nullable(list_of(TEXT)), bound_of("venues"), "as given", example=None),
    Field("excludeVenues", nullable(list_of(TEXT)), bound_of("excludeVenues"), "as given", example=None),
    Field("maxHops", nullable(INTEGER), bound_of("maxHops"), "as given", example=None),
    Field("maxSplits", nullable(INTEGER), bound_of("maxSplits"), "as given", example=None),
    Field("expiresAt", nullable(INSTANT), moment_of("expires_at"), "as given", example=None),
    Field("dex", nullable(TEXT), text_of("dex"), "brand of the venue", example="raydium"),
    Field("venue", nullable(TEXT), text_of("venue"), "the pool's program", example="raydium-cpmm"),
    Field("pool", nullable(TEXT), text_of("pool"), "the pool's address", example=POOL),
    Field(
        "route",
        nullable(ROUTE),
        lambda shown: route_as_wire(routes.of(shown.order)) if shown.order.route else None,
        "the pools that share the amount; dex, venue and pool are of the largest leg",
        example=ROUTE_EXAMPLE,
    ),
    Field(
        "slippageRealisedBps",
        nullable(INTEGER),
        lambda shown: realised_slippage_bps(shown.order.slippage_base, shown.order.executed_amount_out),
        "what was executed against what was first quoted",
        example=0,
    ),
    Field("fees", ref(_FEES), lambda shown: _FEES.of(shown.order), "what the swap cost"),
    Field("txHash", nullable(TEXT), text_of("signature"), "the last transaction", example=SIGNATURE),
    Field(
        "explorerUrl",
        nullable(TEXT),
        lambda shown: explorer_url(shown.order.network, shown.order.signature),
        "where people can look it up",
        example=EXPLORER_URL,
    ),
    Field("slot", nullable(INTEGER), "order.slot", "of the block with the swap", example=10),
    Field("version", INTEGER, "order.version", "counts its steps; an amendment names it"),
    Field("attempt", INTEGER, "order.attempt", "transactions signed so far"),
    Field(
        "error",
        nullable(ref(FAILURE)),
        lambda shown: error_of(shown.order.error_code, shown.order.error_message, shown.order.error_details),
        "why it failed",
        example=None,
    ),
    Field("createdAt", INSTANT, moment_of("created_at"), "when it was accepted"),
    Field("updatedAt", INSTANT, moment_of("updated_at"), "when it last moved"),
    Field("confirmedAt", nullable(INSTANT), moment_of("confirmed_at"), "when the swap was confirmed"),
    Field("network", TEXT, "order.network", "`paper` for an order that swaps nothing", example="devnet"),
    Field("wallet", TEXT, "order.wallet", "address of the wallet that pays", example=WALLET),
)


def _life() -> list[dict[str, Any]]:
    """The events of an order for which everything goes well."""
    way = (Status.PENDING, Status.ROUTING, Status.BUILDING, Status.SUBMITTED, Status.CONFIRMED)
    return [EVENT.messages[s].example(sequence=number) for number, s in enumerate(way, 1)]


_ATTEMPTS: Final = Field("attempts", list_of(ATTEMPT), means="signed transactions, first to last")
ORDER_DETAIL: Final = Message(
    "OrderDetail",
    *ORDER.fields,
    _ATTEMPTS,
    Field("events", list_of(EVENT), means="its newest steps, first to last, 100 at most", example=_life()),
    Field("eventsLeftOut", INTEGER, means="how many came before these: `/events` has all", example=0),
)
ORDER_PAGE: Final = Message(
    "OrderPage",
    Field("next", nullable(TEXT), means="address of the page with older orders", example=None),
    Field("previous", nullable(TEXT), means="address of the page with newer orders", example=None),
    Field("results", list_of(ORDER), means="newest first"),
)
JOURNAL: Final = Message(
    "Journal",
    Field("orderId", ORDER_ID, means="the order's id"),
    Field("status", one_of(Status.values), means="where it stands", example="confirmed"),
    Field("events", list_of(EVENT), means="its steps, first to last, 500 at most", example=_life()),
    Field("more", BOOLEAN, means="there are more behind the last of these: ask with its sequence as `after`"),
)


def order_as_wire(
    order: Order,
    *,
    attempts: Iterable[Attempt] | None = None,
    events: Iterable[OrderEvent] | None = None,
) -> dict[str, Any]:
    """An order as answers carry it; with ``attempts`` and its newest ``events`` it is the detail view."""
    token = gateway.token_by_mint
    wire = ORDER.of(Shown(order, token(order.token_in), token(order.token_out)))
    if attempts is not None:
        wire["attempts"] = [ATTEMPT.of(attempt) for attempt in attempts]
    if events is not None:
        wire["events"] = [event_as_wire(event) for event in events]
        # Sequences begin with 1 and have no gaps.
        wire["eventsLeftOut"] = wire["events"][0]["sequence"] - 1 if wire["events"] else 0
    return wire


def accepted_example(**changes: Any) -> dict[str, Any]:
    """The example of an order that no worker has begun: what the request has not said is not known yet."""
    given = {"clientOrderId", "amountIn", "amountInRaw"}
    later = {f.name: None for f in ORDER.fields if f.shown and _may_be_null(f.type) and f.name not in given}
    fees = {field.name: None for field in _FEES.fields if not field.optional}
    return ORDER.example(
        **later | {"status": "pending", "attempt": 0, "slippageRealisedBps": None, "fees": fees} | changes
    )


def _may_be_null(kind: Schema) -> bool:
    return "null" in kind.get("type", ()) or {"type": "null"} in kind.get("oneOf", ())
