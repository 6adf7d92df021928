"""Rows and requests in the camelCase of the API: the one place where the two spellings meet.

Amounts leave as decimal text in whole tokens and, next to it, as text in base units; prices are
whole tokens out per whole token in. Where a mint has left the configured list its decimals are
unknown and the whole-token text is null; the base units are always there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from orders import gateway
from orders.amounts import from_base_units, parse_amount, parse_raw_amount, price_text
from orders.errors import InvalidAmount, InvalidRequest
from orders.intake import request_fields
from orders.intake.place import OrderIntent
from orders.lifecycle import FailureReason
from orders.models import Attempt, Order, OrderEvent
from orders.notify import hints as event_messages
from orders.telemetry.counters import realised_slippage_bps

_LAMPORT_DECIMALS: Final = 9

_ORDER_FIELDS: Final = frozenset(
    {
        "tokenIn",
        "tokenOut",
        "amount",
        "amountIn",
        "amountInRaw",
        "type",
        "slippageBps",
        "maxPriceImpactBps",
        "limitPrice",
        "expiresAt",
        "clientOrderId",
    }
)
_ATTEMPT_FEES: Final = {"network": "network_fee", "priority": "priority_fee", "tip": "tip", "rent": "rent"}
_AMOUNT_FIELDS: Final = ("amount", "amountIn", "amountInRaw")


def order_as_wire(
    order: Order,
    *,
    attempts: Iterable[Attempt] | None = None,
    events: Iterable[OrderEvent] | None = None,
) -> dict[str, Any]:
    """An order as answers carry it; with ``attempts`` and ``events`` it is the detail view."""
    wire = {
        "orderId": str(order.pk),
        "clientOrderId": order.client_order_id,
        "type": order.type,
        "status": order.status,
        **_tokens_and_amounts(order),
        "slippageBps": order.slippage_bps,
        "slippageAuto": order.slippage_is_auto,
        "maxPriceImpactBps": order.max_price_impact_bps,
        "limitPrice": order.limit_price,
        "expiresAt": timestamp(order.expires_at),
        "dex": order.dex or None,
        "venue": order.venue or None,
        "pool": order.pool or None,
        "slippageRealisedBps": realised_slippage_bps(order),
        "fees": _fees(order),
        "txHash": order.signature or None,
        "explorerUrl": explorer_url(order.network, order.signature),
        "slot": order.slot,
        "attempt": order.attempt,
        "error": _error(order.error_code, order.error_message),
        "createdAt": timestamp(order.created_at),
        "updatedAt": timestamp(order.updated_at),
        "confirmedAt": timestamp(order.confirmed_at),
        "network": order.network,
        "wallet": order.wallet,
    }
    if attempts is not None:
        wire["attempts"] = [attempt_as_wire(attempt, order.network) for attempt in attempts]
    if events is not None:
        wire["events"] = [event_as_wire(event) for event in events]
    return wire


def attempt_as_wire(attempt: Attempt, network: str) -> dict[str, Any]:
    """One signed transaction of an order, without its bytes."""
    return {
        "attempt": attempt.number,
        "txHash": attempt.signature,
        "explorerUrl": explorer_url(network, attempt.signature),
        "venue": attempt.venue,
        "state": attempt.state,
        "slot": attempt.slot,
        "error": _error(attempt.error_code, ""),
        "fees": {name: _lamports(getattr(attempt, column)) for name, column in _ATTEMPT_FEES.items()},
        "lastValidBlockHeight": attempt.last_valid_block_height,
        "createdAt": timestamp(attempt.created_at),
    }


def event_as_wire(event: OrderEvent) -> dict[str, Any]:
    """One journal row inside an order's answer: the stream message without its envelope."""
    message = event_messages.as_wire(event)
    return {name: value for name, value in message.items() if name not in {"type", "orderId"}}


