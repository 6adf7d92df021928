"""Program files that cannot be used, and ledgers that ran other ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from solders.pubkey import Pubkey

from dex.localnet.__main__ import main
from dex.localnet.errors import LedgerRefused, UnusableProgram
from dex.localnet.programs import BUNDLED, METEORA_DAMM_V2, RAYDIUM_CPMM
from dex.localnet.server import NetworkOptions, open_chain
from tests.dex.localnet.scenes import funded

ADDRESS = Pubkey.from_string("4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi")


def with_programs(programs: Mapping[Pubkey, Path | bytes], ledger: Path | None = None) -> NetworkOptions:
    return replace(funded(), programs=programs, ledger=ledger)


def begin(ledger: Path, programs: Mapping[Pubkey, Path | bytes]) -> None:
    open_chain(with_programs(programs, ledger)).ledger.close()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"no program", id="text"),
        pytest.param(BUNDLED[RAYDIUM_CPMM].read_bytes()[:5_000], id="cut-off"),
    ],
)
def test_a_file_that_is_no_program_is_named(tmp_path: Path, content: bytes) -> None:
    bad = tmp_path / "bad.so"
    bad.write_bytes(content)

    with pytest.raises(UnusableProgram, match=rf"program file {bad} cannot be loaded at {ADDRESS}: "):
        open_chain(with_programs({ADDRESS: bad}))


def test_a_file_that_is_not_there_or_a_folder_is_named(tmp_path: Path) -> None:
    absent = tmp_path / "absent.so"

    with pytest.raises(UnusableProgram, match=rf"program file {absent}: No such file"):
        open_chain(with_programs({ADDRESS: absent}))
    with pytest.raises(UnusableProgram, match=rf"program file {tmp_path}: Is a directory"):
        open_chain(with_programs({ADDRESS: tmp_path}))


def test_the_command_says_it_in_one_line_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.so"
    bad.write_bytes(b"no program")

    assert main(["--program", f"{ADDRESS}={bad}"]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith(f"localnet: program file {bad} cannot be loaded at {ADDRESS}: ")
    assert captured.err.count("\n") == 1


def test_a_bad_program_leaves_the_ledger_free(tmp_path: Path) -> None:
    bad = tmp_path / "bad.so"
    bad.write_bytes(b"no program")
    ledger = tmp_path / "ledger"
    programs = {RAYDIUM_CPMM: BUNDLED[RAYDIUM_CPMM]}
    begin(ledger, programs)

    with pytest.raises(LedgerRefused):
        open_chain(with_programs({RAYDIUM_CPMM: bad}, ledger))
    begin(ledger, programs)


def test_a_new_ledger_does_not_remember_a_bad_program(tmp_path: Path) -> None:
    bad = tmp_path / "bad.so"
    bad.write_bytes(b"no program")
    ledger = tmp_path / "ledger"

    with pytest.raises(UnusableProgram):
        open_chain(with_programs({RAYDIUM_CPMM: bad}, ledger))
    begin(ledger, {RAYDIUM_CPMM: BUNDLED[RAYDIUM_CPMM]})


def test_a_ledger_goes_on_with_the_same_code_from_another_file(tmp_path: Path) -> None:
    copy = tmp_path / "copy.so"
    copy.write_bytes(BUNDLED[RAYDIUM_CPMM].read_bytes())
    begin(tmp_path / "ledger", {RAYDIUM_CPMM: BUNDLED[RAYDIUM_CPMM]})

    begin(tmp_path / "ledger", {RAYDIUM_CPMM: copy})


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        pytest.param(
            {RAYDIUM_CPMM: BUNDLED[RAYDIUM_CPMM]},
            {RAYDIUM_CPMM: BUNDLED[METEORA_DAMM_V2]},
            f"with another program at {RAYDIUM_CPMM} than program file {BUNDLED[METEORA_DAMM_V2]}",
            id="another",
        ),
        pytest.param(
            {RAYDIUM_CPMM: BUNDLED[RAYDIUM_CPMM]},
            {},
            f"with a program at {RAYDIUM_CPMM}, where there is none now",
            id="fewer",
        ),
        pytest.param(
            {},
            {RAYDIUM_CPMM: BUNDLED[RAYDIUM_CPMM]},
            f"without a program at {RAYDIUM_CPMM}, where program file {BUNDLED[RAYDIUM_CPMM]} is now",
            id="more",
        ),
    ],
)
def test_a_ledger_of_other_programs_is_refused(
    tmp_path: Path, first: Mapping[Pubkey, Path], then: Mapping[Pubkey, Path], said: str
) -> None:
    begin(tmp_path, first)

    with pytest.raises(LedgerRefused) as refusal:
        open_chain(with_programs(then, tmp_path))
    assert str(refusal.value).startswith(f"the ledger in {tmp_path} was begun {said}: ")
