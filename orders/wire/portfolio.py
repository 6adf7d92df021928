"""The portfolio on the wire: what the wallet holds, what it is worth and what the swaps have made of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, NamedTuple

from dex.types import Token
from orders.amounts import from_base_units, price_text
from orders.wire.json_types import (
    BASE_UNITS,
    DECIMAL,
    INSTANT,
    INTEGER,
    TEXT,
    instant,
    list_of,
    nullable,
    one_of,
)
from orders.wire.message import Field, Message, ref
from orders.wire.orders import SOL, WALLET

USDC_DECIMALS: Final = 6
BY_ROUTES: Final = "routes"
ITSELF: Final = "usdc"
# Why USDC has no cost: it is what costs are counted in.
IS_USDC: Final = "IS_USDC"


class Line(NamedTuple):
    """A token of the portfolio; amounts in its base units, values, cost and profit in those of USDC.

    Where one of them is None its ``…_missing`` is the code of why.
    """

    mint: str
    token: Token | None
    balance: int | None
    value: int | None
    value_missing: str
    quantity: int
    cost: int | None
    cost_missing: str
    realised: int | None
    realised_missing: str
    unrealised: int | None
    unrealised_missing: str
    without_cost: int

    @property
    def average(self) -> str | None:
        """Cost of a whole token in USDC; None where nothing is held or the cost is not known."""
        if not self.quantity or self.cost is None or self.token is None:
            return None
        return price_text(self.quantity, self.token.decimals, self.cost, USDC_DECIMALS)


class Sums(NamedTuple):
    """Over all tokens whose figure is known; the symbols of the others are ``left_out``."""

    value: int
    realised: int
    unrealised: int
    left_out: Sequence[str]


class Portfolio(NamedTuple):
    """All lines, and what orders without a swap have paid in vain."""

    wallet: str
    network: str
    at: datetime
    fills: int
    lines: Sequence[Line]
    sums: Sums
    lamports_in_vain: int
    paid_in_vain: int | None


def _usdc(name: str) -> Callable[[Any], str | None]:
    read = attrgetter(name)

    def text(row: Any) -> str | None:
        amount = read(row)
        return None if amount is None else from_base_units(amount, USDC_DECIMALS)

    return text


def _whole(name: str) -> Callable[[Line], str | None]:
    read = attrgetter(name)

    def text(line: Line) -> str | None:
        amount = read(line)
        known = amount is not None and line.token is not None
        return from_base_units(amount, line.token.decimals) if known and line.token else None

    return text


def _raw(name: str) -> Callable[[Line], str | None]:
    read = attrgetter(name)
    return lambda line: None if read(line) is None else str(read(line))


def _why(name: str) -> Callable[[Line], str | None]:
    read = attrgetter(name)
    return lambda line: read(line) or None


_CODE: Final = nullable(TEXT)
LINE: Final = Message(
    "PortfolioToken",
    Field("token", TEXT, lambda line: line.token.symbol if line.token else line.mint, example="SOL"),
    Field("mint", TEXT, "mint", "mint address", example=SOL),
    Field(
        "decimals",
        nullable(INTEGER),
        lambda line: line.token.decimals if line.token else None,
        example=9,
    ),
    Field("balance", nullable(DECIMAL), _whole("balance"), "of the wallet, by the chain", example="6"),
    Field(
        "balanceRaw",
        nullable(BASE_UNITS),
        _raw("balance"),
        "the same in base units",
        example="6000000000",
    ),
    Field("valueUsdc", nullable(DECIMAL), _usdc("value"), "the balance sold now for USDC", example="988.2"),
    Field(
        "valueSource",
        nullable(one_of([BY_ROUTES, ITSELF])),
        lambda line: None if line.value is None else ITSELF if line.cost_missing == IS_USDC else BY_ROUTES,
        "the engine's own routes, fees and price impact of the whole balance taken off; or USDC itself",
    ),
    Field("valueMissing", _CODE, _why("value_missing"), "why there is no value", example=None),
    Field("quantity", nullable(DECIMAL), _whole("quantity"), "what the swaps here have left", example="5"),
    Field(
        "quantityRaw", BASE_UNITS, lambda line: str(line.quantity), "the same in base units", example="5000"
    ),
    Field("averageCostUsdc", nullable(DECIMAL), "average", "cost of a whole token of it", example="164.7"),
    Field("costUsdc", nullable(DECIMAL), _usdc("cost"), "cost of the quantity", example="823.5"),
    Field("costMissing", _CODE, _why("cost_missing"), "why there is no cost", example=None),
    Field("realisedUsdc", nullable(DECIMAL), _usdc("realised"), "profit of its sales", example="-1.25"),
    Field("realisedMissing", _CODE, _why("realised_missing"), "why there is none", example=None),
    Field(
        "unrealisedUsdc",
        nullable(DECIMAL),
        _usdc("unrealised"),
        "what selling the quantity now would bring, less its cost; of no more than the balance",
        example="0.1",
    ),
    Field("unrealisedMissing", _CODE, _why("unrealised_missing"), "why there is none", example=None),
    Field(
        "soldWithoutCost",
        nullable(DECIMAL),
        _whole("without_cost"),
        "sold, or paid as fees, beyond what was bought here: no profit is counted for it",
        example="0",
    ),
)
_SUMS: Final = Message(
    "PortfolioTotals",
    Field("valueUsdc", DECIMAL, _usdc("sums.value"), "of all tokens that have one", example="988.2"),
    Field(
        "realisedUsdc",
        DECIMAL,
        _usdc("sums.realised"),
        "of all tokens that have one, less inVainUsdc",
        example="-1.25",
    ),
    Field("unrealisedUsdc", DECIMAL, _usdc("sums.unrealised"), "of all that have one", example="0.1"),
    Field("leftOut", list_of(TEXT), lambda of: list(of.sums.left_out), "tokens with a null", example=[]),
    Field(
        "inVainLamports",
        BASE_UNITS,
        lambda of: str(of.lamports_in_vain),
        "fees and tips of failed attempts whose orders have swapped nothing",
        example="5000",
    ),
    Field("inVainUsdc", nullable(DECIMAL), _usdc("paid_in_vain"), "worth then", example="0.000824"),
)
PORTFOLIO: Final = Message(
    "Portfolio",
    Field("wallet", nullable(TEXT), lambda of: of.wallet or None, "its address", example=WALLET),
    Field("network", TEXT, "network", "the chain's name", example="devnet"),
    Field("at", INSTANT, instant("at"), "when it was valued"),
    Field("fills", INTEGER, "fills", "confirmed swaps that it is made of"),
    Field("totals", ref(_SUMS), _SUMS.of),
    Field("tokens", list_of(LINE), lambda of: [LINE.of(line) for line in of.lines], "held or swapped"),
)
LINE_COLUMNS: Final = tuple(field.name for field in LINE.fields)
