"""The command compares creations: every recording is equal, and what differs is said."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dex.verify.__main__ import main
from tests.dex.launches.recorded_creations import CASES, FILE


def test_every_recorded_creation_is_equal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(FILE)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "creations/raydium-cpmm: cases 4 equal 4 skipped 0",
        "creations/raydium-amm-v4: cases 4 equal 4 skipped 0",
        "creations/raydium-clmm: cases 4 equal 4 skipped 0",
        "creations/meteora-damm-v2: cases 5 equal 5 skipped 0",
        "creations/meteora-dlmm: cases 5 equal 5 skipped 0",
        "creations/orca-whirlpool: cases 6 equal 6 skipped 0",
    ]


def another_pool(case: dict[str, Any]) -> None:
    case["pool"] = case["mints"][0]["address"]


def another_time(case: dict[str, Any]) -> None:
    case["opens_at"]["value"] += 1


def open_before(case: dict[str, Any]) -> None:
    case["swap_around_opening"]["-1"] = "ok"


def closed_at(case: dict[str, Any]) -> None:
    case["swap_around_opening"]["+1"] = "PoolDisabled"


def without_event(case: dict[str, Any]) -> None:
    case["inner_instructions"] = []


def failed(case: dict[str, Any]) -> None:
    case["ok"] = False


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (another_pool, "pool 27yEDaLBtCGiJqQkNvpmUwr2okyV8RjpieWiBWo2V8hp, recorded 79pb"),
        (another_time, "the program announced the opening"),
        (open_before, "at the opening -1: ok"),
        (closed_at, "at the opening +1: PoolDisabled"),
        (without_event, "the program announced no pool"),
        (failed, "a creation that failed left a pool"),
    ],
)
def test_what_differs_is_said(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[dict[str, Any]], None],
    difference: str,
) -> None:
    case = copy.deepcopy(CASES["meteora-damm-v2-create-2"])
    change(case)
    path = tmp_path / "creations.json"
    path.write_text(json.dumps({"cases": [case]}))
    assert main([str(path)]) == 1
    output = capsys.readouterr().out
    assert "creations/meteora-damm-v2: cases 1 equal 0 skipped 0" in output
    assert f"  meteora-damm-v2-create-2: {difference}" in output
