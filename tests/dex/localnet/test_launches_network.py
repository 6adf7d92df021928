"""A localnet that launches by itself: its command line, its clock, and bots that follow it over RPC."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest

from dex.localnet.command_line import read_command_line
from dex.localnet.launches.rivals import rival_keypairs, run_rivals
from dex.rpc.node import SolanaRpc
from tests.dex.localnet.network_swaps import options
from tests.localnet_process import running_localnet

DEADLINE_SECONDS = 20


def test_the_command_line_says_how_often_and_who_competes() -> None:
    command = read_command_line(["--launches", "30", "--rivals", "2"])
    assert (command.options.launch_seconds, command.rivals) == (30, 2)
    assert [bot.pubkey() for bot in rival_keypairs(2)] == list(command.options.fund)
    assert read_command_line([]).options.launch_seconds == 0


@pytest.mark.parametrize("seconds", ["0", "-1", "86401", "a"])
def test_a_pause_that_is_none_is_refused(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_command_line(["--launches", seconds])
    assert f"'{seconds}' is not 1 to 86400 seconds" in capsys.readouterr().err


async def test_tokens_are_launched_by_the_clock() -> None:
    # Slots of 20 ms: one second is 50 of them.
    ticking = replace(options(), price_network="localnet", launch_seconds=1)
    async with running_localnet(ticking) as network:
        rpc = SolanaRpc(network.url, commitment="processed")
        launches: list[dict[str, object]] = []
        deadline = time.monotonic() + DEADLINE_SECONDS
        while len(launches) < 2 and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
            launches = (await rpc.client.call("localnet_launches"))["value"]
        await rpc.aclose()
    assert [each["createdSlot"] for each in launches[:2]] == [50, 100]
    assert [each["venue"] for each in launches[:2]] == ["raydium-cpmm", "meteora-damm-v2"]


async def test_rivals_that_genesis_did_not_fund_ask_the_faucet() -> None:
    ticking = replace(options(), price_network="localnet")
    async with running_localnet(ticking) as network:
        rpc = SolanaRpc(network.url, commitment="processed")
        task = asyncio.create_task(run_rivals(network.url, 2, slot_ms=20))
        wish = {"venue": "meteora-dlmm", "quote": "SOL", "opensInSlots": 5}
        await rpc.client.call("localnet_launch", wish)
        memo = f"rival {rival_keypairs(1)[0].pubkey()} buys 0"
        deadline = time.monotonic() + DEADLINE_SECONDS
        executions = []
        while not executions and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
            executions = [
                each
                for block in network.chain.blocks
                for each in block.executions
                if memo.encode() in bytes(each.transaction)
            ]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await rpc.aclose()
    assert [each.error for each in executions] == [None]
