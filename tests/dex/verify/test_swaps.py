"""The command that compares adapters with recordings: files of swaps, and files that are none."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from solders.pubkey import Pubkey

from dex.verify.__main__ import main
from dex.verify.report import SHOWN_DIFFERENCES
from tests.dex.recorded_swaps import CPMM, DAMM_V2


def content(path: Path = CPMM, cases: int = 3) -> dict[str, Any]:
    """A recording's first cases, free to be changed."""
    loaded: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    loaded["cases"] = loaded["cases"][:cases]
    return loaded


def written(folder: Path, vectors: object, name: str = "vectors.json") -> str:
    path = folder / name
    path.write_text(json.dumps(vectors))
    return str(path)


def test_the_recordings_are_equal_and_the_command_succeeds() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dex.verify", str(CPMM), str(DAMM_V2)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.stdout == (
        "swaps/raydium-cpmm: cases 402 equal 402 skipped 0\n"
        "swaps/meteora-damm-v2: cases 322 equal 322 skipped 0\n"
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_plain_json_is_read_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([written(tmp_path, content())]) == 0
    assert capsys.readouterr().out == "swaps/raydium-cpmm: cases 3 equal 3 skipped 0\n"


def test_a_difference_of_one_unit_is_shown_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vectors = content()
    vectors["cases"][0]["onchain"]["received"] = "461022"

    assert main([written(tmp_path, vectors)]) == 1
    assert capsys.readouterr().out == (
        "swaps/raydium-cpmm: cases 3 equal 2 skipped 0\n"
        "  cpmm-0: recorded paid 1023528 received 461022, adapter paid 1023528 received 461021\n"
    )


def test_an_error_of_another_class_is_a_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vectors = content(DAMM_V2, 1)
    vectors["cases"][0]["onchain"] |= {
        "error": 6003,
        "log": ["Program log: AnchorError occurred. Error Code: PoolDisabled. Error Number: 6003."],
    }

    assert main([written(tmp_path, vectors)]) == 1
    assert "damm-0: recorded refusal PoolDisabled, adapter InsufficientLiquidity:" in capsys.readouterr().out


def test_only_the_first_differences_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vectors = content(DAMM_V2, 40)
    for case in vectors["cases"]:
        case["onchain"] = {"ok": True, "paid": "1", "received": "1"}

    assert main([written(tmp_path, vectors)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "swaps/meteora-damm-v2: cases 40 equal 0 skipped 0"
    assert len(lines) == 1 + SHOWN_DIFFERENCES + 1
    assert lines[-1] == "  … and 35 more differences"


def test_a_refusal_where_the_program_paid_is_a_difference(tmp_path: Path) -> None:
    vectors = content()
    vectors["cases"][0]["amount"] = "1"

    assert main([written(tmp_path, vectors)]) == 1


@pytest.mark.parametrize("shape", ["cases", "pools"])
def test_a_venue_without_an_adapter_is_skipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], shape: str
) -> None:
    case = {"id": "x", "amount": "1"}
    body: dict[str, Any] = {"cases": [case, case]} if shape == "cases" else {}
    if shape == "pools":
        body = {"pools": [{"accounts": {}, "swaps": [case]}, {"accounts": {}, "swaps": [case]}]}
    program = str(Pubkey.default())
    vectors = {"venue": "elsewhere", "program": program, **body}

    assert main([written(tmp_path, vectors)]) == 0
    assert capsys.readouterr().out == (
        "swaps/elsewhere: cases 2 equal 0 skipped 2\n"
        f"  skipped: no adapter for the program {program}, and none of its swaps is recorded\n"
    )


def test_pools_with_swaps_share_their_accounts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vectors = content(DAMM_V2, 2)
    first = vectors.pop("cases")[0]
    accounts = first.pop("accounts")
    vectors["pools"] = [{"accounts": accounts, "swaps": [first, first]}]

    assert main([written(tmp_path, vectors)]) == 0
    assert capsys.readouterr().out == "swaps/meteora-damm-v2: cases 2 equal 2 skipped 0\n"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "cannot be read"),
        (b"{", "cannot be read"),
        (b"\xff\xfe\x00", "cannot be read"),
        (gzip.compress(b"{}" * 999, mtime=0)[:20], "cannot be read"),
        (b"\x1f\x8b broken", "cannot be read"),
        (gzip.compress(b"{}", mtime=0)[:10] + b"\xff" * 20, "cannot be read"),
        (b"[]", "no JSON object"),
        (b"{}", "neither 'venue' nor 'cases'"),
        (b'{"cases": [5]}', "of no known kind"),
        (b'{"cases": []}', "of no known kind"),
        (b'{"sequences": [5]}', "in another format"),
        (b'{"store": {}, "cases": [5]}', "in another format"),
        (b'{"cases": [{"leg1": "a"}]}', "in another format"),
        (b'{"cases": [{"instruction": {}}]}', "in another format"),
        (b'{"cases": [{"created": {}}]}', "in another format"),
        (b'{"cpmm": [{"pool_after": ""}]}', "in another format"),
        (b'{"venue": "x", "program": "y"}', "'pools'"),
        (b'{"venue": "x", "program": "y", "cases": 5}', "is not a vector file"),
        (b'{"venue": "x", "program": "y", "pools": [5]}', "is not a vector file"),
    ],
)
def test_a_file_of_another_format_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], raw: bytes, said: str
) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(raw)

    assert main([str(path)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"{path}: ")
    assert said in captured.err


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "many"),
        ("mode", "sideways"),
        ("direction", 5),
        ("direction", "up"),
        ("clock", {}),
        ("accounts", {}),
        ("accounts", {"pool": {"address": "x", "owner": "y", "data": ""}}),
        ("onchain", 7),
        ("inputs", {"vault_balance": ["1"]}),
        ("inputs", {"vault_balance": ["1", "-1"]}),
    ],
)
def test_a_case_of_another_format_exits_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], field: str, value: object
) -> None:
    vectors = content()
    vectors["cases"][1][field] = value

    assert main([written(tmp_path, vectors)]) == 2
    assert "has a case in another format" in capsys.readouterr().err


def test_a_missing_file_exits_with_2_and_the_others_are_still_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "absent.json"), str(DAMM_V2)]) == 2
    captured = capsys.readouterr()
    assert captured.out == "swaps/meteora-damm-v2: cases 322 equal 322 skipped 0\n"
    assert "absent.json: cannot be read" in captured.err


def test_a_difference_does_not_hide_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    vectors = content()
    vectors["cases"][0]["onchain"]["paid"] = "1"

    assert main([str(tmp_path / "absent.json"), written(tmp_path, vectors)]) == 2


def test_no_file_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert capsys.readouterr().err.startswith("usage:")
