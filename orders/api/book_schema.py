"""The OpenAPI description of the calls of the books."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, OpenApiResponse

from orders import errors
from orders.api.schema import CALLER, operation
from orders.wire.candles import CANDLES, INTERVALS
from orders.wire.fills import FILL, FILL_PAGE
from orders.wire.json_types import TEXT, integer, one_of, text
from orders.wire.message import Field, Rows
from orders.wire.portfolio import LINE_COLUMNS, PORTFOLIO
from orders.wire.portfolio_curve import INTERVALS as CURVE_INTERVALS
from orders.wire.portfolio_curve import PORTFOLIO_CURVE

MOST_FILLS: Final = 200
MOST_POINTS: Final = 750
USUAL_POINTS: Final = 97
USUAL_INTERVAL: Final = "15m"
_FORMAT: Final = Field(
    "format", one_of(["json", "csv"]), means="csv: a file, text/csv, with the same fields", optional=True
)
_CSV: Final = (200, "text/csv")

FILLS_QUERY: Final = Rows(
    Field("token", TEXT, means="symbol or mint, on either side", optional=True),
    Field("from", TEXT, means="confirmed at or after this ISO 8601 time", optional=True),
    Field("to", TEXT, means="confirmed before this ISO 8601 time", optional=True),
    Field("limit", integer(1, MOST_FILLS, 50), means="a page, 50 when absent", optional=True, example=50),
    Field("cursor", TEXT, means="from next or previous of an earlier answer", optional=True),
    _FORMAT,
)
CANDLES_QUERY: Final = Rows(
    Field("tokenIn", text(1, 64, "SOL"), means="symbol or mint"),
    Field("tokenOut", text(1, 64, "USDC"), means="symbol or mint"),
    Field("interval", one_of(INTERVALS), means="of a candle, 1m when absent", optional=True, example="1m"),
    Field("from", TEXT, means="at or after this ISO 8601 time; 1,500 candles when absent", optional=True),
    Field("to", TEXT, means="before this ISO 8601 time; now when absent", optional=True),
)
PORTFOLIO_QUERY: Final = Rows(_FORMAT)
PORTFOLIO_HISTORY_QUERY: Final = Rows(
    Field(
        "interval",
        one_of(CURVE_INTERVALS),
        means=f"between two points, {USUAL_INTERVAL} when absent",
        optional=True,
        example=USUAL_INTERVAL,
    ),
    Field(
        "points",
        integer(2, MOST_POINTS, USUAL_POINTS),
        means=f"how many, the last one now; {USUAL_POINTS} when absent",
        optional=True,
        example=USUAL_POINTS,
    ),
)

FILLS: Final[dict[str, Any]] = operation(
    *("listFills", "books", "The caller's confirmed swaps with all that they cost, newest first"),
    {200: (FILL_PAGE, "a page", FILL_PAGE.example())},
    (*CALLER, errors.UnknownToken),
    query=FILLS_QUERY,
    description="Of this engine's network. As CSV all that fit, the newest 50,000 at most, without pages.",
)
PORTFOLIO_CALL: Final[dict[str, Any]] = operation(
    *("getPortfolio", "books", "Balances with value, average cost and profit after all fees"),
    {200: (PORTFOLIO, "the caller's portfolio", PORTFOLIO.example())},
    CALLER,
    query=PORTFOLIO_QUERY,
)
PORTFOLIO_HISTORY: Final[dict[str, Any]] = operation(
    *("getPortfolioHistory", "books", "What swaps had left over time, its value then, and the profit so far"),
    {200: (PORTFOLIO_CURVE, "the caller's curve", PORTFOLIO_CURVE.example())},
    CALLER,
    query=PORTFOLIO_HISTORY_QUERY,
    description="At sampled prices, kept for 30 days; the wallet's other tokens are not in it. A point is"
    " null where a token that was held had no price then.",
)
CANDLES_CALL: Final[dict[str, Any]] = operation(
    *("listCandles", "market", "Sampled prices of a pair over time, with the caller's own trades"),
    {200: (CANDLES, "candles of a minute", CANDLES.example())},
    (*CALLER, errors.UnknownToken, errors.SameToken),
    query=CANDLES_QUERY,
    description="What the pools would have paid for one whole token, fees taken off. Seconds are kept for an"
    " hour, minutes for 30 days. A span without a sample and without a trade is left out.",
)


def _as_csv(names: tuple[str, ...]) -> OpenApiResponse:
    """Lines of these names."""
    return OpenApiResponse({"type": "string"}, "as CSV", [OpenApiExample("as CSV", ",".join(names))])


FILLS["responses"][_CSV] = _as_csv(tuple(field.name for field in FILL.fields))
PORTFOLIO_CALL["responses"][_CSV] = _as_csv(LINE_COLUMNS)
