"""Transactions that load accounts from an address lookup table."""

from __future__ import annotations

from dataclasses import replace

from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from dex.localnet.blocks import Commitment
from dex.localnet.server import open_chain
from dex.types import AccountData
from tests.dex.localnet.scenes import FRIEND, PAYER, SOL, funded

LOOKUP_PROGRAM = Pubkey.from_string("AddressLookupTab1e1111111111111111111111111")
TABLE = Pubkey.from_string("7Zb1bGi32pfsrBkzWdqd4dFhUXwp5Nybr1zuaEwN34hy")


def table_account() -> AccountData:
    """Active since slot 0, holding one address (layout: address-lookup-table interface, state.rs)."""
    header = (1).to_bytes(4, "little") + b"\xff" * 8 + bytes(8) + bytes(1) + bytes(35)
    return AccountData(LOOKUP_PROGRAM, SOL, header + bytes(FRIEND))


def test_loaded_accounts_are_paid_listed_and_found_in_history() -> None:
    options = funded()
    chain = open_chain(
        replace(options, genesis=lambda _fund: {**options.genesis(()), TABLE: table_account()})
    )
    chain.advance()
    pay = transfer(TransferParams(from_pubkey=PAYER.pubkey(), to_pubkey=FRIEND, lamports=42))
    table = AddressLookupTableAccount(TABLE, [FRIEND])
    blockhash, _ = chain.latest_blockhash(Commitment.PROCESSED)
    message = MessageV0.try_compile(PAYER.pubkey(), [pay], [table], blockhash)
    assert FRIEND not in message.account_keys
    execution = chain.execute(VersionedTransaction(message, [PAYER]))
    assert execution is not None
    assert execution.error is None
    chain.advance()
    record = chain.transaction(execution.signature, Commitment.CONFIRMED)
    assert record is not None
    assert record.meta["loadedAddresses"] == {"writable": [str(FRIEND)], "readonly": []}
    assert record.meta["postBalances"][-1] == SOL + 42
    [found] = chain.transactions_mentioning(FRIEND, Commitment.CONFIRMED, None, None, 10)
    assert found.signature == execution.signature
    account = chain.account(FRIEND, Commitment.CONFIRMED)
    assert account is not None
    assert account.lamports == SOL + 42
    chain.ledger.close()


def test_missing_lookup_table_never_lands() -> None:
    chain = open_chain(funded())
    pay = transfer(TransferParams(from_pubkey=PAYER.pubkey(), to_pubkey=FRIEND, lamports=42))
    blockhash, _ = chain.latest_blockhash(Commitment.PROCESSED)
    table = AddressLookupTableAccount(TABLE, [FRIEND])
    message = MessageV0.try_compile(PAYER.pubkey(), [pay], [table], blockhash)
    assert chain.execute(VersionedTransaction(message, [PAYER])) is None
    chain.ledger.close()
