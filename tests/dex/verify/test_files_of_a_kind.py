"""The command that compares adapters with recordings: instructions, states, batches, routes."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from dex.verify.__main__ import main
from tests.dex.recorded_swaps import DATA

CPMM = "raydium-cpmm"


def loaded(name: str) -> Any:
    return json.loads(gzip.decompress((DATA / f"{name}.json.gz").read_bytes()))


def cpmm_cases(name: str) -> dict[str, Any]:
    """A recording's CPMM cases, free to be changed."""
    return {"cases": [case for case in loaded(name)["cases"] if case["venue"] == CPMM]}


def said(folder: Path, capsys: pytest.CaptureFixture[str], vectors: object) -> tuple[int, str]:
    """Exit code and output for a file of these vectors."""
    path = folder / "vectors.json"
    path.write_text(json.dumps(vectors))
    code = main([str(path)])
    return code, capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "instructions",
            {
                "instructions/raydium-cpmm: cases 23 equal 23 skipped 0",
                "instructions/meteora-damm-v2: cases 35 equal 35 skipped 0",
                "instructions/orca-whirlpool: cases 28 equal 28 skipped 0",
                "instructions/meteora-dlmm: cases 30 equal 30 skipped 0",
            },
        ),
        (
            "state_after",
            {
                "state_after/raydium-cpmm: cases 151 equal 151 skipped 0",
                "state_after/meteora-damm-v2: cases 203 equal 203 skipped 0",
            },
        ),
        (
            "batches",
            {
                "batches/raydium-cpmm: cases 16 equal 16 skipped 0",
                "batches/meteora-damm-v2: cases 16 equal 16 skipped 0",
                "batches/orca-whirlpool: cases 16 equal 16 skipped 0",
                "batches/meteora-dlmm: cases 16 equal 16 skipped 0",
            },
        ),
        (
            "two_hops",
            {
                "two_hops/raydium-cpmm+meteora-damm-v2: cases 2 equal 2 skipped 0",
                "two_hops/meteora-damm-v2+raydium-cpmm: cases 2 equal 2 skipped 0",
                "two_hops/orca-whirlpool+meteora-damm-v2: cases 1 equal 1 skipped 0",
            },
        ),
    ],
)
def test_every_recording_of_a_kind_is_equal(
    capsys: pytest.CaptureFixture[str], name: str, lines: set[str]
) -> None:
    assert main([str(DATA / f"{name}.json.gz")]) == 0
    assert lines <= set(capsys.readouterr().out.splitlines())


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        ({"data": "00" * 24}, "raydium-cpmm-ix-0: data 8fbe5adac41e33de"),
        ({"program": "11111111111111111111111111111111"}, "raydium-cpmm-ix-0: program CPMM"),
    ],
)
def test_another_instruction_is_a_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, str], difference: str
) -> None:
    vectors = cpmm_cases("instructions")
    vectors["cases"][0]["instruction"] |= change
    code, output = said(tmp_path, capsys, vectors)

    assert code == 1
    assert "instructions/raydium-cpmm: cases 23 equal 22 skipped 0\n" in output
    assert f"  {difference}" in output


@pytest.mark.parametrize(("position", "flag"), [(0, 2), (3, 2), (12, 0)])
def test_another_account_or_flag_is_a_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], position: int, flag: int
) -> None:
    vectors = cpmm_cases("instructions")
    meta = vectors["cases"][0]["instruction"]["accounts"][position]
    meta[flag] = vectors["cases"][0]["payer"] if flag == 0 else not meta[flag]
    code, output = said(tmp_path, capsys, vectors)

    assert code == 1
    assert f"  raydium-cpmm-ix-0: account {position} " in output


