"""Transactions that load accounts from an address lookup table."""

from __future__ import annotations

from dataclasses import replace

from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.instruction import Instruction
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from dex.localnet.blocks import Commitment
from dex.localnet.chain import Chain
from dex.localnet.server import open_chain
from dex.transactions.lookup_tables import SLOTS_UNTIL_CLOSED, read_lookup_table
from dex.transactions.table_instructions import (
    close_table,
    create_table,
    deactivate_table,
    extend_table,
    table_address,
)
from dex.types import AccountData
from tests.dex.localnet.scenes import FRIEND, LARGE, PAYER, SOL, funded, signed

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


def executed(chain: Chain, *instructions: Instruction) -> object:
    """The error of a transaction of the payer, None where it did what it was to do; then a slot goes by."""
    blockhash, _ = chain.latest_blockhash(Commitment.PROCESSED)
    transaction = signed(instructions, blockhash)
    simulated = chain.simulate(transaction)
    execution = chain.execute(transaction)
    assert execution is not None
    assert simulated.error == execution.error
    chain.advance()
    return execution.error


def test_the_program_makes_fills_ends_and_closes_a_table() -> None:
    chain = open_chain(funded())
    chain.advance(2)
    payer = PAYER.pubkey()
    recent = chain.slot - 1
    address = table_address(payer, recent)
    assert executed(chain, create_table(payer, recent), extend_table(address, payer, [FRIEND, LARGE])) is None
    account = chain.account(address, Commitment.CONFIRMED)
    assert account is not None
    made = read_lookup_table(address, AccountData(account.owner, account.lamports, bytes(account.data)))
    assert (made.authority, made.addresses, made.deactivated_at) == (payer, (FRIEND, LARGE), None)
    assert (made.usable(made.extended_at), made.usable(chain.slot)) == ((), (FRIEND, LARGE))
    ended_at = chain.slot
    assert executed(chain, deactivate_table(address, payer)) is None
    too_early = {"InstructionError": [0, "InvalidArgument"]}
    assert executed(chain, close_table(address, payer)) == too_early
    chain.advance(ended_at + SLOTS_UNTIL_CLOSED - 1 - chain.slot)
    assert executed(chain, close_table(address, payer)) == too_early
    assert executed(chain, close_table(address, payer)) is None
    assert chain.account(address, Commitment.CONFIRMED) is None
    chain.ledger.close()


def test_a_table_is_not_made_with_a_slot_that_is_none() -> None:
    chain = open_chain(funded())
    chain.advance(2)
    refused = {"InstructionError": [0, "InvalidInstructionData"]}
    assert executed(chain, create_table(PAYER.pubkey(), chain.slot + 5)) == refused
    chain.ledger.close()
