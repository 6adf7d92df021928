"""The shapes of requests and answers, as OpenAPI schemas."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings

from orders.lifecycle import AttemptState, OrderType, SendAnswer, Status
from orders.wire import errors

_TEXT: Final = {"type": "string"}
_INTEGER: Final = {"type": "integer"}
_DECIMAL: Final = {"type": "string", "description": "decimal text in whole tokens", "example": "1.5"}
_BASE_UNITS: Final = {"type": "string", "description": "base units", "pattern": "^[0-9]+$"}
_INSTANT: Final = {"type": "string", "format": "date-time"}
_UUID: Final = {"type": "string", "format": "uuid"}
_TYPE: Final = "market, in any letter case"
_AMOUNT: Final = {
    "oneOf": [{"type": "string"}, {"type": "number"}],
    "description": "whole tokens, greater than zero, no more decimals than the mint has",
    "example": "1.5",
}


def _nullable(shape: dict[str, Any]) -> dict[str, Any]:
    return {**shape, "nullable": True}


def _object(properties: dict[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties, "required": required}


def _list_of(name: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


_FAILURE: Final = {
    "type": "object",
    "nullable": True,
    "properties": {"code": _TEXT, "message": _TEXT},
    "required": ["code", "message"],
}
_ATTEMPT_FEES: Final = _object(
    {name: _nullable(_TEXT) for name in ("network", "priority", "tip", "rent")}
) | {
    "description": "What the transaction cost in SOL, also where it failed on chain; null until the chain has"
    " decided. tip: to Jito; rent: what lies in a token account of the wallet that it opened."
}
_ORDER: Final[dict[str, Any]] = {
    "orderId": _UUID,
    "clientOrderId": _nullable(_TEXT),
    "type": {"type": "string", "enum": OrderType.values},
    "status": {"type": "string", "enum": Status.values},
    "tokenIn": _TEXT,
    "tokenOut": _TEXT,
    "tokenInMint": _TEXT,
    "tokenOutMint": _TEXT,
    "amountIn": _nullable(_DECIMAL),
    "amountInRaw": _BASE_UNITS,
    "floorAmountOut": _nullable({**_DECIMAL, "description": "the least that this order may ever receive"}),
    "floorAmountOutRaw": _nullable(_BASE_UNITS),
    "firstQuotedAmountOut": _nullable(_DECIMAL),
    "firstQuotedAmountOutRaw": _nullable(_BASE_UNITS),
    "quotedAmountOut": _nullable(_DECIMAL),
    "quotedAmountOutRaw": _nullable(_BASE_UNITS),
    "minAmountOut": _nullable(_DECIMAL),
    "minAmountOutRaw": _nullable(_BASE_UNITS),
    "executedAmountIn": _nullable(_DECIMAL),
    "executedAmountInRaw": _nullable(_BASE_UNITS),
    "executedAmountOut": _nullable(_DECIMAL),
    "executedAmountOutRaw": _nullable(_BASE_UNITS),
    "quotedPrice": _nullable({"type": "string", "description": "tokenOut per tokenIn, as quoted"}),
    "executedPrice": _nullable({"type": "string", "description": "tokenOut per tokenIn"}),
    "slippageBps": _INTEGER,
    "slippageAuto": {"type": "boolean"},
    "maxPriceImpactBps": _nullable(_INTEGER),
    "limitPrice": _nullable(_TEXT),
    "expiresAt": _nullable(_INSTANT),
    "dex": _nullable(_TEXT),
    "venue": _nullable(_TEXT),
    "pool": _nullable(_TEXT),
    "slippageRealisedBps": _nullable(_INTEGER),
    "fees": _object({name: _nullable(_TEXT) for name in ("lp", "lpToken", "network", "priority")}),
    "txHash": _nullable(_TEXT),
    "explorerUrl": _nullable(_TEXT),
    "slot": _nullable(_INTEGER),
    "attempt": _INTEGER,
    "error": _FAILURE,
    "createdAt": _INSTANT,
    "updatedAt": _INSTANT,
    "confirmedAt": _nullable(_INSTANT),
    "network": _TEXT,
    "wallet": _TEXT,
}
_QUOTE: Final[dict[str, Any]] = {
    "dex": _TEXT,
    "venue": _TEXT,
    "pool": _TEXT,
    "amountOut": _DECIMAL,
    "amountOutRaw": _BASE_UNITS,
    "minAmountOut": _DECIMAL,
    "minAmountOutRaw": _BASE_UNITS,
    "price": _TEXT,
    "priceImpactBps": _INTEGER,
    "fee": _nullable(_DECIMAL),
    "feeToken": _TEXT,
}
_NODE: Final[dict[str, Any]] = {
    "name": {"type": "string", "description": "host and port"},
    "state": {"type": "string", "description": "ok, lagging, failing, wrong network, unknown"},
    "slot": _nullable(_INTEGER),
    "slotsBehind": _nullable(_INTEGER),
}

COMPONENTS: Final[dict[str, Any]] = {
    "Error": _object(
        {
            "code": {"type": "string", "enum": errors.known_codes()},
            "message": _TEXT,
            "retryable": {"type": "boolean"},
            "details": {"type": "object", "additionalProperties": True},
        }
    )
    | {
        "description": "The one shape of every refusal. Beside those of each call: METHOD_NOT_ALLOWED for"
        " its other methods, and UNKNOWN_ACTION, over WebSocket only."
    },
    "OrderRequest": {
        "type": "object",
        "additionalProperties": False,
        "required": ["tokenIn", "tokenOut"],
        "description": "Exactly one of amountIn, amount (the same field) and amountInRaw.",
        "properties": {
            "tokenIn": {"type": "string", "minLength": 1, "maxLength": 64, "example": "SOL"},
            "tokenOut": {"type": "string", "minLength": 1, "maxLength": 64, "example": "USDC"},
            "amountIn": _nullable(_AMOUNT),
            "amount": _nullable(_AMOUNT),
            "amountInRaw": _nullable({"oneOf": [_BASE_UNITS, {"type": "integer", "minimum": 1}]}),
            "type": _nullable({"type": "string", "description": _TYPE, "example": "market", "maxLength": 64}),
            "slippageBps": _nullable(
                {
                    "oneOf": [
                        {"type": "integer", "minimum": 0, "maximum": settings.MAX_SLIPPAGE_BPS},
                        {"type": "string", "enum": ["auto"]},
                    ],
                    "example": 50,
                }
            ),
            "maxPriceImpactBps": _nullable(
                {"type": "integer", "minimum": 0, "maximum": settings.MAX_PRICE_IMPACT_BPS, "example": 100}
            ),
            "minAmountOut": _nullable(
                {**_AMOUNT, "description": "the least to receive, whatever the slippage allows; or as Raw"}
            ),
            "minAmountOutRaw": _nullable({"oneOf": [_BASE_UNITS, {"type": "integer", "minimum": 1}]}),
            "limitPrice": _nullable(
                {**_AMOUNT, "description": "tokenOut per tokenIn: never filled worse, for the whole life"}
            ),
            "expiresAt": _nullable(_INSTANT),
            "clientOrderId": _nullable({"type": "string", "minLength": 1, "maxLength": 255}),
        },
    },
    "Order": _object(_ORDER),
    "OrderDetail": _object({**_ORDER, "attempts": _list_of("Attempt"), "events": _list_of("Event")}),
    "OrderPage": _object(
        {"next": _nullable(_TEXT), "previous": _nullable(_TEXT), "results": _list_of("Order")}
    ),
    "Attempt": _object(
        {
            "attempt": _INTEGER,
            "txHash": _TEXT,
            "explorerUrl": _nullable(_TEXT),
            "venue": _TEXT,
            "state": {"type": "string", "enum": AttemptState.values},
            "slot": _nullable(_INTEGER),
            "sends": _INTEGER,
            "sendAnswer": _nullable({"type": "string", "enum": SendAnswer.values}),
            "sendReason": _nullable(_TEXT),
            "error": _FAILURE,
            "fees": _ATTEMPT_FEES,
            "lastValidBlockHeight": _INTEGER,
            "createdAt": _INSTANT,
        }
    ),
    "Event": {
        **_object(
            {"sequence": _INTEGER, "status": {"type": "string", "enum": Status.values}, "at": _INSTANT}
        ),
        "additionalProperties": True,
    },
    "Journal": _object(
        {
            "orderId": _UUID,
            "status": {"type": "string", "enum": Status.values},
            "events": _list_of("Event"),
        }
    ),
    "Quote": _object(_QUOTE),
    "QuoteBoard": _object(
        {
            "slot": _INTEGER,
            "tokenIn": _TEXT,
            "tokenOut": _TEXT,
            "amountIn": _DECIMAL,
            "amountInRaw": _BASE_UNITS,
            "slippageBps": _INTEGER,
            "best": _object(_QUOTE),
            "quotes": _list_of("Quote"),
            "errors": {
                "type": "array",
                "items": _object({"venue": _TEXT, "code": _TEXT, "message": _TEXT}),
            },
        }
    ),
    "Holdings": _object(
        {
            "wallet": _nullable(_TEXT),
            "network": _TEXT,
            "trading": {"type": "string", "enum": ["on", "off"]},
            "tradingReason": _TEXT,
            "tokens": {
                "type": "array",
                "items": _object(
                    {
                        "symbol": _TEXT,
                        "name": _TEXT,
                        "mint": _TEXT,
                        "decimals": _INTEGER,
                        "balance": _nullable(_DECIMAL),
                        "balanceRaw": _nullable(_BASE_UNITS),
                    }
                ),
            },
        }
    ),
    "Liveness": _object({"status": {"type": "string", "enum": ["ok"]}}),
    "Health": _object(
        {
            "status": {"type": "string", "enum": ["ok", "degraded"]},
            "checks": _object(
                {
                    "database": _TEXT,
                    "redis": _TEXT,
                    "chain": _TEXT,
                    "workers": _INTEGER,
                    "oldestDueOrderSeconds": _nullable(_INTEGER),
                    "trading": _nullable({"type": "string", "enum": ["on", "off"]}),
                    "transactionsNotTaken": _nullable(_INTEGER),
                }
            ),
            "slot": _nullable(_INTEGER),
            "pools": _nullable(
                _object({"known": _INTEGER, "refreshedAt": _nullable(_INSTANT), "error": _nullable(_TEXT)})
            ),
            "nodes": {"type": "array", "items": _object(_NODE)},
        }
    ),
}
