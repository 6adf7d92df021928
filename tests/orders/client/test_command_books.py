"""`manage.py fills` and `manage.py portfolio`: what they ask for, and what they show."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import call_command

from tests.orders.scripted_engine import ScriptedEngine, running

FILL: dict[str, Any] = {
    "orderId": "ORDER",
    "confirmedAt": "2026-11-30T12:01:02.000Z",
    "tokenIn": "SOL",
    "amountIn": "1",
    "amountInRaw": "1000000000",
    "tokenOut": "MINT",
    "amountOut": None,
    "amountOutRaw": "77",
    "price": None,
    "venue": "raydium-cpmm",
    "totalLamports": "5000",
}
TOKEN: dict[str, Any] = {
    "token": "SOL",
    "balance": "2",
    "valueUsdc": "320.5",
    "valueMissing": None,
    "quantity": "1",
    "averageCostUsdc": "150",
    "realisedUsdc": None,
    "realisedMissing": "NO_PRICE_KEPT",
    "unrealisedUsdc": "10.25",
    "unrealisedMissing": None,
}
TOTALS = {"valueUsdc": "320.5", "realisedUsdc": "0", "unrealisedUsdc": "10.25", "leftOut": ["SOL"]}


def run(engine: ScriptedEngine, *arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    with running(engine), pytest.raises(SystemExit) as ended:
        call_command(*arguments, "--url", engine.url, stdout=out, stderr=out, no_color=True)
    return int(str(ended.value.code)), out.getvalue()


def test_fills_are_listed_with_what_they_cost() -> None:
    engine = ScriptedEngine([(200, {"results": [FILL]})])
    assert run(engine, "fills", "--of", "SOL", "--from", "2026-11-30") == (
        0,
        "2026-11-30 12:01:02  1 SOL for 77 MINT  raydium-cpmm  5000 lamports  order ORDER\n",
    )
    assert engine.requests == [("GET /api/fills?token=SOL&from=2026-11-30&limit=20", None)]


def test_a_portfolio_is_a_table_that_says_what_is_missing() -> None:
    status, shown = run(ScriptedEngine([(200, {"tokens": [TOKEN], "totals": TOTALS})]), "portfolio")
    assert status == 0
    assert shown == (
        "token  balance  value  quantity  average  realised  unrealised\n"
        "SOL          2  320.5         1      150         ?       10.25\n"
        "in USDC: value 320.5, realised 0, unrealised 10.25, without SOL\n"
        "SOL: no profit, NO_PRICE_KEPT\n"
    )


@pytest.mark.parametrize("books", ["fills", "portfolio"])
def test_csv_is_written_as_it_comes(books: str) -> None:
    engine = ScriptedEngine([(200, b"a,b\r\n1,2\r\n")])
    assert run(engine, books, "--csv") == (0, "a,b\r\n1,2\r\n")
    assert engine.requests == [(f"GET /api/{books}?format=csv", None)]


def test_a_refusal_of_csv_is_shown() -> None:
    engine = ScriptedEngine([(400, {"code": "INVALID_REQUEST", "message": "no"})])
    assert run(engine, "fills", "--csv") == (2, "INVALID_REQUEST: no\n")


def test_books_as_the_engine_answers_them() -> None:
    _, shown = run(ScriptedEngine([(200, {"results": [FILL]})]), "fills", "--json")
    assert json.loads(shown) == FILL
