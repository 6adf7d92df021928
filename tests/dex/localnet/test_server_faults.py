"""Faults on demand do what they say, and nothing else."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx2
import pytest
import pytest_asyncio

from dex.localnet.blocks import Commitment
from dex.localnet.server import Localnet
from tests.dex.localnet.scenes import FRIEND, SOL, funded, payment
from tests.localnet_process import running_localnet


@pytest_asyncio.fixture
async def network() -> AsyncIterator[Localnet]:
    async with running_localnet(funded()) as found:
        yield found


@pytest_asyncio.fixture
async def http(network: Localnet) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=network.url) as found:
        yield found


async def post(http: httpx2.AsyncClient, method: str, *params: object) -> httpx2.Response:
    return await http.post("/", json={"jsonrpc": "2.0", "id": 1, "method": method, "params": params})


async def ask(http: httpx2.AsyncClient, method: str, *params: object) -> object:
    return (await post(http, method, *params)).json()["result"]


async def send(http: httpx2.AsyncClient, network: Localnet, lamports: int) -> httpx2.Response:
    transaction = payment(lamports, network.chain.latest_blockhash(Commitment.PROCESSED)[0])
    raw = b64encode(bytes(transaction)).decode()
    return await post(http, "sendTransaction", raw, {"encoding": "base64", "skipPreflight": True})


def balance(network: Localnet) -> int:
    account = network.chain.account(FRIEND, Commitment.PROCESSED)
    assert account is not None
    return account.lamports


@pytest.mark.parametrize(("kind", "status"), [("busy", 429), ("unavailable", 503), ("land_error", 500)])
async def test_http_faults_hit_the_named_method_count_times(
    http: httpx2.AsyncClient, kind: str, status: int
) -> None:
    assert await ask(http, "localnet_setFault", {"method": "getSlot", "kind": kind, "count": 2})
    assert (await post(http, "getHealth")).status_code == 200
    assert [(await post(http, "getSlot")).status_code for _ in range(3)] == [status, status, 200]


async def test_a_share_of_the_calls_fails_evenly_until_reset_or_counted_out(http: httpx2.AsyncClient) -> None:
    async def statuses(calls: int) -> list[int]:
        return [(await post(http, "getSlot")).status_code for _ in range(calls)]

    await ask(http, "localnet_setFault", {"method": "getSlot", "kind": "busy", "percent": 25})
    assert await statuses(8) == [200, 200, 200, 429] * 2
    await ask(http, "localnet_resetFaults")
    await ask(http, "localnet_setFault", {"method": "*", "kind": "unavailable", "percent": 50, "count": 2})
    assert await statuses(6) == [200, 503, 200, 503, 200, 200]
    answer = await post(http, "localnet_setFault", {"kind": "busy", "percent": 101})
    assert answer.json()["error"]["code"] == -32602


async def test_airdrop_limit_has_the_shape_of_devnets(http: httpx2.AsyncClient) -> None:
    await ask(http, "localnet_setFault", {"method": "requestAirdrop", "kind": "airdrop_limit"})
    answer = await post(http, "requestAirdrop", str(FRIEND), 5)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, 429)
    assert (await post(http, "requestAirdrop", str(FRIEND), 5)).status_code == 200


async def test_dropped_send_runs_nothing_and_land_drop_runs(
    http: httpx2.AsyncClient, network: Localnet
) -> None:
    for kind, landed in (("drop", 0), ("land_drop", 11), ("land_error", 23)):
        await ask(http, "localnet_setFault", {"method": "sendTransaction", "kind": kind})
        if kind == "land_error":
            assert (await send(http, network, 12)).status_code == 500
        else:
            with pytest.raises(httpx2.TransportError):
                await send(http, network, 11)
        assert balance(network) == SOL + landed


async def test_swallowed_send_answers_and_is_lost(http: httpx2.AsyncClient, network: Localnet) -> None:
    await ask(http, "localnet_setFault", {"method": "sendTransaction", "kind": "swallow"})
    signature = (await send(http, network, 10)).json()["result"]
    assert len(signature) >= 64
    assert balance(network) == SOL
    assert (await ask(http, "getSignatureStatuses", [signature]))["value"] == [None]


async def test_delay_garbage_behind_and_reset(http: httpx2.AsyncClient) -> None:
    await ask(http, "localnet_setFault", {"method": "getSlot", "kind": "delay", "delayMs": 60})
    begun = time.monotonic()
    await ask(http, "getSlot")
    assert time.monotonic() - begun >= 0.06
    await ask(http, "localnet_setFault", {"method": "*", "kind": "garbage"})
    assert (await post(http, "getSlot")).text == "<html>gateway</html>"
    await ask(http, "localnet_setFault", {"method": "*", "kind": "behind"})
    assert (await post(http, "getSlot")).json()["error"]["code"] == -32005
    await ask(http, "localnet_setFault", {"method": "*", "kind": "busy", "count": 100})
    await ask(http, "localnet_resetFaults")
    assert (await post(http, "getSlot")).status_code == 200


async def test_advance_expires_a_blockhash(http: httpx2.AsyncClient, network: Localnet) -> None:
    blockhash, last_valid = network.chain.latest_blockhash(Commitment.PROCESSED)
    await ask(http, "localnet_advance", {"slots": last_valid - network.chain.slot + 1})
    assert not network.chain.is_blockhash_valid(blockhash)


async def test_forked_away_signature_is_gone_and_the_rest_stays(
    http: httpx2.AsyncClient, network: Localnet
) -> None:
    first = (await send(http, network, 1_000)).json()["result"]
    await network.advance()
    second = (await send(http, network, 20)).json()["result"]
    await network.advance(2)
    assert network.chain.transaction(first, Commitment.CONFIRMED) is not None
    assert await ask(http, "localnet_forkAway", {"signature": first}) is True
    statuses = await ask(http, "getSignatureStatuses", [first, second], {"searchTransactionHistory": True})
    assert statuses["value"][0] is None
    assert statuses["value"][1]["confirmationStatus"] == "confirmed"
    assert network.chain.transaction(first, Commitment.CONFIRMED) is None
    assert balance(network) == SOL + 20
    await network.advance(40)
    assert await ask(http, "localnet_forkAway", {"signature": second}) is False
    assert network.chain.ledger.status(second) is not None


async def test_fault_methods_do_not_exist_unless_allowed() -> None:
    async with (
        running_localnet(replace(funded(), allow_faults=False)) as network,
        httpx2.AsyncClient(base_url=network.url) as http,
    ):
        answer = await post(http, "localnet_advance", {"slots": 1})
        assert answer.json()["error"]["code"] == -32601
