"""An order request in its wire form: read field by field, checked for shape only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from orders.amounts import parse_amount, parse_raw_amount
from orders.errors import InvalidAmount, InvalidRequest
from orders.wire import request_fields

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
        "minAmountOut",
        "minAmountOutRaw",
        "expiresAt",
        "clientOrderId",
    }
)
_AMOUNT_FIELDS: Final = ("amount", "amountIn", "amountInRaw")
_LEAST_FIELDS: Final = ("minAmountOut", "minAmountOutRaw")


@dataclass(frozen=True, slots=True)
class OrderIntent:
    """What a request asks for, read from its wire form, before the rules of intake.

    Exactly one of ``amount`` (whole tokens) and ``amount_raw`` (base units) is set, and at most one of
    ``min_amount_out`` and ``min_amount_out_raw``. Tokens are symbols or mint addresses as given.
    """

    token_in: str
    token_out: str
    amount: Decimal | None
    amount_raw: int | None = None
    type: str = "market"
    slippage_bps: int | None = None
    slippage_is_auto: bool = False
    max_price_impact_bps: int | None = None
    limit_price: Decimal | None = None
    min_amount_out: Decimal | None = None
    min_amount_out_raw: int | None = None
    expires_at: datetime | None = None
    client_order_id: str | None = None


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
    if not any(payload.get(name) is not None for name in _AMOUNT_FIELDS):
        refusals["amountIn"] = "required, or amountInRaw"
    for names in (_AMOUNT_FIELDS, _LEAST_FIELDS):
        given = [name for name in names if payload.get(name) is not None]
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
    "minAmountOut": lambda value: ("min_amount_out", parse_amount(value)),
    "minAmountOutRaw": lambda value: ("min_amount_out_raw", parse_raw_amount(value)),
}