def test_an_account_too_many_is_a_difference(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vectors = cpmm_cases("instructions")
    accounts = vectors["cases"][0]["instruction"]["accounts"]
    accounts.append(accounts[0])
    code, output = said(tmp_path, capsys, vectors)

    assert code == 1
    assert "raydium-cpmm-ix-0: 13 accounts without arrays, not 14" in output


def test_a_recorded_refusal_that_is_quoted_is_a_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vectors = cpmm_cases("instructions")
    vectors["cases"][0]["onchain"] = {"ok": False, "error": 6000, "logs": []}
    code, output = said(tmp_path, capsys, vectors)

    assert code == 1
    assert "raydium-cpmm-ix-0: recorded pool_disabled, adapter paid 10004711 received 19939313" in output


def test_bytes_that_a_next_quote_reads_are_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vectors = cpmm_cases("instructions")
    first = vectors["cases"][0]
    vault = first["accounts"]["vault0"]
    first["accounts_after"][vault["address"]] = vault["data"]
    code, output = said(tmp_path, capsys, vectors)

    assert code == 1
    assert "raydium-cpmm-ix-0: next quote from the recorded state" in output


def test_one_wrong_byte_of_a_state_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entry = loaded("state_after")["cpmm"][0]
    (tmp_path / "cpmm.json.gz").write_bytes((DATA / "cpmm.json.gz").read_bytes())
    entry["vault_after"][1] = str(int(entry["vault_after"][1]) + 1)
    code, output = said(tmp_path, capsys, {"cpmm": [entry]})

    assert code == 1
    assert "  cpmm-0: pool bytes differ at [], vaults [51818409421, " in output


def test_a_state_whose_swap_is_nowhere_is_skipped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, output = said(tmp_path, capsys, {"cpmm": loaded("state_after")["cpmm"][:2]})

    assert code == 0
    assert output == (
        "state_after/cpmm: cases 2 equal 0 skipped 2\n"
        "  skipped: its swaps are in no file that is given or beside it\n"
    )


def test_the_swaps_of_a_state_may_lie_beside_it_under_any_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "more recordings.json.gz").write_bytes((DATA / "cpmm.json.gz").read_bytes())
    (tmp_path / "broken.json").write_text("{")
    code, output = said(tmp_path, capsys, {"cpmm": loaded("state_after")["cpmm"]})

    assert code == 0
    assert output == "state_after/raydium-cpmm: cases 151 equal 151 skipped 0\n"


def test_the_swaps_of_a_state_may_be_given_with_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "states.json"
    path.write_text(json.dumps({"cpmm": loaded("state_after")["cpmm"]}))

    assert main([str(path), str(DATA / "cpmm.json.gz")]) == 0
    assert "state_after/raydium-cpmm: cases 151 equal 151 skipped 0\n" in capsys.readouterr().out


def test_a_batch_that_moves_otherwise_is_a_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sequences = [entry for entry in loaded("batches")["sequences"] if entry["venue"] == CPMM]
    del sequences[0]["steps"][2]
    code, output = said(tmp_path, capsys, {"sequences": sequences})

    assert code == 1
    assert "  cpmm-0 step 2: recorded paid " in output


def test_a_route_of_which_another_leg_fails_is_a_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = loaded("two_hops")["cases"][0]
    case["moved"]["leg 1 against, tight"]["failure"]["leg"] = 2
    code, output = said(tmp_path, capsys, {"cases": [case]})

    assert code == 1
    assert "leg 1 against, tight: leg 1 would fail, recorded leg 2" in output


def test_splits_are_as_good_as_the_best_that_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(DATA / "splits.json.gz")]) == 0
    lines = capsys.readouterr().out.splitlines()

    assert len(lines) == 9
    assert lines[0] == "splits/raydium-cpmm+meteora-damm-v2: cases 4 equal 4 skipped 0"
    assert all(line.endswith("cases 4 equal 4 skipped 0") for line in lines)


def test_a_split_worse_than_the_best_known_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = loaded("splits")
    case = content["cases"][0]
    case["best_known"]["received"] = str(int(case["best_known"]["received"]) * 1_000_002 // 1_000_000)
    code, output = said(tmp_path, capsys, {"store": content["store"], "cases": [case]})

    assert code == 1
    assert "the search found" in output
