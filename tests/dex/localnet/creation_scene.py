"""Recorded creations of pools, repeated on a bank with the stand-in of their venue."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from solders.account import Account
from solders.litesvm import LiteSVM
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata, TransactionMetadata

from dex.config import NATIVE_MINT, TOKEN_2022_PROGRAM
from tests.dex.localnet.test_programs import TRANSFER_FEE_AMOUNT, Bank

RICH = 10**15
USER_BALANCE = 10**15


@dataclass(frozen=True)
class Created:
    """What the transaction did: its error as JSON (None when it went through), its accounts, CPI calls."""

    error: object
    logs: list[str]
    calls: list[tuple[int, str, str]]
    svm: LiteSVM

    def account(self, address: str) -> Account | None:
        return self.svm.get_account(Pubkey.from_string(address))


def created(case: dict[str, Any], prepare: dict[str, Account] | None = None) -> Created:
    """Runs the recorded transaction, with what its accounts need to have been."""
    bank = Bank(Pubkey.from_string(case["program"]))
    bank.svm = bank.svm.with_sigverify(False).with_blockhash_check(False)
    clock = case["clock"]
    bank.set_clock(clock["slot"], clock["epoch"], clock["ts"])
    for mint in case["mints"]:
        owner, data = Pubkey.from_string(mint["owner"]), base64.b64decode(mint["data"])
        bank.set(Pubkey.from_string(mint["address"]), owner, data)
    for address, account in (prepare or {}).items():
        bank.svm.set_account(Pubkey.from_string(address), account)
    transaction = VersionedTransaction.from_bytes(base64.b64decode(case["transaction"]))
    payer = transaction.message.account_keys[0]
    bank.svm.set_account(payer, Account(RICH, b"", Pubkey.default()))
    result = bank.svm.send_transaction(transaction)
    failed = isinstance(result, FailedTransactionMetadata)
    meta = result.meta() if isinstance(result, FailedTransactionMetadata) else result
    error = json.loads(result.to_json())["err"] if failed else None  # type: ignore[union-attr]
    return Created(error, meta.logs(), _calls(meta, transaction), bank.svm)


def holding(case: dict[str, Any], mint_index: int, amount: int = USER_BALANCE) -> Account:
    """The creator's token account of one of the mints."""
    mint = case["mints"][mint_index]
    owner = Pubkey.from_string(
        next(a["pubkey"] for a in case["accounts"] if a["name"] in ("creator", "payer"))
    )
    address, program = Pubkey.from_string(mint["address"]), Pubkey.from_string(mint["owner"])
    is_native = address == NATIVE_MINT
    native = (b"\x01\0\0\0" + (2_039_280).to_bytes(8, "little")) if is_native else bytes(12)
    data = bytes(address) + bytes(owner) + amount.to_bytes(8, "little") + bytes(36) + b"\x01" + native
    data = data.ljust(165, b"\0")
    if program == TOKEN_2022_PROGRAM:
        data += TRANSFER_FEE_AMOUNT
    return Account(2_039_280 + (amount if is_native else 0) + 10**6 * (not is_native), data, program)


def _calls(meta: TransactionMetadata, transaction: VersionedTransaction) -> list[tuple[int, str, str]]:
    keys = transaction.message.account_keys
    return [
        (
            inner.stack_height(),
            str(keys[inner.instruction().program_id_index]),
            bytes(inner.instruction().data).hex(),
        )
        for inners in meta.inner_instructions()
        for inner in inners
    ]
