"""The OpenAPI description of the REST API: which call takes what, answers what and refuses what."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Literal

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from orders import errors
from orders.api import queries
from orders.api.endpoint import NO_QUERY
from orders.api.filters import CANCEL_QUERY, LIST_QUERY
from orders.wire.amendments import AMENDMENT
from orders.wire.batches import BATCH_ANSWER, BATCH_OUTCOME, BATCH_REQUEST
from orders.wire.errors import ERROR, error_kinds, shown
from orders.wire.feed import FEED_PAGE
from orders.wire.groups import CANCELLED
from orders.wire.groups import GROUP as ORDER_GROUP
from orders.wire.health import CHECKS, HEALTH, LIVENESS
from orders.wire.holdings import HOLDINGS
from orders.wire.json_types import ORDER_ID, TEXT
from orders.wire.launches import LAUNCH_PAGE
from orders.wire.message import Field, Message, Rows, Schema, ref
from orders.wire.offers import QUOTE_BOARD
from orders.wire.orders import JOURNAL, ORDER, ORDER_DETAIL, ORDER_PAGE, USDC, accepted_example
from orders.wire.requests import ORDER_REQUEST
from orders.wire.token_reports import TOKEN_REPORT

_JSON: Final = "application/json"
_Place = Literal["query", "path", "header"]
# A host that is not ours, an answer wanted in another format, a fault.
_EVERYWHERE: Final = (
    *(errors.InvalidRequest, errors.NotAcceptable, errors.Internal),
    errors.OutOfResources,
)
# Who calls is looked up in the database; how often, in Redis.
CALLER: Final = (errors.Unauthenticated, errors.TooManyRequests, errors.DatabaseUnavailable)
# A session that writes sends its CSRF token; a form would be read for it.
WRITER: Final = (*CALLER, errors.Forbidden, errors.MalformedBody, errors.PayloadTooLarge)
_AMOUNT_AND_TOKENS: Final = (
    *(errors.InvalidAmount, errors.UnknownToken, errors.SameToken),
    *(errors.TokenRefused, errors.ChainUnavailable),
)


def operation(
    name: str,
    tag: str,
    summary: str,
    answers: dict[int, tuple[Message, str, Any]],
    refusals: Iterable[type[errors.OrderError]] = (),
    query: Rows = NO_QUERY,
    parameters: Iterable[OpenApiParameter] = (),
    **more: Any,
) -> dict[str, Any]:
    """What `extend_schema` takes: per status the shape, what it means and an example, and the refusals."""
    responses = {
        (status, _JSON): OpenApiResponse(dict(ref(message)), meaning, [OpenApiExample(meaning, example)])
        for status, (message, meaning, example) in answers.items()
    }
    kinds = [kind for kind in error_kinds() if kind in {*refusals, *_EVERYWHERE}]
    for status in dict.fromkeys(kind.http_status for kind in kinds):
        found = [shown(kind) for kind in kinds if kind.http_status == status]
        examples = [OpenApiExample(refusal.code, refusal.as_wire()) for refusal in found]
        codes = ", ".join(refusal.code for refusal in found)
        responses[status, _JSON] = OpenApiResponse(dict(ref(ERROR)), codes, examples)
    return {
        "operation_id": name,
        "tags": [tag],
        "summary": summary,
        "parameters": [*parameters, *(_parameter(field, "query") for field in query.fields)],
        "responses": responses,
        **more,
    }


def _parameter(field: Field, place: _Place, *answers: int) -> OpenApiParameter:
    """A parameter of requests, or a header of answers with these statuses."""
    is_shown = not field.optional or field.has_example
    examples = [OpenApiExample(str(field.shown), field.shown)] if is_shown else ()
    return OpenApiParameter(
        field.name,
        dict(field.type),
        place,
        not field.optional,
        field.means,
        examples=examples,
        response=list(answers) or False,
    )


def _header(name: str, means: str, *answers: int, kind: Schema = TEXT) -> OpenApiParameter:
    return _parameter(Field(name, kind, means=means, optional=True), "header", *answers)


_ORDER_ID: Final = _parameter(Field("order_id", ORDER_ID, means="the order's id"), "path")
_CONFIRMED: Final = ORDER.example()

EXECUTE: Final = operation(
    *("executeOrder", "orders", "Accept a swap order"),
    {
        201: (ORDER, "accepted", accepted_example()),
        200: (ORDER, "accepted before, under the same key", _CONFIRMED),
    },
    (
        *(*WRITER, *_AMOUNT_AND_TOKENS, errors.OrderTooLarge, errors.UnsupportedOrderType),
        *(errors.UnsupportedMediaType, errors.IdempotencyMismatch, errors.TradingHalted),
        errors.WouldTriggerNow,
    ),
    parameters=(
        _header(
            "Idempotency-Key",
            "the caller's own name for this order, the same as clientOrderId",
            # Without an example: Swagger UI would send it, with each order.
            kind={"type": "string", "minLength": 1, "maxLength": 255},
        ),
        _header("Location", "the order's address", 200, 201),
        _header("Idempotent-Replayed", "true: the order was accepted before", 200),
        _header("Retry-After", "seconds until there is room again", 429),
    ),
    request={_JSON: dict(ref(ORDER_REQUEST))},
    examples=[OpenApiExample("five SOL for USDC", ORDER_REQUEST.example(), request_only=True)],
)
_REFUSED: Final = BATCH_OUTCOME.example(status=400, error=shown(errors.InvalidAmount).as_wire())
BATCH: Final = operation(
    *("executeBatch", "orders", "Accept up to 100 orders in one commit"),
    {
        207: (
            BATCH_ANSWER,
            "one result for each order",
            {"results": [BATCH_OUTCOME.example(), {k: v for k, v in _REFUSED.items() if k != "order"}]},
        )
    },
    (*WRITER, errors.UnsupportedMediaType),
    request={_JSON: dict(ref(BATCH_REQUEST))},
    examples=[OpenApiExample("an order and a pair", BATCH_REQUEST.example(), request_only=True)],
    description="Each order stands for itself: it is accepted, found again by its key, or refused, and its"
    " result says so with the status that it would have been answered with alone.",
)
LIST: Final = operation(
    *("listOrders", "orders", "The caller's orders, newest first"),
    {200: (ORDER_PAGE, "a page", ORDER_PAGE.example())},
    (*CALLER, errors.UnknownToken),
    query=LIST_QUERY,
)
DETAIL: Final = operation(
    *("getOrder", "orders", "One order with its attempts and its journal"),
    {200: (ORDER_DETAIL, "a confirmed order", ORDER_DETAIL.example())},
    (*CALLER, errors.NotFound),
    parameters=[_ORDER_ID],
)
EVENTS: Final = operation(
    *("listOrderEvents", "orders", "The journal of one order"),
    {200: (JOURNAL, "the journal of a confirmed order", JOURNAL.example())},
    (*CALLER, errors.NotFound),
    query=queries.EVENTS_QUERY,
    parameters=[_ORDER_ID],
)
FEED: Final = operation(
    *("listEvents", "orders", "Every event of every order of the caller, in one order that skips none"),
    {200: (FEED_PAGE, "a page", FEED_PAGE.example())},
    CALLER,
    query=queries.FEED_QUERY,
)
CANCEL: Final = operation(
    *("cancelOrder", "orders", "Cancel an order that no worker has begun"),
    {200: (ORDER, "cancelled", accepted_example(status="cancelled"))},
    (*WRITER, errors.NotFound, errors.NotCancellable),
    parameters=[_ORDER_ID],
    request=None,
)
CANCEL_ALL: Final = operation(
    *("cancelOrders", "orders", "Cancel all orders that fit and that no worker has begun"),
    {200: (CANCELLED, "how many were cancelled", CANCELLED.example())},
    (*WRITER, errors.UnknownToken),
    query=CANCEL_QUERY,
    request=None,
)
AMEND: Final = operation(
    *("amendOrder", "orders", "Amend an open order"),
    {200: (ORDER, "amended", accepted_example(status="open", type="limit"))},
    (
        *(*WRITER, errors.UnsupportedMediaType, errors.InvalidAmount, errors.OrderTooLarge, errors.NotFound),
        *(errors.NotAmendable, errors.ChangedMeanwhile, errors.WouldTriggerNow),
    ),
    parameters=[_ORDER_ID],
    request={_JSON: dict(ref(AMENDMENT))},
    examples=[
        OpenApiExample("another limit", {"version": 1, "limitPrice": "180"}, request_only=True),
    ],
)
_GROUP_ID: Final = _parameter(Field("group_id", ORDER_ID, means="the group's id"), "path")
GROUP: Final = operation(
    *("getGroup", "orders", "An OCO or a bracket with its orders"),
    {200: (ORDER_GROUP, "a group", ORDER_GROUP.example())},
    (*CALLER, errors.NotFound),
    parameters=[_GROUP_ID],
)
CANCEL_GROUP: Final = operation(
    *("cancelGroup", "orders", "Cancel what of a group no worker has begun"),
    {200: (ORDER_GROUP, "cancelled", ORDER_GROUP.example())},
    (*WRITER, errors.NotFound, errors.NotCancellable),
    parameters=[_GROUP_ID],
    request=None,
)
QUOTES: Final = operation(
    *("getQuotes", "market", "What each venue would pay now"),
    {200: (QUOTE_BOARD, "quotes of two pools", QUOTE_BOARD.example())},
    (*CALLER, *_AMOUNT_AND_TOKENS, errors.NoRoute, errors.AmountTooSmall),
    query=queries.QUOTES_QUERY,
    description="All venues, best first; no order is made. 422 NO_ROUTE when no pool has a quote, "
    "AMOUNT_TOO_SMALL when fees and rounding leave nothing.",
)
TOKENS: Final = operation(
    *("listTokens", "market", "The tokens that can be swapped and what the wallet holds of each"),
    {200: (HOLDINGS, "tokens and balances", HOLDINGS.example())},
    CALLER,
)
TOKEN: Final = operation(
    *("getToken", "market", "What the chain says of any token now, and whether it can be sold again"),
    {200: (TOKEN_REPORT, "the report of a listed token", TOKEN_REPORT.example())},
    (*CALLER, errors.NotFound, errors.ChainUnavailable),
    parameters=[_parameter(Field("mint", TEXT, means="mint address, or a symbol", example=USDC), "path")],
)
LAUNCHES: Final = operation(
    *("listLaunches", "market", "New pools that were seen, newest first"),
    {200: (LAUNCH_PAGE, "a page", LAUNCH_PAGE.example())},
    CALLER,
    query=queries.LAUNCHES_QUERY,
)
LIVE: Final = operation(
    *("getLiveness", "operation", "The process answers"),
    {200: (LIVENESS, "alive", LIVENESS.example())},
    auth=[],
)
_UNHEALTHY: Final = HEALTH.example(
    status="degraded",
    checks=CHECKS.example(
        database="unavailable",
        oldestDueOrderSeconds=None,
        trading=None,
        transactionsNotTaken=None,
        openOrders=None,
        pairsWithoutPrice=None,
        secondsWithoutPrice=None,
    ),
    pools=None,
    launches=None,
)
HEALTH_LOOK: Final = operation(
    *("getHealth", "operation", "Database, Redis, chain and workers"),
    {
        200: (HEALTH, "orders are accepted", HEALTH.example()),
        503: (HEALTH, "no order can be accepted", _UNHEALTHY),
    },
    auth=[],
)
