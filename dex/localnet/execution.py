"""One executed transaction: what it touched and what came of it, and the node's JSON for it."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from solders.account import Account
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata, InnerInstruction, TransactionMetadata

from dex import base58
from dex.localnet.token_accounts import read_token_account, ui_token_amount

DecimalsOf = Callable[[Pubkey], int | None]


@dataclass(frozen=True, slots=True)
class AccountKeys:
    """The accounts of a transaction: its own keys, then those loaded from lookup tables."""

    static: Sequence[Pubkey]
    loaded_writable: Sequence[Pubkey]
    loaded_readonly: Sequence[Pubkey]
    writable: tuple[bool, ...]

    @property
    def all(self) -> list[Pubkey]:
        """Every key, in the order of instruction indexes."""
        return [*self.static, *self.loaded_writable, *self.loaded_readonly]


@dataclass(frozen=True, slots=True)
class TransactionRecord:
    """A landed transaction as the ledger keeps it; ``error`` and ``meta`` are Solana's JSON values."""

    signature: str
    slot: int
    block_time: int
    raw: bytes
    error: object
    meta: dict[str, object]


@dataclass(frozen=True, slots=True)
class Execution:
    """A transaction that landed in ``slot``. Balances in lamports, in the order of ``keys.all``."""

    signature: str
    slot: int
    block_time: int
    transaction: VersionedTransaction
    keys: AccountKeys
    outcome: TransactionMetadata
    error: object
    lamports_before: list[int]
    lamports_after: list[int]
    tokens_before: dict[int, Account]
    tokens_after: dict[int, Account]

    def record(self, decimals_of: DecimalsOf) -> TransactionRecord:
        """This execution as the ledger keeps it."""
        return TransactionRecord(
            signature=self.signature,
            slot=self.slot,
            block_time=self.block_time,
            raw=bytes(self.transaction),
            error=self.error,
            meta=self.meta(decimals_of),
        )

    def meta(self, decimals_of: DecimalsOf) -> dict[str, object]:
        """The ``meta`` of getTransaction; token balances of writable accounts: no others can have moved."""
        meta: dict[str, object] = {
            "err": self.error,
            "status": status_json(self.error),
            "fee": self.outcome.fee(),
            "preBalances": self.lamports_before,
            "postBalances": self.lamports_after,
            "innerInstructions": inner_instructions_json(self.outcome),
            "logMessages": self.outcome.logs(),
            "preTokenBalances": _token_balances(self.tokens_before, decimals_of),
            "postTokenBalances": _token_balances(self.tokens_after, decimals_of),
            "rewards": [],
            "loadedAddresses": {
                "writable": [str(key) for key in self.keys.loaded_writable],
                "readonly": [str(key) for key in self.keys.loaded_readonly],
            },
            "computeUnitsConsumed": self.outcome.compute_units_consumed(),
        }
        returned = return_data_json(self.outcome)
        if returned is not None:
            meta["returnData"] = returned
        return meta


def error_json(failed: FailedTransactionMetadata) -> object:
    """The transaction error in Solana's JSON form, e.g. ``{"InstructionError":[2,{"Custom":6005}]}``."""
    return cast(object, json.loads(failed.to_json())["err"])


def status_json(error: object) -> dict[str, object]:
    """The (deprecated) ``status`` member: ``{"Ok": null}`` or ``{"Err": error}``."""
    return {"Ok": None} if error is None else {"Err": error}


def return_data_json(outcome: TransactionMetadata) -> dict[str, object] | None:
    """The program's return data; None when no program returned any."""
    returned = outcome.return_data()
    data = bytes(returned.data)
    if not data:
        return None
    return {
        "programId": str(returned.program_id),
        "data": [b64encode(data).decode(), "base64"],
    }


def inner_instructions_json(outcome: TransactionMetadata) -> list[dict[str, object]]:
    """CPI calls by the index of the top-level instruction that made them."""
    return [
        {"index": index, "instructions": [_inner_json(inner) for inner in inners]}
        for index, inners in enumerate(outcome.inner_instructions())
        if inners
    ]


def _inner_json(inner: InnerInstruction) -> dict[str, object]:
    compiled = inner.instruction()
    return {
        "programIdIndex": compiled.program_id_index,
        "accounts": list(compiled.accounts),
        "data": base58.encode(compiled.data),
        "stackHeight": inner.stack_height(),
    }


def _token_balances(accounts: dict[int, Account], decimals_of: DecimalsOf) -> list[dict[str, object]]:
    balances: list[dict[str, object]] = []
    for index, account in accounts.items():
        found = read_token_account(account)
        decimals = decimals_of(found.mint) if found is not None else None
        if found is None or decimals is None:
            continue
        balances.append(
            {
                "accountIndex": index,
                "mint": str(found.mint),
                "uiTokenAmount": ui_token_amount(found.amount, decimals),
                "owner": str(found.owner),
                "programId": str(account.owner),
            }
        )
    return balances
