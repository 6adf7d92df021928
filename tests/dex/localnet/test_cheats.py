"""Cheat calls by surfpool's names do what clients know of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest
import pytest_asyncio
from solana.rpc.commitment import Processed
from solana.rpc.websocket_api import SolanaWsClient

from dex.config import TOKEN_2022_PROGRAM
from dex.localnet.blocks import Commitment
from dex.localnet.genesis_tokens import FEE_TOKEN
from dex.localnet.server import Localnet
from dex.localnet.token_accounts import read_token_account
from dex.transactions.token_accounts import associated_token_address
from tests.dex.localnet.network_swaps import MINTS, options
from tests.dex.localnet.scenes import FRIEND, LARGE, PAYER, SOL, eventually, funded
from tests.localnet_process import running_localnet

PROGRAM = "JUP6LkbZbjS1jKKwapdHNy74zcZ3tLUZoi5QNyVTaV4"


@pytest_asyncio.fixture
async def network() -> AsyncIterator[Localnet]:
    async with running_localnet(replace(options(), allow_faults=True)) as found:
        yield found


@pytest_asyncio.fixture
async def http(network: Localnet) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=network.url) as found:
        yield found


async def post(http: httpx2.AsyncClient, method: str, *params: object) -> dict[str, object]:
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    found: dict[str, object] = (await http.post("/", json=request)).json()
    return found


async def test_an_account_is_made_and_changed_by_its_parts(
    http: httpx2.AsyncClient, network: Localnet
) -> None:
    answer = await post(http, "surfnet_setAccount", str(FRIEND), {"lamports": 7, "data": "00ff10"})
    assert answer["result"]["value"] is None
    await post(http, "surfnet_setAccount", str(FRIEND), {"owner": PROGRAM})
    account = network.chain.account(FRIEND, Commitment.PROCESSED)
    assert account is not None
    assert (account.lamports, account.data, str(account.owner)) == (7, b"\x00\xff\x10", PROGRAM)


async def test_a_token_account_is_made_and_changed_by_its_parts(
    http: httpx2.AsyncClient, network: Localnet
) -> None:
    update = {"amount": 5_000_000, "delegate": str(LARGE), "delegatedAmount": 3, "state": "frozen"}
    await post(http, "surfnet_setTokenAccount", str(FRIEND), str(MINTS["USDC"]), update)
    address = associated_token_address(FRIEND, MINTS["USDC"])
    account = network.chain.account(address, Commitment.PROCESSED)
    assert account is not None
    found = read_token_account(account)
    assert found is not None
    assert (found.owner, found.amount, found.delegate, found.delegated_amount, found.state) == (
        FRIEND,
        5_000_000,
        LARGE,
        3,
        "frozen",
    )
    clearing = {"delegate": "null", "state": "initialized", "closeAuthority": str(LARGE)}
    await post(http, "surfnet_setTokenAccount", str(FRIEND), str(MINTS["USDC"]), clearing)
    account = network.chain.account(address, Commitment.PROCESSED)
    assert account is not None
    found = read_token_account(account)
    assert found is not None
    assert (found.amount, found.delegate, found.state, found.close_authority) == (
        5_000_000,
        None,
        "initialized",
        LARGE,
    )


async def test_wrapped_sol_is_given_as_lamports_too(http: httpx2.AsyncClient, network: Localnet) -> None:
    for amount in (SOL, 5):
        await post(http, "surfnet_setTokenAccount", str(FRIEND), str(MINTS["SOL"]), {"amount": amount})
        address = associated_token_address(FRIEND, MINTS["SOL"])
        account = network.chain.account(address, Commitment.PROCESSED)
        assert account is not None
        assert account.lamports == 2_039_280 + amount


async def test_travelling_opens_the_slot_and_answers_the_epoch(
    http: httpx2.AsyncClient, network: Localnet
) -> None:
    await post(http, "surfnet_pauseClock")
    wanted = network.chain.slot + 500
    answer = await post(http, "surfnet_timeTravel", {"absoluteSlot": wanted})
    assert answer["result"]["absoluteSlot"] == wanted == network.chain.slot
    assert network.chain.confirmed_slot == wanted - 1


async def test_a_paused_clock_closes_no_slot_until_it_is_resumed(http: httpx2.AsyncClient) -> None:
    async def slot() -> int:
        answer = await post(http, "getSlot", {"commitment": "processed"})
        return int(str(answer["result"]))

    paused = (await post(http, "surfnet_pauseClock"))["result"]["absoluteSlot"]
    # A slot of this network is 20 ms; this many answers take longer.
    assert {await slot() for _ in range(200)} == {paused}
    await post(http, "surfnet_resumeClock")
    await eventually(slot, lambda found: found > paused)


async def test_subscribers_are_told_of_a_cheat(network: Localnet, http: httpx2.AsyncClient) -> None:
    async with SolanaWsClient(network.websocket_url) as websocket:
        await websocket.account_subscribe(pubkey=FRIEND, commitment=Processed)
        await post(http, "surfnet_setAccount", str(FRIEND), {"lamports": 123})
        told = (await asyncio.wait_for(websocket.recv(), 5)).result
        assert told.value.lamports == 123


@pytest.mark.parametrize(
    ("method", "params", "reason"),
    [
        ("surfnet_setAccount", [str(FRIEND), {"data": "0x00"}], "data is not hex"),
        ("surfnet_setAccount", [str(FRIEND), {"executable": True}], "programs are loaded by --program"),
        ("surfnet_setAccount", [str(FRIEND), {"lamport": 1}], "unknown field `lamport`"),
        ("surfnet_setAccount", [str(FRIEND), {"lamports": -1}], "expected u64"),
        ("surfnet_setTokenAccount", [str(FRIEND), str(LARGE), {"amount": 1}], "not a mint"),
        ("surfnet_setTokenAccount", [str(FRIEND), str(MINTS["USDC"]), {"state": "x"}], "unknown variant"),
        ("surfnet_timeTravel", [{"absoluteTimestamp": 1}], "only absoluteSlot"),
        ("surfnet_timeTravel", [{"absoluteSlot": 0}], "absoluteSlot is"),
    ],
)
async def test_a_cheat_that_cannot_be_done_is_refused(
    http: httpx2.AsyncClient, method: str, params: list[object], reason: str
) -> None:
    error = (await post(http, method, *params))["error"]
    assert error["code"] == -32602
    assert reason in error["message"]


async def test_a_token_2022_account_must_exist(http: httpx2.AsyncClient) -> None:
    program = str(TOKEN_2022_PROGRAM)
    answer = await post(
        http, "surfnet_setTokenAccount", str(FRIEND), str(FEE_TOKEN.mint), {"amount": 1}, program
    )
    assert "does not exist" in answer["error"]["message"]


async def test_cheats_do_not_exist_unless_faults_are_allowed() -> None:
    async with (
        running_localnet(replace(funded(), allow_faults=False)) as network,
        httpx2.AsyncClient(base_url=network.url) as http,
    ):
        answer = await post(http, "surfnet_setAccount", str(PAYER.pubkey()), {"lamports": 1})
        assert answer["error"]["code"] == -32601
