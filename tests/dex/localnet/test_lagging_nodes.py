"""Several nodes of one chain: each fails and lags on its own, and what one takes all have."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest_asyncio
from solders.hash import Hash

from dex.localnet.command_line import read_command_line
from dex.localnet.server import Localnet
from tests.dex.localnet.scenes import FRIEND, SOL, funded, payment
from tests.localnet_process import running_localnet

PROCESSED = {"commitment": "processed"}
NEVER_MS = 3_600_000


@pytest_asyncio.fixture
async def network() -> AsyncIterator[Localnet]:
    """Two nodes; slots close only when the test says so."""
    async with running_localnet(replace(funded(), nodes=2, slot_ms=NEVER_MS)) as found:
        await found.advance(40)
        yield found


class Node:
    """One node's methods."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def post(self, method: str, *params: object) -> httpx2.Response:
        async with httpx2.AsyncClient(base_url=self._url) as http:
            request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
            return await http.post("/", json=request)

    async def ask(self, method: str, *params: object) -> object:
        return (await self.post(method, *params)).json()["result"]

    async def value(self, method: str, *params: object) -> object:
        found = await self.ask(method, *params)
        assert isinstance(found, dict)
        return found["value"]

    async def slot(self, commitment: str) -> int:
        found = await self.ask("getSlot", {"commitment": commitment})
        assert isinstance(found, int)
        return found

    async def pay(self, blockhash: Hash, **options: object) -> httpx2.Response:
        raw = b64encode(bytes(payment(777, blockhash))).decode()
        return await self.post("sendTransaction", raw, {"encoding": "base64", **options})


async def test_a_node_stands_still_until_it_is_far_enough_behind(network: Localnet) -> None:
    good, slow = (Node(url) for url in network.urls)
    head = await good.slot("processed")
    assert await slow.slot("processed") == head
    await slow.ask("localnet_setLag", {"slots": 100})
    # What was finalized before is all the history that there was: from there on it waits.
    stopped = await slow.slot("processed")
    assert stopped == head - 32
    await network.advance(60)
    assert await good.slot("processed") == head + 60
    assert {await slow.slot(level) for level in ("processed", "confirmed", "finalized")} == {stopped}
    await network.advance(60)
    assert await slow.slot("processed") == head + 120 - 100
    assert await slow.slot("confirmed") == await good.slot("confirmed") - 100
    await slow.ask("localnet_resetFaults")
    assert await slow.slot("processed") == head + 120


async def test_a_lagging_node_reads_the_past_and_forwards_to_the_present(network: Localnet) -> None:
    good, slow = (Node(url) for url in network.urls)
    await slow.ask("localnet_setLag", {"slots": 20})
    blockhash = Hash.from_string((await good.value("getLatestBlockhash", PROCESSED))["blockhash"])  # type: ignore[index]
    refused = (await slow.pay(blockhash)).json()["error"]
    assert (refused["code"], refused["data"]["err"]) == (-32002, "BlockhashNotFound")
    signature = (await slow.pay(blockhash, skipPreflight=True)).json()["result"]
    assert await good.value("getBalance", str(FRIEND), PROCESSED) == SOL + 777
    assert await slow.value("getBalance", str(FRIEND), PROCESSED) == SOL
    assert await slow.value("getSignatureStatuses", [signature]) == [None]
    assert (await good.value("getSignatureStatuses", [signature])) != [None]
    assert await slow.value("isBlockhashValid", str(blockhash), PROCESSED) is False
    await network.advance(20)
    assert await slow.value("getBalance", str(FRIEND), PROCESSED) == SOL + 777
    [status] = await slow.value("getSignatureStatuses", [signature])  # type: ignore[misc]
    assert status["confirmationStatus"] == "processed"


async def test_a_lagging_node_refuses_a_min_context_slot_and_knows_when_it_is_ill(network: Localnet) -> None:
    good, slow = (Node(url) for url in network.urls)
    await slow.ask("localnet_setLag", {"slots": 200})
    answer = (
        await slow.post(
            "getBalance",
            str(FRIEND),
            {"commitment": "confirmed", "minContextSlot": await good.slot("confirmed")},
        )
    ).json()
    assert answer["error"]["code"] == -32016
    assert await slow.ask("getHealth") == "ok"
    await network.advance(200)
    answer = (await slow.post("getHealth")).json()
    assert answer["error"] == {
        "code": -32005,
        "message": "Node is behind by 200 slots",
        "data": {"numSlotsBehind": 200},
    }
    assert await good.ask("getHealth") == "ok"


async def test_faults_are_those_of_one_node(network: Localnet) -> None:
    good, bad = (Node(url) for url in network.urls)
    await bad.ask("localnet_setFault", {"kind": "unavailable", "percent": 100})
    assert (await bad.post("getSlot")).status_code == 503
    assert (await good.post("getSlot")).status_code == 200


async def test_a_lag_beyond_what_is_kept_is_refused(network: Localnet) -> None:
    [first, _] = network.urls
    answer = (await Node(first).post("localnet_setLag", {"slots": 1_001})).json()
    assert answer["error"]["code"] == -32602


def test_the_number_of_nodes_is_read_from_the_command_line() -> None:
    assert read_command_line(["--nodes", "3"]).options.nodes == 3
