"""A transaction on a fork brings what it names: programs with their code, tables with what they hold."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import httpx2
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.instruction import Instruction
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import (
    CreateAccountWithSeedParams,
    TransferParams,
    create_account_with_seed,
    transfer,
)
from solders.transaction import VersionedTransaction

from dex.config import SYSTEM_PROGRAM, TOKEN_PROGRAM
from dex.localnet.blocks import Commitment
from dex.localnet.fork.seeded import seeded_accounts
from dex.localnet.genesis import localnet_keypair
from dex.localnet.programs import BUNDLED, RAYDIUM_CPMM
from dex.localnet.server import Localnet
from tests.dex.localnet.forks import fork_of, running_fork
from tests.dex.localnet.scenes import FRIEND, PAYER, SOL, funded
from tests.dex.localnet.test_lookup_tables import TABLE, table_account
from tests.localnet_process import running_localnet

PROGRAM = localnet_keypair("some program", 1).pubkey()


async def simulated(network: Localnet, *instructions: Instruction) -> dict[str, object]:
    """The node's answer to a simulation of the payer's transaction that uses the lookup table."""
    blockhash, _ = network.chain.latest_blockhash(Commitment.FINALIZED)
    table = AddressLookupTableAccount(TABLE, [FRIEND])
    message = MessageV0.try_compile(PAYER.pubkey(), list(instructions), [table], blockhash)
    raw = b64encode(bytes(VersionedTransaction(message, [PAYER]))).decode()
    options = {"encoding": "base64", "accounts": {"addresses": [str(FRIEND)], "encoding": "base64"}}
    request = {"jsonrpc": "2.0", "id": 1, "method": "simulateTransaction", "params": [raw, options]}
    async with httpx2.AsyncClient(base_url=network.url) as http:
        value: dict[str, object] = (await http.post("/", json=request)).json()["result"]["value"]
    return value


async def test_a_program_runs_with_the_parents_code_when_it_is_first_named(tmp_path: Path) -> None:
    with_program = replace(funded(), programs={PROGRAM: BUNDLED[RAYDIUM_CPMM]})
    async with (
        running_localnet(with_program) as parent,
        running_fork(fork_of(parent, tmp_path, pairs=())) as fork,
    ):
        value = await simulated(fork.network, Instruction(PROGRAM, b"no such instruction", []))
        # The fallback error of that program's own code.
        assert value["err"] == {"InstructionError": [0, {"Custom": 101}]}
        unknown = await simulated(fork.network, Instruction(FRIEND, b"", []))
        assert unknown["err"] == "InvalidProgramForExecution"


async def test_a_lookup_table_and_what_it_holds_are_loaded(tmp_path: Path) -> None:
    options = funded()
    with_table = replace(options, genesis=lambda _fund: {**options.genesis(()), TABLE: table_account()})
    async with (
        running_localnet(with_table) as parent,
        running_fork(fork_of(parent, tmp_path, pairs=())) as fork,
    ):
        pay = transfer(TransferParams(from_pubkey=PAYER.pubkey(), to_pubkey=FRIEND, lamports=42))
        value = await simulated(fork.network, pay)
        assert value["err"] is None
        [friend] = value["accounts"]  # type: ignore[misc]
        assert friend["lamports"] == SOL + 42


def test_accounts_made_from_a_seed_are_told_with_their_base() -> None:
    base = PAYER.pubkey()
    made = Pubkey.create_with_seed(base, "order 7", TOKEN_PROGRAM)

    def instruction(to: Pubkey) -> Instruction:
        return create_account_with_seed(
            CreateAccountWithSeedParams(
                from_pubkey=base,
                to_pubkey=to,
                base=base,
                seed="order 7",
                lamports=5,
                space=165,
                owner=TOKEN_PROGRAM,
            )
        )

    def message(*instructions: Instruction) -> MessageV0:
        return MessageV0.try_compile(base, list(instructions), [], funded_hash)

    funded_hash = VersionedTransaction.default().message.recent_blockhash
    assert list(seeded_accounts(message(instruction(made)))) == [(made, base)]
    # Not derived from the base, cut short, or another program's.
    assert list(seeded_accounts(message(instruction(FRIEND)))) == []
    whole = instruction(made)
    short = Instruction(SYSTEM_PROGRAM, bytes(whole.data)[:-1], whole.accounts)
    other = Instruction(FRIEND, bytes(whole.data), whole.accounts)
    assert list(seeded_accounts(message(short, other))) == []
