"""Fills and a portfolio in words for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

Wire = Mapping[str, Any]
_NOT_KNOWN: Final = "?"
_HEADS: Final = ("token", "balance", "value", "quantity", "average", "realised", "unrealised")


def fill_text(fill: Wire) -> str:
    """One line: when, what for what, at what price, and all that it cost."""
    at = datetime.fromisoformat(fill["confirmedAt"]).astimezone(UTC)
    sides = f"{_side(fill, 'In')} for {_side(fill, 'Out')}"
    price = f" at {fill['price']}" if fill["price"] is not None else ""
    cost = fill["totalLamports"]
    paid = "cost not known" if cost is None else f"{cost} lamports"
    return f"{at:%Y-%m-%d %H:%M:%S}  {sides}{price}  {fill['venue']}  {paid}  order {fill['orderId']}"


def portfolio_lines(portfolio: Wire) -> list[str]:
    """A table with a line a token, the totals, and why figures are missing."""
    rows = [_HEADS, *(_cells(token) for token in portfolio["tokens"])]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    lines = ["  ".join(_placed(row, widths)) for row in rows]
    return [*lines, _totals(portfolio["totals"]), *_reasons(portfolio["tokens"])]


def _side(fill: Wire, side: str) -> str:
    amount = fill[f"amount{side}"]
    return f"{fill[f'amount{side}Raw'] if amount is None else amount} {fill[f'token{side}']}"


def _cells(token: Wire) -> Sequence[str]:
    names = ("balance", "valueUsdc", "quantity", "averageCostUsdc", "realisedUsdc", "unrealisedUsdc")
    return (token["token"], *(_NOT_KNOWN if token[name] is None else token[name] for name in names))


def _placed(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first = row[0].ljust(widths[0])
    return [first, *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]


def _totals(totals: Wire) -> str:
    left_out = f", without {', '.join(totals['leftOut'])}" if totals["leftOut"] else ""
    return (
        f"in USDC: value {totals['valueUsdc']}, realised {totals['realisedUsdc']},"
        f" unrealised {totals['unrealisedUsdc']}{left_out}"
    )


def _reasons(tokens: Sequence[Wire]) -> list[str]:
    whys = {"value": "valueMissing", "profit": "realisedMissing", "unrealised": "unrealisedMissing"}
    return [
        f"{token['token']}: no {what}, {token[name]}"
        for token in tokens
        for what, name in whys.items()
        if token[name]
    ]
