"""Lines of CSV (RFC 4180) whose text no spreadsheet runs as a formula."""

from __future__ import annotations

import csv
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from asgiref.sync import sync_to_async

# Text that a spreadsheet would run as a formula. Plain numbers are let through.
_FORMULA: Final = re.compile(r"(?!-?\d+(\.\d+)?\Z)[=+\-@\t\r\n]")


def csv_lines(rows: Iterable[Sequence[str]]) -> str:
    """Rows of cells as text, each with its line's end."""
    text = _Text()
    csv.writer(text).writerows(rows)
    return "".join(text.pieces)


def csv_cells(values: Iterable[Any]) -> list[str]:
    """Values as cells; None is an empty one."""
    return ["" if value is None else _harmless(str(value)) for value in values]


def csv_table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]], *, head: bool = True) -> str:
    """These ``columns`` of the rows, with a line of their names first."""
    names = [list(columns)] if head else []
    return csv_lines([*names, *(csv_cells(row[name] for name in columns) for row in rows)])


async def one_by_one(pages: Iterator[str]) -> AsyncIterator[str]:
    """Pieces of text that are made while they are sent."""

    def following() -> str | None:
        return next(pages, None)

    while (page := await sync_to_async(following)()) is not None:
        yield page


def _harmless(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


class _Text:
    """Takes what the csv module writes."""

    def __init__(self) -> None:
        self.pieces: list[str] = []

    def write(self, piece: str) -> None:
        self.pieces.append(piece)