def timestamp(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds and a Z, or None."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def explorer_url(network: str, signature: str) -> str | None:
    """The page of a transaction in the Solana Explorer, or None when there is no transaction."""
    return gateway.explorer_url(network, signature) if signature else None


def whole(raw: int | None, mint: str) -> str | None:
    """Base units of a mint as whole tokens, or None when either is unknown."""
    token = gateway.token_by_mint(mint)
    return None if raw is None or token is None else from_base_units(raw, token.decimals)


def _tokens_and_amounts(order: Order) -> dict[str, Any]:
    return {
        "tokenIn": _symbol(order.token_in),
        "tokenOut": _symbol(order.token_out),
        "tokenInMint": order.token_in,
        "tokenOutMint": order.token_out,
        **_amount("amountIn", order.amount_in, order.token_in),
        **_amount("quotedAmountOut", order.quoted_amount_out, order.token_out),
        **_amount("minAmountOut", order.min_amount_out, order.token_out),
        **_amount("executedAmountIn", order.executed_amount_in, order.token_in),
        **_amount("executedAmountOut", order.executed_amount_out, order.token_out),
        "quotedPrice": _price(order, order.amount_in, order.quoted_amount_out),
        "executedPrice": _price(order, order.executed_amount_in, order.executed_amount_out),
    }


def _amount(name: str, raw: int | None, mint: str) -> dict[str, str | None]:
    return {name: whole(raw, mint), f"{name}Raw": None if raw is None else str(raw)}


def _symbol(mint: str) -> str:
    token = gateway.token_by_mint(mint)
    return token.symbol if token else mint


def _price(order: Order, paid: int | None, received: int | None) -> str | None:
    token_in, token_out = gateway.token_by_mint(order.token_in), gateway.token_by_mint(order.token_out)
    if token_in is None or token_out is None or not paid or received is None:
        return None
    return price_text(paid, token_in.decimals, received, token_out.decimals)


def _fees(order: Order) -> dict[str, str | None]:
    return {
        "lp": whole(order.lp_fee, order.lp_fee_mint),
        "lpToken": _symbol(order.lp_fee_mint) if order.lp_fee_mint else None,
        "network": _lamports(order.network_fee),
        "priority": _lamports(order.priority_fee),
    }


def _lamports(amount: int | None) -> str | None:
    return None if amount is None else from_base_units(amount, _LAMPORT_DECIMALS)


def _error(code: str, message: str) -> dict[str, str] | None:
    if not code:
        return None
    known = FailureReason(code).label if code in FailureReason.values else code
    return {"code": code, "message": message or str(known)}


def parse_order(payload: Mapping[str, Any], *, client_order_id: str | None = None) -> OrderIntent:
    """An order request in its wire form, checked for shape only.

    ``client_order_id`` is the idempotency key that came beside the body. Raises InvalidRequest
    with ``details`` {field: reason}, or InvalidAmount. Unknown fields are refused: a misspelt
    limit that is passed over would cost money.
    """
    refusals = _unknown_fields(payload) | _missing_fields(payload)
    intent_fields: dict[str, Any] = {}
    for name, read in _READERS.items():
        if payload.get(name) is None:
            continue
        try:
            field, value = read(payload[name])
            intent_fields[field] = value
        except InvalidAmount as error:
            if not refusals:
                raise InvalidAmount(error.message, **{name: error.message}) from None
        except ValueError as error:
            refusals[name] = str(error)
    if refusals:
        raise InvalidRequest("The order is not valid", **refusals)
    return OrderIntent(
        **{"amount": None, **intent_fields, "client_order_id": _one_key(payload, client_order_id)}
    )


def _unknown_fields(payload: Mapping[str, Any]) -> dict[str, str]:
    return {request_fields.printable(name): "unknown field" for name in payload if name not in _ORDER_FIELDS}


def _missing_fields(payload: Mapping[str, Any]) -> dict[str, str]:
    refusals = {name: "required" for name in ("tokenIn", "tokenOut") if payload.get(name) is None}
    given = [name for name in _AMOUNT_FIELDS if payload.get(name) is not None]
    if not given:
        refusals["amountIn"] = "required, or amountInRaw"
    if len(given) > 1:
        refusals[given[1]] = f"give either this or {given[0]}"
    return refusals


def _one_key(payload: Mapping[str, Any], beside: str | None) -> str | None:
    inside = payload.get("clientOrderId")
    if beside is not None and inside is not None and beside != inside:
        raise InvalidRequest(clientOrderId="differs from the Idempotency-Key header")
    if beside is None:
        return inside
    try:
        return request_fields.key(beside)
    except ValueError as error:
        raise InvalidRequest(idempotencyKey=str(error)) from None


_READERS: Final[Mapping[str, Any]] = {
    "tokenIn": lambda value: ("token_in", request_fields.token_name(value)),
    "tokenOut": lambda value: ("token_out", request_fields.token_name(value)),
    "type": lambda value: ("type", request_fields.word(value)),
    "slippageBps": lambda value: (
        ("slippage_is_auto", True)
        if value == request_fields.AUTO
        else ("slippage_bps", request_fields.basis_points(value))
    ),
    "maxPriceImpactBps": lambda value: ("max_price_impact_bps", request_fields.basis_points(value)),
    "limitPrice": lambda value: ("limit_price", request_fields.price(value)),
    "expiresAt": lambda value: ("expires_at", request_fields.moment(value)),
    "clientOrderId": lambda value: ("client_order_id", request_fields.key(value)),
    "amount": lambda value: ("amount", parse_amount(value)),
    "amountIn": lambda value: ("amount", parse_amount(value)),
    "amountInRaw": lambda value: ("amount_raw", parse_raw_amount(value)),
}
