"""Localnet in the part of a public network: its genesis hash, its faucet, its addresses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from solders.hash import Hash
from solders.pubkey import Pubkey

from dex.errors import ChainBusy, ChainRefused
from dex.localnet.command_line import read_command_line
from dex.localnet.errors import LedgerRefused
from dex.localnet.server import Localnet, NetworkOptions, open_chain
from dex.rpc.confirmation import executed_swap
from dex.rpc.node import SolanaRpc
from dex.venues.registry import venues_for
from tests.dex.localnet.network_swaps import WALLET, quoted, settled, signed_swap
from tests.dex.localnet.scenes import FRIEND, SOL, funded
from tests.localnet_process import running_localnet

DEVNET = "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG"
MAINNET = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"
STRANGER = Pubkey.from_string("4vJ9JU1bJJE96FWSJKvHsmmFADCg4gpZQff4P3bkLKi")


def playing(*arguments: str) -> NetworkOptions:
    return read_command_line([*arguments, "--slot-ms", "20"]).options


async def post(network: Localnet, *calls: object) -> httpx2.Response:
    requests = [
        {"jsonrpc": "2.0", "id": f"call-{number}", "method": "requestAirdrop", "params": parameters}
        for number, parameters in enumerate(calls)
    ]
    async with httpx2.AsyncClient(base_url=network.url) as http:
        return await http.post("/", json=requests[0] if len(requests) == 1 else requests)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--play", "devnet"], DEVNET),
        (["--play", "mainnet-beta"], MAINNET),
        (["--genesis-hash", MAINNET], MAINNET),
        (["--play", "devnet", "--genesis-hash", MAINNET], MAINNET),
    ],
)
async def test_the_genesis_hash_is_that_of_the_part(arguments: list[str], expected: str) -> None:
    async with running_localnet(playing(*arguments)) as network:
        rpc = SolanaRpc(network.url)
        assert await rpc.genesis_hash() == expected
        await rpc.aclose()


async def test_a_ledger_goes_on_in_its_part_and_in_no_other(tmp_path: Path) -> None:
    options = replace(funded(), ledger=tmp_path, genesis_hash=Hash.from_string(DEVNET))
    async with running_localnet(options) as network:
        reached = network.chain.slot
    chain = open_chain(options)
    assert (str(chain.genesis_hash), chain.slot > reached) == (DEVNET, True)
    chain.ledger.close()
    for other in ({"genesis_hash": None}, {"genesis_hash": Hash.from_string(MAINNET)}):
        with pytest.raises(LedgerRefused, match="genesis_hash"):
            open_chain(replace(options, **other))  # type: ignore[arg-type]
    with pytest.raises(LedgerRefused, match="genesis_accounts"):
        open_chain(replace(options, genesis=lambda _fund: {}))


async def test_the_faucet_gives_an_address_its_share_and_then_answers_429() -> None:
    async with running_localnet(replace(funded(), faucet_lamports=3 * SOL)) as network:
        assert (await post(network, [str(STRANGER), 2 * SOL])).status_code == 200
        refused = await post(network, [str(STRANGER), 2 * SOL])
        assert (refused.status_code, refused.headers["content-type"]) == (429, "application/json")
        assert refused.json() == {
            "jsonrpc": "2.0",
            "error": {
                "code": 429,
                "message": "You've either reached your airdrop limit today or the airdrop faucet has run "
                "dry. Please visit https://faucet.solana.com for alternate sources of test SOL",
            },
            "id": "call-0",
        }
        assert (await post(network, [str(STRANGER), SOL])).status_code == 200
        assert (await post(network, [str(FRIEND), 3 * SOL])).status_code == 200
        rpc = SolanaRpc(network.url, commitment="processed")
        assert (await rpc.balances(STRANGER)).lamports == 3 * SOL
        with pytest.raises(ChainBusy):
            await rpc.request_airdrop(STRANGER, 1)
        await rpc.aclose()


async def test_a_dry_faucet_refuses_a_batch_as_a_whole() -> None:
    async with running_localnet(replace(funded(), faucet_lamports=0)) as network:
        assert (await post(network, [str(FRIEND), 1], [str(STRANGER), 1])).status_code == 429


async def test_mainnet_has_no_faucet() -> None:
    async with running_localnet(playing("--play", "mainnet-beta")) as network:
        rpc = SolanaRpc(network.url)
        with pytest.raises(ChainRefused, match="-32600"):
            await rpc.request_airdrop(STRANGER, 1)
        await rpc.aclose()


@pytest.mark.parametrize(
    ("name", "program"),
    [
        ("raydium-amm-v4", "DRaya7Kj3aMWQSy19kSjvmuwq9docCHofyP9kanQGaav"),
        ("raydium-cpmm", "DRaycpLY18LhpbydsBWbVJtxpNv9oXPgjRSfpF2bWpYb"),
    ],
)
async def test_devnet_swaps_at_raydiums_devnet_address(name: str, program: str) -> None:
    async with running_localnet(playing("--play", "devnet")) as network:
        rpc = SolanaRpc(network.url)
        [raydium] = [venue for venue in venues_for("devnet") if venue.name == name]
        quote, plan = await quoted(rpc, "SOL", "USDC", 1_500_000, [raydium], "devnet")
        assert plan.venues[quote.venue].program_id == Pubkey.from_string(program)
        signed = signed_swap(plan)
        await rpc.send([signed.raw])
        executed = executed_swap(
            await settled(rpc, signed.signature), WALLET, quote.token_in, quote.token_out
        )
        assert (executed.amount_in, executed.amount_out) == (quote.amount_in, quote.amount_out)
        await rpc.aclose()


@pytest.mark.parametrize("amount", ["-1", "NaN", "0.0000000001", "lots", "Infinity"])
def test_a_faucet_limit_that_is_no_amount_of_lamports_is_refused(amount: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        read_command_line([f"--faucet-limit={amount}"])
    assert read_command_line(["--faucet-limit=0.5"]).options.faucet_lamports == 500_000_000
