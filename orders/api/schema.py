"""The OpenAPI description of the REST doors."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from orders import errors
from orders.api import examples
from orders.api.components import COMPONENTS

_JSON: Final = "application/json"
# A host that is not ours, an answer wanted in another format, a fault.
_EVERYWHERE: Final = (errors.InvalidRequest, errors.NotAcceptable, errors.Internal)
# Who calls is looked up in the database; how often, in Redis.
_CALLER: Final = (errors.Unauthenticated, errors.TooManyRequests, errors.DatabaseUnavailable)
# A session that writes sends its CSRF token; a form would be read for it.
_WRITER: Final = (*_CALLER, errors.Forbidden, errors.MalformedBody, errors.PayloadTooLarge)
_AMOUNT_AND_TOKENS: Final = (errors.InvalidAmount, errors.UnknownToken, errors.SameToken)


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _answers(
    success: dict[int, tuple[dict[str, Any], str, Any]], *refusals: type[errors.OrderError]
) -> dict[tuple[int, str], OpenApiResponse]:
    """The answers of an operation: per status the shape, what it means and an example, and the refusals."""
    answers = {
        (status, _JSON): OpenApiResponse(shape, meaning, [OpenApiExample(meaning, value=example)])
        for status, (shape, meaning, example) in success.items()
    }
    by_status: dict[int, list[errors.OrderError]] = {}
    for refusal in examples.REFUSALS:
        if type(refusal) in {*refusals, *_EVERYWHERE}:
            by_status.setdefault(refusal.http_status, []).append(refusal)
    for status, found in sorted(by_status.items()):
        codes = ", ".join(refusal.code for refusal in found)
        told = [OpenApiExample(refusal.code, value=refusal.as_wire()) for refusal in found]
        answers[status, _JSON] = OpenApiResponse(_ref("Error"), codes, told)
    return answers


def _text(
    name: str, description: str, *, required: bool = False, example: str | None = None
) -> OpenApiParameter:
    examples = () if example is None else (OpenApiExample(example, value=example),)
    return OpenApiParameter(name, str, OpenApiParameter.QUERY, required, description, examples=examples)


def _integer(name: str, description: str, lowest: int, highest: int, example: int) -> OpenApiParameter:
    bounds = {"type": "integer", "minimum": lowest, "maximum": highest}
    shown = (OpenApiExample(str(example), value=example),)
    return OpenApiParameter(name, bounds, OpenApiParameter.QUERY, description=description, examples=shown)


def _header(name: str, description: str, *statuses: int) -> OpenApiParameter:
    return OpenApiParameter(
        name, str, OpenApiParameter.HEADER, description=description, response=list(statuses)
    )


_ORDER_ID: Final = OpenApiParameter(
    "order_id",
    {"type": "string", "format": "uuid"},
    OpenApiParameter.PATH,
    True,
    "the order's id",
    examples=(OpenApiExample("an order", value=examples.ORDER_ID),),
)

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
        ),
        _header("Location", "the order's address", 200, 201),
        _header("Idempotent-Replayed", "true: the order was accepted before", 200),
        _header("Retry-After", "seconds until there is room again", 429),
    ],
    "request": {_JSON: _ref("OrderRequest")},
    "responses": _answers(
        {
            201: (_ref("Order"), "accepted", examples.ACCEPTED),
            200: (_ref("Order"), "accepted before, under the same key", examples.CONFIRMED),
        },
        *(*_WRITER, *_AMOUNT_AND_TOKENS, errors.OrderTooLarge, errors.UnsupportedOrderType),
        *(errors.UnsupportedMediaType, errors.IdempotencyMismatch, errors.TradingHalted),
    ),
    "examples": [OpenApiExample("five SOL for USDC", value=examples.ORDER_REQUEST, request_only=True)],
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
        _integer("limit", "orders a page, 50 when absent", 1, 200, 50),
        _text("cursor", "from next or previous of an earlier answer"),
    ],
    "responses": _answers({200: (_ref("OrderPage"), "a page", examples.PAGE)}, *_CALLER, errors.UnknownToken),
}
DETAIL: Final[dict[str, Any]] = {
    "operation_id": "getOrder",
    "tags": ["orders"],
    "summary": "One order with its attempts and its journal",
    "parameters": [_ORDER_ID],
    "responses": _answers(
        {200: (_ref("OrderDetail"), "a confirmed order", examples.DETAIL)}, *_CALLER, errors.NotFound
    ),
}
EVENTS: Final[dict[str, Any]] = {
    "operation_id": "listOrderEvents",
    "tags": ["orders"],
    "summary": "The journal of one order",
    "parameters": [_ORDER_ID, _integer("after", "only events with a higher sequence", 0, 2**31 - 1, 0)],
    "responses": _answers(
        {200: (_ref("Journal"), "the journal of a confirmed order", examples.JOURNAL)},
        *(*_CALLER, errors.NotFound),
    ),
}
CANCEL: Final[dict[str, Any]] = {
    "operation_id": "cancelOrder",
    "tags": ["orders"],
    "summary": "Cancel an order that no worker has begun",
    "parameters": [_ORDER_ID],
    "request": None,
    "responses": _answers(
        {200: (_ref("Order"), "cancelled", examples.CANCELLED)},
        *(*_WRITER, errors.NotFound, errors.NotCancellable),
    ),
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
        _integer("slippageBps", "for minAmountOut", 0, settings.MAX_SLIPPAGE_BPS, 50),
    ],
    "responses": _answers(
        {200: (_ref("QuoteBoard"), "quotes of two pools", examples.QUOTES)},
        *(*_CALLER, *_AMOUNT_AND_TOKENS, errors.NoRoute, errors.ChainUnavailable),
    ),
}
TOKENS: Final[dict[str, Any]] = {
    "operation_id": "listTokens",
    "tags": ["market"],
    "summary": "The tokens that can be swapped and what the wallet holds of each",
    "responses": _answers({200: (_ref("Holdings"), "tokens and balances", examples.TOKENS)}, *_CALLER),
}
LIVE: Final[dict[str, Any]] = {
    "operation_id": "getLiveness",
    "tags": ["operation"],
    "summary": "The process answers",
    "auth": [],
    "responses": _answers({200: (_ref("Liveness"), "alive", examples.LIVE)}),
}
HEALTH: Final[dict[str, Any]] = {
    "operation_id": "getHealth",
    "tags": ["operation"],
    "summary": "Database, Redis, chain and workers",
    "auth": [],
    "responses": _answers(
        {
            200: (_ref("Health"), "orders are accepted", examples.HEALTH),
            503: (_ref("Health"), "no order can be accepted", examples.UNHEALTHY),
        }
    ),
}


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tokens in the Authorization header."""

    target_class = "orders.access.authentication.BearerAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """HTTP bearer."""
        return {"type": "http", "scheme": "bearer"}


class LocalUserScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """No credentials at all, in development on loopback."""

    target_class = "orders.access.authentication.LocalUserAuthentication"
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
    accepted = result["paths"]["/api/orders/execute"]["post"]["responses"]
    for status in ("200", "201"):
        accepted[status]["links"] = {
            name: {"operationId": name, "parameters": {"order_id": "$response.body#/orderId"}}
            for name in ("getOrder", "listOrderEvents", "cancelOrder")
        }
    return result
