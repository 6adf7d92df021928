"""The OpenAPI description of the REST doors."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from orders.api.components import COMPONENTS

_JSON: Final = "application/json"


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _answers(success: dict[int, dict[str, Any]], *refusals: int) -> dict[tuple[int, str], Any]:
    errors = {(status, _JSON): _ref("Error") for status in refusals}
    return {(status, _JSON): body for status, body in success.items()} | errors


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _text(
    name: str, description: str, *, required: bool = False, example: str | None = None
) -> OpenApiParameter:
    examples = () if example is None else (OpenApiExample(example, value=example),)
    return OpenApiParameter(name, str, OpenApiParameter.QUERY, required, description, examples=examples)


def _integer(name: str, description: str, lowest: int, highest: int) -> OpenApiParameter:
    bounds = {"type": "integer", "minimum": lowest, "maximum": highest}
    return OpenApiParameter(name, bounds, OpenApiParameter.QUERY, description=description)


_ORDER_ID: Final = OpenApiParameter(
    "order_id", {"type": "string", "format": "uuid"}, OpenApiParameter.PATH, True, "the order's id"
)
_STRING: Final = {"type": "string"}

EXECUTE: Final[dict[str, Any]] = {
    "operation_id": "executeOrder",
    "tags": ["orders"],
    "summary": "Accept a swap order",
    "parameters": [
        OpenApiParameter(
            "Idempotency-Key",
            {"type": "string", "minLength": 1, "maxLength": 255},
            OpenApiParameter.HEADER,
            description="the caller's own name for this order, the same as clientOrderId",
        )
    ],
    "request": {_JSON: _ref("OrderRequest")},
    "responses": _answers({201: _ref("Order"), 200: _ref("Order")}, 400, 401, 403, 413, 415, 422, 429, 503),
    "examples": [
        OpenApiExample(
            "five SOL for USDC",
            value={"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "5"},
            request_only=True,
        )
    ],
}
LIST: Final[dict[str, Any]] = {
    "operation_id": "listOrders",
    "tags": ["orders"],
    "summary": "The caller's orders, newest first",
    "parameters": [
        _text("status", "one or more statuses, separated by commas"),
        _text("type", "one or more order types, separated by commas"),
        _text("dex", "brand of the venue, for example raydium"),
        _text("token", "symbol or mint, on either side"),
        _text("since", "created at or after this ISO 8601 time"),
        _text("until", "created before this ISO 8601 time"),
        _text("clientOrderId", "the caller's own name for the order"),
        _integer("limit", "orders a page, 50 when absent", 1, 200),
        _text("cursor", "from next or previous of an earlier answer"),
    ],
    "responses": _answers({200: _ref("OrderPage")}, 400, 401, 429, 503),
}
DETAIL: Final[dict[str, Any]] = {
    "operation_id": "getOrder",
    "tags": ["orders"],
    "summary": "One order with its attempts and its journal",
    "parameters": [_ORDER_ID],
    "responses": _answers({200: _ref("OrderDetail")}, 401, 404, 429, 503),
}
EVENTS: Final[dict[str, Any]] = {
    "operation_id": "listOrderEvents",
    "tags": ["orders"],
    "summary": "The journal of one order",
    "parameters": [_ORDER_ID, _integer("after", "only events with a higher sequence", 0, 2**31 - 1)],
    "responses": _answers(
        {
            200: _object(
                orderId={"type": "string", "format": "uuid"},
                status=_STRING,
                events={"type": "array", "items": _ref("Event")},
            )
        },
        *(400, 401, 404, 429, 503),
    ),
}
CANCEL: Final[dict[str, Any]] = {
    "operation_id": "cancelOrder",
    "tags": ["orders"],
    "summary": "Cancel an order that no worker has begun",
    "parameters": [_ORDER_ID],
    "request": None,
    "responses": _answers({200: _ref("Order")}, 401, 403, 404, 409, 429, 503),
}
QUOTES: Final[dict[str, Any]] = {
    "operation_id": "getQuotes",
    "tags": ["market"],
    "summary": "What each venue would pay now",
    "description": "All venues, best first; no order is made. 422 NO_ROUTE when no pool has a quote.",
    "parameters": [
        _text("tokenIn", "symbol or mint", required=True, example="SOL"),
        _text("tokenOut", "symbol or mint", required=True, example="USDC"),
        _text("amount", "whole tokens; amountIn is the same, amountInRaw gives base units", example="5"),
        _text("amountIn", "the same as amount"),
        _text("amountInRaw", "base units, instead of amount"),
        _integer("slippageBps", "for minAmountOut", 0, settings.MAX_SLIPPAGE_BPS),
    ],
    "responses": _answers({200: _ref("QuoteBoard")}, 400, 401, 422, 429, 503),
}
TOKENS: Final[dict[str, Any]] = {
    "operation_id": "listTokens",
    "tags": ["market"],
    "summary": "The tokens that can be swapped and what the wallet holds of each",
    "responses": _answers({200: _ref("Holdings")}, 401, 429),
}
LIVE: Final[dict[str, Any]] = {
    "operation_id": "getLiveness",
    "tags": ["operation"],
    "summary": "The process answers",
    "auth": [],
    "responses": _answers({200: _object(status=_STRING)}),
}
HEALTH: Final[dict[str, Any]] = {
    "operation_id": "getHealth",
    "tags": ["operation"],
    "summary": "Database, Redis, chain and workers",
    "auth": [],
    "responses": _answers({200: _ref("Health"), 503: _ref("Health")}),
}


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tokens in the Authorization header."""

    target_class = "orders.api.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """HTTP bearer."""
        return {"type": "http", "scheme": "bearer"}


class LocalUserScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """No credentials at all, in development on loopback."""

    target_class = "orders.api.authentication.LocalUserAuthentication"
    name: list[str] = []

    def get_security_requirement(self, auto_schema: Any) -> dict[str, list[Any]]:
        """Nothing to send."""
        return {}

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        """Nothing to define."""
        return []


def without_slash_twins(endpoints: list[tuple[str, str, str, Any]], **_: Any) -> list[Any]:
    """Preprocessing hook: each route also answers with a trailing slash, described once."""
    return [endpoint for endpoint in endpoints if not endpoint[0].endswith("/")]


def with_components(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Postprocessing hook: the shapes that the operations refer to."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(COMPONENTS)
    return result
