"""Reads the columns of an order into the texts of the API.

Whole tokens need the decimals of the mint: None where no list has it.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple

from dex.types import Token
from orders import gateway
from orders.amounts import from_base_units, price_text, to_base_units
from orders.models import Order
from orders.wire.json_types import BASE_UNITS, DECIMAL, nullable, timestamp
from orders.wire.message import Field


class Shown(NamedTuple):
    """An order with its tokens, looked up once for all fields; None where no list has them."""

    order: Order
    token_in: Token | None
    token_out: Token | None


def whole_of(raw: int | None, token: Token | None) -> str | None:
    return None if raw is None or token is None else from_base_units(raw, token.decimals)


def amount_fields(name: str, side: str, means: str, example: str, column: str = "") -> tuple[Field, Field]:
    """An amount of the order, in whole tokens of ``side`` and in base units.

    Where no ``column`` is given it is the one of that name.
    """
    column = column or "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    raw, token = attrgetter(f"order.{column}"), attrgetter(side)
    units = str(to_base_units(Decimal(example), 9 if side == "token_in" else 6))

    def raw_text(shown: Shown) -> str | None:
        amount = raw(shown)
        return None if amount is None else str(amount)

    return (
        Field(
            name, nullable(DECIMAL), lambda shown: whole_of(raw(shown), token(shown)), means, example=example
        ),
        Field(f"{name}Raw", nullable(BASE_UNITS), raw_text, "the same in base units", example=units),
    )


def price_of(paid: str, received: str) -> Callable[[Shown], str | None]:
    """Reads the price of two columns of the order, or None when they or their tokens are not known."""
    amounts = attrgetter(paid, received)

    def read(shown: Shown) -> str | None:
        amount_in, amount_out = amounts(shown.order)
        if shown.token_in is None or shown.token_out is None or not amount_in or amount_out is None:
            return None
        return price_text(amount_in, shown.token_in.decimals, amount_out, shown.token_out.decimals)

    return read


def text_of(column: str) -> Callable[[Shown], str | None]:
    """Reads a text column of the order; empty is None."""
    read = attrgetter(f"order.{column}")
    return lambda shown: read(shown) or None


def moment_of(column: str) -> Callable[[Shown], str | None]:
    read = attrgetter(f"order.{column}")
    return lambda shown: timestamp(read(shown))


def bound_of(name: str) -> Callable[[Shown], Any]:
    return lambda shown: (shown.order.route_bounds or {}).get(name)


def symbol_of(token: Token | None, mint: str) -> str:
    return token.symbol if token else mint


def whole(raw: int | None, mint: str) -> str | None:
    """Base units of a mint as whole tokens, or None when either is unknown."""
    return whole_of(raw, gateway.token_by_mint(mint))


def symbol(mint: str) -> str:
    """The symbol of a mint, or the mint where no list has it."""
    return symbol_of(gateway.token_by_mint(mint), mint)
