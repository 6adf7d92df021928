"""`manage.py launches`: what it asks for, and the lines that it shows."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.management import call_command

from tests.orders.scripted_engine import ScriptedEngine, running

LAUNCH: dict[str, Any] = {
    "pool": "POOL",
    "venue": "raydium-cpmm",
    "mint": "MINT",
    "symbol": "NEW",
    "quoteMint": "SOLMINT",
    "quoteSymbol": "SOL",
    "seenAt": "2026-11-30T12:01:02.000Z",
    "graduatedFrom": None,
    "state": "funded",
    "opens": {"unit": "unix", "point": 1_795_000_000, "after": False},
    "liquidity": "50",
    "feeBps": 25,
    "flags": ["MINT_AUTHORITY"],
}
FUNDED = (
    "12:01:02  funded   raydium-cpmm     NEW MINT for SOL  50 SOL  fee 0.25 %  "
    "opens 2026-11-18 11:06:40 UTC  MINT_AUTHORITY\n"
)
OPEN = "12:01:02  open     raydium-cpmm     NEW MINT for SOL  50 SOL  fee 0.25 %  MINT_AUTHORITY\n"
REFUSED = (403, {"code": "FORBIDDEN", "message": "no more"})


def page(*launches: dict[str, Any]) -> tuple[int, Any]:
    return 200, {"next": None, "previous": None, "results": list(launches)}


def run(engine: ScriptedEngine, *arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    with running(engine), pytest.raises(SystemExit) as ended:
        call_command("launches", *arguments, "--url", engine.url, stdout=out, no_color=True)
    return int(str(ended.value.code)), out.getvalue()


def test_launches_are_listed_oldest_first() -> None:
    older = LAUNCH | {"pool": "OLD", "symbol": "", "graduatedFrom": "launchlab", "state": "open"}
    engine = ScriptedEngine([page(LAUNCH, older)])
    status, shown = run(engine, "--mint", "MINT", "--limit", "5")
    assert status == 0
    assert engine.requests == [("GET /api/launches?mint=MINT&limit=5", None)]
    assert shown == (
        "12:01:02  open     raydium-cpmm     MINT for SOL  50 SOL  fee 0.25 %  from launchlab  "
        "MINT_AUTHORITY\n" + FUNDED
    )


def test_following_shows_each_change_once() -> None:
    opened = LAUNCH | {"state": "open"}
    moved = opened | {"liquidity": "60"}
    engine = ScriptedEngine([page(LAUNCH), page(LAUNCH), page(opened), page(moved), REFUSED])
    status, shown = run(engine, "--follow")
    assert (status, shown) == (2, FUNDED + OPEN)
    assert engine.requests[1][0] == "GET /api/launches?since=2026-11-30T12%3A01%3A02.000Z&limit=200"


def test_launches_as_the_engine_answers_them() -> None:
    _, shown = run(ScriptedEngine([page(LAUNCH)]), "--json")
    assert json.loads(shown) == LAUNCH


def test_a_pool_that_never_opens_is_listed_too() -> None:
    never = {"unit": "unix", "point": 2**53, "after": False}
    _, shown = run(ScriptedEngine([page(LAUNCH | {"opens": never})]))
    assert "  never opens  " in shown
