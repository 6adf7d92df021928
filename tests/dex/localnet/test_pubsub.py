"""Subscriptions through solana-py's WebSocket client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest_asyncio
from solana.rpc.commitment import Confirmed, Processed
from solana.rpc.websocket_api import SolanaWsClient
from solders.rpc.config import RpcTransactionLogsFilter, RpcTransactionLogsFilterMentions
from websockets.asyncio.client import connect

from dex.config import SYSTEM_PROGRAM
from dex.localnet.blocks import Commitment
from dex.localnet.server import Localnet
from tests.dex.localnet.scenes import FRIEND, SOL, funded, payment
from tests.localnet_process import running_localnet


@pytest_asyncio.fixture
async def network() -> AsyncIterator[Localnet]:
    async with running_localnet(funded()) as found:
        yield found


@pytest_asyncio.fixture
async def websocket(network: Localnet) -> AsyncIterator[SolanaWsClient]:
    async with SolanaWsClient(network.websocket_url) as found:
        yield found


async def notification(websocket: SolanaWsClient) -> object:
    return (await asyncio.wait_for(websocket.recv(), 5)).result


def pay(network: Localnet, lamports: int) -> str:
    transaction = payment(lamports, network.chain.latest_blockhash(Commitment.PROCESSED)[0])
    execution = network.chain.execute(transaction)
    assert execution is not None
    return execution.signature


async def test_signature_is_told_once_at_each_commitment(
    network: Localnet, websocket: SolanaWsClient
) -> None:
    transaction = payment(5, network.chain.latest_blockhash(Commitment.PROCESSED)[0])
    for commitment in (Processed, Confirmed):
        await websocket.signature_subscribe(signature=transaction.signatures[0], commitment=commitment)
    network.chain.execute(transaction)
    landed = network.chain.recent_status(str(transaction.signatures[0]))
    assert landed is not None
    for _ in range(2):
        told = await notification(websocket)
        assert (told.context.slot, told.value.err) == (landed.slot, None)
    await websocket.signature_subscribe(signature=transaction.signatures[0], commitment=Confirmed)
    assert (await notification(websocket)).value.err is None


async def test_account_and_program_changes_are_told(network: Localnet, websocket: SolanaWsClient) -> None:
    await websocket.account_subscribe(pubkey=FRIEND, commitment=Confirmed, encoding="base64")
    pay(network, 77)
    told = await notification(websocket)
    assert (told.value.lamports, told.value.owner) == (SOL + 77, SYSTEM_PROGRAM)


async def test_program_subscription_names_the_account(network: Localnet, websocket: SolanaWsClient) -> None:
    await websocket.program_subscribe(program_id=SYSTEM_PROGRAM, commitment=Processed, encoding="base64")
    pay(network, 78)
    told = [await notification(websocket) for _ in range(2)]
    assert {entry.value.pubkey: entry.value.account.lamports for entry in told}[FRIEND] == SOL + 78


async def test_logs_are_told_to_all_and_to_the_mentioned(
    network: Localnet, websocket: SolanaWsClient
) -> None:
    await websocket.logs_subscribe(filter_=RpcTransactionLogsFilter.All, commitment=Processed)
    await websocket.logs_subscribe(filter_=RpcTransactionLogsFilterMentions(FRIEND), commitment=Confirmed)
    signature = pay(network, 79)
    for _ in range(2):
        told = await notification(websocket)
        assert str(told.value.signature) == signature
        assert told.value.logs[0] == f"Program {SYSTEM_PROGRAM} invoke [1]"


async def test_slots_are_told_until_unsubscribed(network: Localnet, websocket: SolanaWsClient) -> None:
    subscription = await websocket.slot_subscribe()
    first, second = [await notification(websocket) for _ in range(2)]
    assert (second.slot, second.parent) == (first.slot + 1, first.slot)
    await websocket.unsubscribe(subscription)


async def test_errors_have_solanas_shape(network: Localnet) -> None:
    async with connect(network.websocket_url) as raw:
        for sent, code in (
            ("{", -32700),
            ("[1]", -32600),
            ('{"jsonrpc":"2.0","id":1,"method":"blockSubscribe"}', -32601),
            ('{"jsonrpc":"2.0","id":1,"method":"accountSubscribe","params":["x"]}', -32602),
            ('{"jsonrpc":"2.0","id":1,"method":"slotUnsubscribe","params":[99]}', -32602),
        ):
            await raw.send(sent)
            assert json.loads(await asyncio.wait_for(raw.recv(), 5))["error"]["code"] == code
