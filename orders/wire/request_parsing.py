"""Reads an order or quote request in its wire form, checked for shape only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from dex.types import SwapMode
from orders.errors import InvalidAmount, InvalidRequest
from orders.wire import request_fields
from orders.wire.requests import READERS, OrderIntent

_AMOUNT_FIELDS: Final = ("amount", "amountIn", "amountInRaw")
_LEAST_FIELDS: Final = ("minAmountOut", "minAmountOutRaw")
_BOUGHT_FIELDS: Final = ("amountOut", "amountOutRaw")
_MOST_FIELDS: Final = ("maxAmountIn", "maxAmountInRaw")
# What fixes or bounds an exact input, and says nothing of an exact output.
_OF_AN_INPUT: Final = (*_AMOUNT_FIELDS, *_LEAST_FIELDS)
_MODE_NAMES: Final = {SwapMode.EXACT_IN: "exactIn", SwapMode.EXACT_OUT: "exactOut"}
# Exactly these are required in every order, beside one of the amounts.
_REQUIRED: Final = ("tokenIn", "tokenOut")


def parse_order(payload: Mapping[str, Any], *, client_order_id: str | None = None) -> OrderIntent:
    """An order request in its wire form, checked for shape only.

    ``client_order_id`` is the idempotency key that came beside the body, read already. Raises InvalidRequest
    with ``details`` {field: reason}, or InvalidAmount. Unknown fields are refused: a misspelt
    limit that is passed over would cost money.
    """
    refusals = request_fields.unknown(payload, READERS) | _missing_fields(payload)
    intent_fields = _read_fields(payload, refusals)
    return OrderIntent(**(intent_fields | {"client_order_id": _one_key(payload, client_order_id)}))


def parse_quote(payload: Mapping[str, Any], mode: SwapMode) -> OrderIntent:
    """What is to be quoted, checked for shape only: as an order, but that an exact output has no maximum.

    ``amount`` is of the token that the mode fixes. Raises InvalidRequest, or InvalidAmount.
    """
    refusals = {name: "required" for name in _REQUIRED if payload.get(name) is None}
    bought = mode is SwapMode.EXACT_OUT
    named, others = _BOUGHT_FIELDS, ("amountIn", "amountInRaw")
    fixing, other_side = (("amount", *named), others) if bought else (_AMOUNT_FIELDS, named)
    refusals |= {name: f"not with {_MODE_NAMES[mode]}" for name in other_side if name in payload}
    given = [name for name in fixing if payload.get(name) is not None]
    if not given:
        refusals[fixing[1]] = f"required, or {fixing[2]}"
    elif len(given) > 1:
        refusals[given[1]] = f"give either this or {given[0]}"
    return OrderIntent(**_read_fields(payload, refusals))


def _read_fields(payload: Mapping[str, Any], refusals: dict[str, str]) -> dict[str, Any]:
    """The fields of an intent; raises InvalidRequest for what cannot be read, ``refusals`` among it."""
    intent_fields: dict[str, Any] = {}
    for name, (attribute, read) in READERS.items():
        if payload.get(name) is None:
            continue
        try:
            intent_fields[attribute] = read(payload[name])
        except InvalidAmount as error:
            if not refusals:
                raise InvalidAmount(error.message, **{name: error.message}) from None
        except ValueError as error:
            refusals[name] = str(error)
    if refusals:
        raise InvalidRequest("The order is not valid", **refusals)
    return intent_fields


def _missing_fields(payload: Mapping[str, Any]) -> dict[str, str]:
    refusals = {name: "required" for name in _REQUIRED if payload.get(name) is None}
    if _has(payload, _BOUGHT_FIELDS) or _has(payload, _MOST_FIELDS):
        refusals |= _exact_output(payload)
    elif not _has(payload, _AMOUNT_FIELDS):
        refusals["amountIn"] = "required, or amountInRaw"
    for names in (_AMOUNT_FIELDS, _LEAST_FIELDS, _BOUGHT_FIELDS, _MOST_FIELDS):
        given = [name for name in names if payload.get(name) is not None]
        if len(given) > 1:
            refusals[given[1]] = f"give either this or {given[0]}"
    return refusals


def _exact_output(payload: Mapping[str, Any]) -> dict[str, str]:
    refusals = {name: "not for an exact output" for name in _OF_AN_INPUT if payload.get(name) is not None}
    if not _has(payload, _BOUGHT_FIELDS):
        refusals["amountOut"] = "required with maxAmountIn, or amountOutRaw"
    return refusals


def _has(payload: Mapping[str, Any], names: Iterable[str]) -> bool:
    return any(payload.get(name) is not None for name in names)


def _one_key(payload: Mapping[str, Any], beside: str | None) -> str | None:
    inside = payload.get("clientOrderId")
    if beside is not None and inside is not None and beside != inside:
        raise InvalidRequest(clientOrderId="differs from the Idempotency-Key header")
    return inside if beside is None else beside
