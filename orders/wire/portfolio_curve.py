"""The portfolio over time on the wire."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, NamedTuple

from orders.amounts import from_base_units
from orders.wire.json_types import DECIMAL, INSTANT, TEXT, instant, list_of, nullable, one_of
from orders.wire.message import Field, Message
from orders.wire.portfolio import USDC_DECIMALS

# Seconds between two points. Prices of seconds are gone after an hour.
INTERVALS: Final = {"1m": 60, "5m": 300, "15m": 900, "1h": 3_600, "1d": 86_400}


class Point(NamedTuple):
    """A moment, in base units of USDC; None where a token that was held had no price then."""

    at: datetime
    value: int | None
    cost: int | None
    realised: int
    unrealised: int | None

    @property
    def profit(self) -> int | None:
        """Realised and unrealised together."""
        return None if self.unrealised is None else self.realised + self.unrealised


class Curve(NamedTuple):
    """Points, oldest first, and the tokens of which a part is not in them."""

    points: Sequence[Point]
    left_out: Sequence[str]


def _usdc(name: str) -> Callable[[Any], str | None]:
    read = attrgetter(name)

    def text(point: Any) -> str | None:
        amount = read(point)
        return None if amount is None else from_base_units(amount, USDC_DECIMALS)

    return text


_NULLABLE: Final = nullable(DECIMAL)
POINT: Final = Message(
    "PortfolioPoint",
    Field("at", INSTANT, instant("at"), "the moment"),
    Field(
        "valueUsdc", _NULLABLE, _usdc("value"), "of what swaps had left, at sampled prices", example="823.5"
    ),
    Field("costUsdc", _NULLABLE, _usdc("cost"), "what it had cost", example="820"),
    Field("realisedUsdc", DECIMAL, _usdc("realised"), "profit of sales until then", example="-1.25"),
    Field("unrealisedUsdc", _NULLABLE, _usdc("unrealised"), "value less cost", example="3.5"),
    Field("profitUsdc", _NULLABLE, _usdc("profit"), "both profits together", example="2.25"),
)
PORTFOLIO_CURVE: Final = Message(
    "PortfolioHistory",
    Field("interval", one_of(INTERVALS), means="between two points", example="15m"),
    Field(
        "leftOut", list_of(TEXT), means="tokens without price or cost, of which a part is missing", example=[]
    ),
    Field("points", list_of(POINT), means="oldest first; the last one is now"),
)
