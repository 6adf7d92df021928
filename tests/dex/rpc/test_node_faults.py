"""The node client against a running localnet that misbehaves: what is known, and what is not."""

import asyncio
import json
import urllib.request

import pytest

from dex.errors import ChainAnswerInvalid, ChainBusy, ChainUnreachable
from dex.localnet.server import Localnet
from dex.rpc.absence import APART_SLOTS, DeadCheck, Fate
from dex.rpc.answers import SendKind
from dex.rpc.confirmation import executed_swap
from dex.rpc.node import SolanaRpc
from tests.dex.localnet.network_swaps import MINTS, WALLET, options, quoted, settled, signed_swap
from tests.localnet_process import running_localnet


@pytest.fixture
async def network():
    async with running_localnet(options(faults=True)) as network:
        yield network


@pytest.fixture
async def rpc(network):
    client = SolanaRpc(network.url, timeout_seconds=0.5)
    yield client
    await client.aclose()


async def set_fault(network: Localnet, method: str, kind: str, delay_ms: int = 0) -> None:
    params = {"method": method, "kind": kind, "count": 1, "delayMs": delay_ms}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "localnet_setFault", "params": [params]})
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(network.url, body.encode(), headers)
    answer = await asyncio.to_thread(lambda: json.load(urllib.request.urlopen(request, timeout=120)))
    assert "error" not in answer, answer


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("drop", ChainUnreachable),
        ("land_drop", ChainUnreachable),
        ("land_error", ChainUnreachable),
        ("unavailable", ChainUnreachable),
        ("busy", ChainBusy),
        ("behind", ChainBusy),
        ("garbage", ChainAnswerInvalid),
    ],
)
async def test_a_fault_of_a_read_is_its_error_and_the_next_read_works(network, rpc, kind, expected):
    await set_fault(network, "getSlot", kind)
    with pytest.raises(expected):
        await rpc.slot()
    assert await rpc.slot() >= 0


async def test_an_answer_that_comes_too_late_is_none(network, rpc):
    await set_fault(network, "getSlot", "delay", delay_ms=1_500)
    with pytest.raises(ChainUnreachable):
        await rpc.slot()


@pytest.mark.parametrize("kind", ["land_error", "land_drop"])
async def test_a_send_that_landed_behind_a_fault_is_unknown_and_its_status_tells(network, rpc, kind):
    quote, plan = await quoted(rpc, "SOL", "USDC", 1_500_000)
    signed = signed_swap(plan)
    await set_fault(network, "sendTransaction", kind)
    [outcome] = await rpc.send([signed.raw])
    assert outcome.kind is SendKind.UNKNOWN
    executed = executed_swap(await settled(rpc, signed.signature), WALLET, MINTS["SOL"], MINTS["USDC"])
    assert (executed.amount_in, executed.amount_out) == (quote.amount_in, quote.amount_out)


@pytest.mark.parametrize("kind", ["drop", "busy", "unavailable", "garbage", "behind"])
async def test_a_send_that_never_ran_is_unknown_and_the_same_bytes_can_go_again(network, rpc, kind):
    _, plan = await quoted(rpc, "USDC", "SOL", 1_500_000)
    signed = signed_swap(plan)
    await set_fault(network, "sendTransaction", kind)
    [first] = await rpc.send([signed.raw])
    [second] = await rpc.send([signed.raw])
    assert (first.kind, second.kind) == (SendKind.UNKNOWN, SendKind.ACCEPTED)
    assert (await settled(rpc, signed.signature)).error is None


async def test_the_same_bytes_sent_twice_swap_once(network, rpc):
    quote, plan = await quoted(rpc, "USDC", "USDT", 1_500_000)
    before = (await rpc.balances(WALLET)).tokens
    signed = signed_swap(plan)
    await rpc.send([signed.raw, signed.raw])
    slot = (await settled(rpc, signed.signature)).slot
    [again] = await rpc.send([signed.raw], skip_preflight=False)
    assert again.kind is SendKind.ALREADY_PROCESSED
    after = (await rpc.balances(WALLET, min_context_slot=slot)).tokens
    assert before[MINTS["USDC"]] - after[MINTS["USDC"]] == quote.amount_in


async def test_a_swallowed_send_is_accepted_and_dead_when_its_blockhash_is_old(network, rpc):
    _, plan = await quoted(rpc, "SOL", "USDC", 1_500_000)
    signed = signed_swap(plan)
    await set_fault(network, "sendTransaction", "swallow")
    [outcome] = await rpc.send([signed.raw])
    assert outcome.kind is SendKind.ACCEPTED
    await network.advance(165)
    check = DeadCheck(signed.last_valid_block_height)
    for _ in range(2):
        await network.advance(APART_SLOTS)
        check = check.observe(await rpc.observe([signed.signature], past=check.past))
    assert check.fate is Fate.DEAD
