"""Scenario files: what is read from them, and what is refused by name."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest
from solders.pubkey import Pubkey

from dex.config import TOKENS
from dex.localnet.__main__ import main
from dex.localnet.errors import ScenarioRefused
from dex.localnet.scenario.script import Step, read_scenario

MINTS = {token.symbol: token.mint for token in TOKENS}
POOL = Pubkey.from_string("4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi")
STEP = {"slot": 5, "pair": "SOL/USDC", "price": "150.25"}
WALK = {"pair": "JUP/USDC", "seed": 7, "price": "0.5", "stepBps": 100, "steps": 4}


def written(folder: Path, content: object) -> Path:
    path = folder / "scenario.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_steps_are_read_in_base_units_and_by_slot(tmp_path: Path) -> None:
    late = {"slot": 9, "pair": "jup/sol", "price": "2", "pool": str(POOL)}
    steps = read_scenario(written(tmp_path, {"format": 1, "steps": [late, STEP]}), TOKENS)
    assert steps == (
        # 150.25 USDC of 10^6 units for a SOL of 10^9.
        Step(5, MINTS["SOL"], MINTS["USDC"], None, Fraction(15025, 100_000)),
        Step(9, MINTS["JUP"], MINTS["SOL"], POOL, Fraction(2_000)),
    )


def test_a_walk_is_the_same_for_a_seed_and_stays_in_bounds(tmp_path: Path) -> None:
    content = {"format": 1, "walks": [WALK | {"fromSlot": 10, "everySlots": 5}]}
    steps = read_scenario(written(tmp_path, content), TOKENS)
    assert [step.slot for step in steps] == [10, 15, 20, 25]
    # random.Random(7).randint(-100, 100): -18, -62, 1.
    assert [step.price for step in steps] == [
        Fraction("0.5"),
        Fraction("0.4991"),
        Fraction("0.49600558"),
        Fraction("0.496055180558"),
    ]
    bounded = WALK | {"steps": 500, "stepBps": 900, "low": "0.45", "high": "0.55"}
    prices = [s.price for s in read_scenario(written(tmp_path, {"format": 1, "walks": [bounded]}), TOKENS)]
    assert (min(prices), max(prices)) == (Fraction("0.45"), Fraction("0.55"))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "is not a scenario"),
        ([], "the scenario is no object"),
        ({"format": 2, "steps": [STEP]}, "format is 2, expected 1"),
        ({"format": 1}, "there are no steps and no walks"),
        ({"format": 1, "step": [STEP]}, "the scenario has an unknown field step"),
        ({"format": 1, "steps": {}}, "steps is no list"),
        ({"format": 1, "steps": [STEP | {"price": 150}]}, "steps[0]: price is 150, expected a decimal"),
        ({"format": 1, "steps": [STEP | {"price": 150.5}]}, "150.5 is a number with a fraction"),
        ({"format": 1, "steps": [STEP | {"price": "0.0"}]}, "steps[0]: price is '0.0'"),
        ({"format": 1, "steps": [STEP | {"price": "1e3"}]}, "steps[0]: price is '1e3'"),
        ({"format": 1, "steps": [STEP | {"price": "-1"}]}, "steps[0]: price is '-1'"),
        ({"format": 1, "steps": [STEP | {"price": "1."}]}, "steps[0]: price is '1.'"),
        ({"format": 1, "steps": [STEP | {"slot": -1}]}, "steps[0]: slot is -1"),
        ({"format": 1, "steps": [STEP | {"slot": True}]}, "steps[0]: slot is True"),
        ({"format": 1, "steps": [STEP | {"pair": "SOL/SOL"}]}, "steps[0]: pair 'SOL/SOL' is not BASE/QUOTE"),
        ({"format": 1, "steps": [STEP | {"pair": "SOL/XYZ"}]}, "steps[0]: pair 'SOL/XYZ' is not BASE/QUOTE"),
        ({"format": 1, "steps": [STEP | {"pool": "x"}]}, "steps[0]: pool is 'x', expected an address"),
        ({"format": 1, "steps": [{"slot": 1, "pair": "SOL/USDC"}]}, "steps[0] has no price"),
        ({"format": 1, "walks": [WALK | {"stepBps": 10_000}]}, "walks[0]: everySlots is at least 1"),
        ({"format": 1, "walks": [WALK | {"everySlots": 0}]}, "walks[0]: everySlots is at least 1"),
        ({"format": 1, "walks": [WALK | {"low": "0.6"}]}, "walks[0]: the price is not within low and high"),
    ],
)
def test_a_bad_scenario_is_refused_by_name(tmp_path: Path, content: object, reason: str) -> None:
    path = written(tmp_path, content)
    with pytest.raises(ScenarioRefused) as refused:
        read_scenario(path, TOKENS)
    assert str(path) in str(refused.value)
    assert reason in str(refused.value)


def test_the_command_ends_with_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--scenario", str(tmp_path / "missing.json")]) == 1
    assert "missing.json cannot be read" in capsys.readouterr().err
