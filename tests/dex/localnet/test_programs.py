"""The stand-in programs as files, and the bank that the vector tests run them in."""

from __future__ import annotations

import base64
import gzip
import json
import re
import shutil
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from solders.account import Account
from solders.clock import Clock
from solders.compute_budget import ComputeBudget
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.litesvm import LiteSVM
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata

from dex.config import TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from dex.localnet.programs import BUNDLED, RAYDIUM_CPMM, STAND_INS
from dex.localnet.programs import build as builder
from dex.localnet.programs.link import LinkError, link

DATA = Path(__file__).parents[2] / "data"
RENT_EXEMPT = 10**9
MAX_COMPUTE_UNITS = 1_400_000
TRANSFER_FEE_AMOUNT = b"\x02" + struct.pack("<HHQ", 2, 8, 0)


def load_cases(name: str) -> list[dict[str, Any]]:
    with gzip.open(DATA / f"{name}.json.gz") as file:
        cases: list[dict[str, Any]] = json.load(file)["cases"]
    return cases


@dataclass(frozen=True)
class Outcome:
    """What a transaction did: its custom error (None when it went through), logs, compute units."""

    error: int | str | None
    logs: list[str]
    compute_units: int


class Bank:
    """A Solana VM with one stand-in, one user, and accounts set byte for byte."""

    def __init__(self, program: Pubkey) -> None:
        budget = ComputeBudget(False)
        budget.compute_unit_limit = MAX_COMPUTE_UNITS
        self.svm = LiteSVM().with_compute_budget(budget)
        # One file may stand in for two deployments.
        for address, file in BUNDLED.items():
            if file == BUNDLED[program]:
                self.svm.add_program_from_file(address, file)
        self.user = Keypair()
        self.set(self.user.pubkey(), Pubkey.default(), b"", lamports=10**15)

    def set(self, address: Pubkey, owner: Pubkey, data: bytes, lamports: int = RENT_EXEMPT) -> None:
        self.svm.set_account(address, Account(lamports, data, owner))

    def set_recorded(self, record: dict[str, str]) -> Pubkey:
        address = Pubkey.from_string(record["address"])
        self.set(address, Pubkey.from_string(record["owner"]), base64.b64decode(record["data"]))
        return address

    def set_clock(self, slot: int, epoch: int, timestamp: int) -> None:
        self.svm.set_clock(Clock(slot, timestamp, epoch, epoch, timestamp))

    def set_token_account(self, address: Pubkey, mint: Pubkey, owner: Pubkey, amount: int) -> Pubkey:
        program = self.owner_of(mint)
        data = bytes(mint) + bytes(owner) + struct.pack("<Q", amount) + bytes(36) + b"\x01" + bytes(56)
        if program == TOKEN_2022_PROGRAM:
            data += TRANSFER_FEE_AMOUNT
        self.set(address, program, data)
        return address

    def new_token_account(self, mint: Pubkey, owner: Pubkey, amount: int) -> Pubkey:
        return self.set_token_account(Keypair().pubkey(), mint, owner, amount)

    def data(self, address: Pubkey) -> bytes:
        account = self.svm.get_account(address)
        assert account is not None
        return bytes(account.data)

    def owner_of(self, address: Pubkey) -> Pubkey:
        account = self.svm.get_account(address)
        assert account is not None
        return account.owner

    def balance(self, token_account: Pubkey) -> int:
        return int.from_bytes(self.data(token_account)[64:72], "little")

    def run(self, program: Pubkey, accounts: list[AccountMeta], *data: bytes) -> Outcome:
        """One transaction with one instruction for each of ``data``, all on the same accounts."""
        self.svm.expire_blockhash()
        instructions = [Instruction(program, one, accounts) for one in data]
        blockhash = self.svm.latest_blockhash()
        message = MessageV0.try_compile(self.user.pubkey(), instructions, [], blockhash)
        result = self.svm.send_transaction(VersionedTransaction(message, [self.user]))
        if not isinstance(result, FailedTransactionMetadata):
            return Outcome(None, result.logs(), result.compute_units_consumed())
        meta = result.meta()
        custom = re.search(r"InstructionErrorCustom\((\d+)\)", str(result.err()))
        error = int(custom[1]) if custom else str(result.err())
        return Outcome(error, meta.logs(), meta.compute_units_consumed())


@pytest.mark.parametrize("path", sorted(set(BUNDLED.values())), ids=lambda path: path.name)
def test_a_bundled_program_is_a_small_elf_file(path: Path) -> None:
    assert path.read_bytes()[:4] == b"\x7fELF"
    assert path.stat().st_size < 64_000


@pytest.mark.skipif(shutil.which(builder.COMPILER) is None, reason=f"{builder.COMPILER} is not installed")
@pytest.mark.parametrize("source", builder.TARGETS, ids=lambda path: path.name)
def test_a_rebuild_gives_the_committed_bytes(source: Path) -> None:
    assert builder.build(source) == builder.TARGETS[source].read_bytes()


@pytest.mark.skipif(shutil.which(builder.COMPILER) is None, reason=f"{builder.COMPILER} is not installed")
def test_the_linker_refuses_a_symbol_that_is_no_syscall(tmp_path: Path) -> None:
    source = tmp_path / "calls_unknown.c"
    source.write_text("extern int unknown(void); int entrypoint(void) { return unknown(); }\n")
    with pytest.raises(LinkError, match="unknown"):
        builder.build(source)


def test_every_target_of_the_build_is_bundled() -> None:
    assert set(builder.TARGETS.values()) == {stand_in.file for stand_in in STAND_INS}
    assert set(BUNDLED.values()) == set(builder.TARGETS.values())


def test_the_linker_is_given_objects_only() -> None:
    with pytest.raises(Exception, match="Magic number"):
        link(b"not an object file")


def test_token_accounts_of_the_bank_are_read_back_as_set() -> None:
    bank = Bank(RAYDIUM_CPMM)
    mint = Keypair().pubkey()
    bank.set(mint, TOKEN_PROGRAM, bytes(82))
    assert bank.balance(bank.new_token_account(mint, bank.user.pubkey(), 7)) == 7
