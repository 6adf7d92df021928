"""Every method through solana-py's AsyncClient: it must parse every answer."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from solana.rpc.async_api import AsyncClient
from solana.rpc.commitment import Confirmed, Processed
from solana.rpc.core import RPCException
from solana.rpc.models import DataSliceOpts, MemcmpOpts, TokenAccountOpts, TxOpts
from solders.hash import Hash
from solders.keypair import Keypair
from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.system_program import CreateAccountParams, create_account
from solders.transaction_status import (
    InstructionErrorCustom,
    TransactionConfirmationStatus,
    TransactionErrorInstructionError,
)
from spl.token.instructions import (
    create_associated_token_account,
    get_associated_token_address,
    initialize_mint,
    mint_to,
)
from spl.token.models import InitializeMintParams, MintToParams

from dex.config import SYSTEM_PROGRAM, TOKEN_PROGRAM
from dex.localnet.server import Localnet
from tests.dex.localnet.scenes import FRIEND, LARGE, PAYER, SOL, eventually, funded, payment, signed
from tests.localnet_process import running_localnet

SKIP = TxOpts(skip_preflight=True, skip_confirmation=True)


@pytest_asyncio.fixture
async def network() -> AsyncIterator[Localnet]:
    async with running_localnet(funded()) as found:
        yield found


@pytest_asyncio.fixture
async def client(network: Localnet) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(network.url, commitment=Confirmed) as found:
        yield found


async def blockhash_of(client: AsyncClient) -> Hash:
    return (await client.get_latest_blockhash(Confirmed)).value.blockhash


async def confirmed(client: AsyncClient, signature: Signature) -> None:
    await eventually(
        lambda: client.get_signature_statuses([signature]),
        lambda answer: (
            answer.value[0] is not None
            and answer.value[0].confirmation_status != TransactionConfirmationStatus.Processed
        ),
    )


async def test_node_and_slot_methods_are_parsed(client: AsyncClient, network: Localnet) -> None:
    assert await client.is_connected()
    assert (await client.get_version()).value.solana_core == "2.3.0"
    assert (await client.get_genesis_hash()).value == network.chain.genesis_hash
    first = (await client.get_slot(Processed)).value
    await eventually(lambda: client.get_slot(Processed), lambda answer: answer.value >= first + 3)
    assert (await client.get_block_height(Confirmed)).value >= first
    assert (await client.get_epoch_info()).value.slots_in_epoch == 432_000
    assert (await client.get_block_time(1)).value > 1_700_000_000
    assert (await client.get_transaction_count()).value == 0
    fees = (await client.get_recent_prioritization_fees()).value
    assert {fee.prioritization_fee for fee in fees} == {0}
    assert (await client.get_minimum_balance_for_rent_exemption(165)).value == 2_039_280


async def test_blockhash_is_valid_for_150_blocks_from_its_own(client: AsyncClient, network: Localnet) -> None:
    answer = await client.get_latest_blockhash(Confirmed)
    assert answer.value.last_valid_block_height == answer.context.slot + 150
    assert network.chain.is_blockhash_valid(answer.value.blockhash)
    await network.advance(answer.value.last_valid_block_height - network.chain.slot)
    assert network.chain.is_blockhash_valid(answer.value.blockhash)
    await network.advance()
    assert not network.chain.is_blockhash_valid(answer.value.blockhash)


async def test_payment_goes_from_processed_to_confirmed_to_finalized(
    client: AsyncClient, network: Localnet
) -> None:
    transaction = payment(12_345, await blockhash_of(client))
    signature = (await client.send_raw_transaction(bytes(transaction), SKIP)).value
    assert signature == transaction.signatures[0]
    status = (await client.get_signature_statuses([signature])).value[0]
    assert status is not None
    assert status.err is None
    await confirmed(client, signature)
    assert (await client.get_balance(FRIEND, Confirmed)).value == SOL + 12_345
    assert (await client.get_balance(PAYER.pubkey(), Confirmed)).value == 1_000 * SOL - 12_345 - 5_000
    await network.advance(32)
    status = (await client.get_signature_statuses([signature])).value[0]
    assert status is not None
    assert status.confirmation_status == TransactionConfirmationStatus.Finalized
    assert status.confirmations is None


@pytest.mark.parametrize("encoding", ["json", "jsonParsed", "base64", "base58"])
async def test_get_transaction_is_parsed_in_every_encoding(client: AsyncClient, encoding: str) -> None:
    signature = (await client.send_raw_transaction(bytes(payment(5, await blockhash_of(client))), SKIP)).value
    await confirmed(client, signature)
    found = (await client.get_transaction(signature, encoding, Confirmed, 0)).value
    assert found is not None
    meta = found.transaction.meta
    assert meta is not None
    assert (meta.err, meta.fee, meta.compute_units_consumed) == (None, 5_000, 150)
    assert meta.pre_balances[1] + 5 == meta.post_balances[1]
    assert meta.log_messages == [f"Program {SYSTEM_PROGRAM} invoke [1]", f"Program {SYSTEM_PROGRAM} success"]
    listed = (await client.get_signatures_for_address(FRIEND, commitment=Confirmed)).value
    assert [entry.signature for entry in listed] == [signature]


async def test_versioned_transaction_needs_a_caller_that_can_read_it(client: AsyncClient) -> None:
    signature = (await client.send_raw_transaction(bytes(payment(6, await blockhash_of(client))), SKIP)).value
    await confirmed(client, signature)
    with pytest.raises(RPCException) as caught:
        await client.get_transaction(signature, "json", Confirmed)
    assert "UnsupportedTransactionVersion" in type(caught.value.args[0]).__name__


async def test_preflight_refuses_a_known_signature_and_resend_returns_it(client: AsyncClient) -> None:
    raw = bytes(payment(9, await blockhash_of(client)))
    signature = (await client.send_raw_transaction(raw, SKIP)).value
    with pytest.raises(RPCException) as caught:
        await client.send_raw_transaction(raw, TxOpts(preflight_commitment=Confirmed))
    assert "AlreadyProcessed" in str(caught.value.args[0].data.err)
    assert (await client.send_raw_transaction(raw, SKIP)).value == signature
    assert (await client.get_balance(FRIEND, Processed)).value == SOL + 9


async def test_unknown_blockhash_is_refused_by_preflight_and_dropped_without(client: AsyncClient) -> None:
    raw = bytes(payment(9, Hash.hash(b"nowhere")))
    with pytest.raises(RPCException) as caught:
        await client.send_raw_transaction(raw, TxOpts(preflight_commitment=Confirmed))
    assert "BlockhashNotFound" in str(caught.value.args[0].data.err)
    signature = (await client.send_raw_transaction(raw, SKIP)).value
    assert (await client.get_signature_statuses([signature], True)).value == [None]


async def test_failing_program_is_refused_by_preflight_and_lands_without(client: AsyncClient) -> None:
    too_much = payment(5_000 * SOL, await blockhash_of(client))
    with pytest.raises(RPCException) as caught:
        await client.send_raw_transaction(bytes(too_much), TxOpts(preflight_commitment=Confirmed))
    refused = caught.value.args[0]
    assert refused.message == (
        "Transaction simulation failed: Error processing Instruction 0: custom program error: 0x1"
    )
    assert refused.data.units_consumed == 150
    signature = (await client.send_raw_transaction(bytes(too_much), SKIP)).value
    status = (await client.get_signature_statuses([signature])).value[0]
    assert status is not None
    assert status.err is not None
    assert status.err == TransactionErrorInstructionError(0, InstructionErrorCustom(1))
    assert (await client.get_balance(PAYER.pubkey(), Processed)).value == 1_000 * SOL - 5_000


async def test_simulation_leaves_no_trace_and_shows_accounts(client: AsyncClient) -> None:
    transaction = payment(77, Hash.hash(b"any"))
    answer = await client.simulate_transaction(
        transaction, replace_recent_blockhash=True, accounts_addresses=[FRIEND]
    )
    assert answer.value.err is None
    assert answer.value.units_consumed == 150
    assert answer.value.accounts is not None
    assert answer.value.accounts[0] is not None
    assert answer.value.accounts[0].lamports == SOL + 77
    refused = await client.simulate_transaction(transaction)
    assert "BlockhashNotFound" in str(refused.value.err)
    assert (await client.get_balance(FRIEND, Processed)).value == SOL


async def test_airdrop_is_a_transaction_from_the_faucet(client: AsyncClient) -> None:
    someone = Keypair().pubkey()
    signature = (await client.request_airdrop(someone, 3 * SOL)).value
    await confirmed(client, signature)
    assert (await client.get_balance(someone, Confirmed)).value == 3 * SOL


async def test_fee_for_message_counts_signatures(client: AsyncClient) -> None:
    message = payment(1, await blockhash_of(client)).message
    assert (await client.get_fee_for_message(message, Confirmed)).value == 5_000


async def make_mint(client: AsyncClient, mint: Keypair, amount: int) -> Signature:
    payer, address = PAYER.pubkey(), mint.pubkey()
    rent = (await client.get_minimum_balance_for_rent_exemption(82)).value
    instructions = [
        create_account(
            CreateAccountParams(
                from_pubkey=payer, to_pubkey=address, lamports=rent, space=82, owner=TOKEN_PROGRAM
            )
        ),
        initialize_mint(
            InitializeMintParams(decimals=6, mint=address, mint_authority=payer, program_id=TOKEN_PROGRAM)
        ),
        create_associated_token_account(payer, payer, address),
        mint_to(
            MintToParams(
                amount=amount,
                dest=get_associated_token_address(payer, address),
                mint=address,
                mint_authority=payer,
                program_id=TOKEN_PROGRAM,
            )
        ),
    ]
    transaction = signed(instructions, await blockhash_of(client), mint)
    return (await client.send_raw_transaction(bytes(transaction), SKIP)).value


async def test_token_methods_are_parsed_and_exact(client: AsyncClient) -> None:
    mint = Keypair()
    signature = await make_mint(client, mint, 1_234_567)
    await confirmed(client, signature)
    account = get_associated_token_address(PAYER.pubkey(), mint.pubkey())
    balance = (await client.get_token_account_balance(account)).value
    assert (balance.amount, balance.decimals, balance.ui_amount_string) == ("1234567", 6, "1.234567")
    assert (await client.get_token_supply(mint.pubkey())).value.amount == "1234567"
    by_mint = TokenAccountOpts(mint=mint.pubkey())
    listed = (await client.get_token_accounts_by_owner(PAYER.pubkey(), by_mint)).value
    assert [(entry.pubkey, len(entry.account.data)) for entry in listed] == [(account, 165)]
    by_program = TokenAccountOpts(program_id=TOKEN_PROGRAM)
    parsed = (await client.get_token_accounts_by_owner_json_parsed(PAYER.pubkey(), by_program)).value
    assert parsed[0].account.data.parsed["info"]["tokenAmount"]["amount"] == "1234567"
    details = (await client.get_transaction(signature, "json", Confirmed, 0)).value
    assert details is not None
    assert details.transaction.meta is not None
    assert details.transaction.meta.pre_token_balances == []
    [moved] = details.transaction.meta.post_token_balances or []
    assert (moved.mint, moved.owner, moved.program_id) == (mint.pubkey(), PAYER.pubkey(), TOKEN_PROGRAM)
    assert moved.ui_token_amount.amount == "1234567"
    inner = details.transaction.meta.inner_instructions
    assert inner is not None
    assert [entry.index for entry in inner] == [2]


async def test_program_accounts_pass_filters(client: AsyncClient) -> None:
    mint = Keypair()
    await confirmed(client, await make_mint(client, mint, 5))
    of_mint = MemcmpOpts(offset=0, bytes=str(mint.pubkey()))
    found = (
        await client.get_program_accounts(TOKEN_PROGRAM, encoding="base64", filters=[165, of_mint])
    ).value
    assert [entry.pubkey for entry in found] == [get_associated_token_address(PAYER.pubkey(), mint.pubkey())]
    sliced = await client.get_program_accounts(
        TOKEN_PROGRAM, encoding="base64", data_slice=DataSliceOpts(offset=64, length=8), filters=[165]
    )
    assert [entry.account.data for entry in sliced.value] == [(5).to_bytes(8, "little")]
    parsed = (await client.get_program_accounts_json_parsed(TOKEN_PROGRAM, filters=[82])).value
    assert parsed[0].account.data.parsed["info"]["decimals"] == 6
    other = MemcmpOpts(offset=0, bytes=str(FRIEND))
    assert (await client.get_program_accounts(TOKEN_PROGRAM, filters=[165, other])).value == []


async def test_accounts_are_read_in_every_encoding(client: AsyncClient) -> None:
    for encoding in ("base58", "base64"):
        found = (await client.get_account_info(FRIEND, encoding=encoding)).value
        assert found is not None
        assert (found.lamports, found.owner, found.data) == (SOL, SYSTEM_PROGRAM, b"")
    nobody = Pubkey.new_unique()
    several = (await client.get_multiple_accounts([FRIEND, nobody])).value
    assert several[0] is not None
    assert several[1] is None
    with pytest.raises(RPCException) as caught:
        await client.get_account_info(LARGE, encoding="base58")
    assert "128 bytes" in str(caught.value)
    parsed = (await client.get_account_info_json_parsed(FRIEND)).value
    assert parsed is not None
    assert parsed.lamports == SOL
