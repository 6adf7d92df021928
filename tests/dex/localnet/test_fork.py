"""A fork goes on from another network's state: same programs, same pools, no effect on the parent."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import httpx2
import pytest
from solders.pubkey import Pubkey

from dex.config import NATIVE_MINT
from dex.localnet.blocks import Commitment
from dex.localnet.command_line import read_command_line
from dex.localnet.epochs import Epochs
from dex.localnet.errors import ForkRefused
from dex.localnet.fork.gifts import Gift, read_gift
from dex.localnet.fork.loader import program_data_address
from dex.localnet.genesis import build_genesis, localnet_keypair
from dex.localnet.programs import METEORA_DAMM_V2, RAYDIUM_CPMM
from dex.localnet.server import Localnet
from dex.rpc.confirmation import executed_swap
from dex.rpc.node import SolanaRpc
from dex.venues.registry import venues_for
from tests.dex.localnet.forks import SOL_USDC, SOL_USDC_POOLS, fork_of, running_fork, running_parent
from tests.dex.localnet.network_swaps import GENESIS, MINTS, WALLET, options, quoted, settled, signed_swap
from tests.dex.localnet.scenes import FRIEND, PAYER, SOL, funded, payment
from tests.localnet_process import FAST_SLOTS_MS, running_localnet

STRANGER = localnet_keypair("stranger", 1).pubkey()
GIFTS = (Gift(NATIVE_MINT, Decimal(50)), Gift(MINTS["USDC"], Decimal("2500.25")))
POOLS = [pool.address for pool in GENESIS.pools if {pool.base.mint, pool.quote.mint} == set(SOL_USDC)]


@pytest.fixture
async def parent() -> AsyncIterator[Localnet]:
    async with running_parent() as network:
        yield network


async def ask(network: Localnet, method: str, *params: object) -> dict[str, object]:
    async with httpx2.AsyncClient(base_url=network.url) as http:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer: dict[str, object] = (await http.post("/", json=request)).json()
        return answer


async def lamports(network: Localnet, address: Pubkey) -> object:
    answer = await ask(network, "getBalance", str(address), {"commitment": "processed"})
    result = answer["result"]
    assert isinstance(result, dict)
    return result["value"]


async def silence(network: Localnet) -> None:
    """From now on the network closes every connection without an answer."""
    assert await ask(network, "localnet_setFault", {"kind": "drop", "percent": 100}) == {
        "jsonrpc": "2.0",
        "result": True,
        "id": 1,
    }


async def swap_exactly(
    network: Localnet, sold: str, bought: str, amount: int, venue: str, addresses_of: str = "localnet"
) -> Pubkey:
    """Swaps, and the chain says the amounts of the quote; the pool."""
    rpc = SolanaRpc(network.url)
    [wanted] = [found for found in venues_for(addresses_of) if found.name == venue]
    quote, plan = await quoted(rpc, sold, bought, amount, [wanted], addresses_of)
    signed = signed_swap(plan)
    await rpc.send([signed.raw])
    executed = executed_swap(await settled(rpc, signed.signature), WALLET, quote.token_in, quote.token_out)
    assert (executed.amount_in, executed.amount_out) == (quote.amount_in, quote.amount_out)
    await rpc.aclose()
    return quote.pool


def data(network: Localnet, address: Pubkey) -> bytes:
    account = network.chain.account(address, Commitment.PROCESSED)
    assert account is not None
    return account.data


@pytest.mark.parametrize("venue", ["raydium-cpmm", "raydium-clmm", "meteora-damm-v2"])
@pytest.mark.parametrize(("sold", "bought"), [("SOL", "USDC"), ("USDC", "SOL")])
async def test_a_swap_gives_its_quote_and_leaves_the_parent_as_it_was(
    parent: Localnet, tmp_path: Path, venue: str, sold: str, bought: str
) -> None:
    async with running_fork(fork_of(parent, tmp_path, gifts=GIFTS)) as fork:
        assert sorted(map(str, fork.pools)) == sorted(map(str, POOLS))
        assert {address: data(parent, address) for address in POOLS} == {
            address: data(fork.network, address) for address in POOLS
        }
        pool = await swap_exactly(fork.network, sold, bought, 1_500_000, venue)
        assert data(fork.network, pool) != data(parent, pool) == GENESIS.accounts[pool].data


async def test_programs_are_the_parents_with_their_code(parent: Localnet, tmp_path: Path) -> None:
    async with running_fork(fork_of(parent, tmp_path)) as fork:
        for program in (RAYDIUM_CPMM, METEORA_DAMM_V2):
            account = fork.network.chain.account(program, Commitment.PROCESSED)
            code = program_data_address(account)
            assert code is not None
            assert data(fork.network, code) == data(parent, code)
            assert b"\x7fELF" in data(fork.network, code)[:64]


async def test_a_fork_has_the_parents_slot_and_epoch_but_a_hash_of_its_own(tmp_path: Path) -> None:
    epochs = Epochs(first_slot=300_000_000, epoch=777, length=432_000)
    elsewhere = replace(options(), first_slot=300_000_123, epochs=epochs)
    async with running_localnet(elsewhere) as parent, running_fork(fork_of(parent, tmp_path)) as fork:
        assert 300_000_123 <= fork.position.slot < fork.network.chain.slot < 300_000_123 + 10_000
        answer = await ask(fork.network, "getEpochInfo")
        assert isinstance(answer["result"], dict)
        assert answer["result"]["epoch"] == 777
        rpc = SolanaRpc(fork.network.url)
        assert (await rpc.snapshot([])).clock.epoch == 777
        await rpc.aclose()
        assert fork.network.chain.genesis_hash != parent.chain.genesis_hash
        await swap_exactly(fork.network, "SOL", "USDC", 1_000_000, "raydium-cpmm")


async def test_gifts_are_written_to_the_unit_and_counted_in_the_supply(
    parent: Localnet, tmp_path: Path
) -> None:
    async with running_fork(fork_of(parent, tmp_path, gifts=GIFTS), fund=[STRANGER]) as fork:
        rpc = SolanaRpc(fork.network.url)
        balances = await rpc.balances(STRANGER)
        await rpc.aclose()
        assert balances.lamports == 50 * SOL
        assert dict(balances.tokens) == {MINTS["USDC"]: 2_500_250_000}
        supplies = [
            int.from_bytes(data(network, MINTS["USDC"])[36:44], "little")
            for network in (parent, fork.network)
        ]
        assert supplies[1] - supplies[0] == 2_500_250_000
        assert "simulated: 50 SOL, 2500.25 USDC" in fork.description(fork_of(parent, tmp_path, gifts=GIFTS))


@pytest.mark.parametrize(
    ("gift", "reason"),
    [
        ("USDC=0.0000001", "6 decimals"),
        ("USDC=99999999999999", "not an amount"),
        (f"{STRANGER}=1", "no such mint"),
    ],
)
async def test_a_gift_that_cannot_be_written_is_refused(
    parent: Localnet, tmp_path: Path, gift: str, reason: str
) -> None:
    with pytest.raises(ForkRefused, match=reason):
        async with running_fork(fork_of(parent, tmp_path, gifts=[read_gift(gift)])):
            pass


async def test_accounts_are_loaded_when_first_named_and_asked_for_once(tmp_path: Path) -> None:
    async with (
        running_localnet(funded()) as parent,
        running_fork(fork_of(parent, tmp_path, pairs=())) as fork,
    ):
        assert await lamports(fork.network, FRIEND) == SOL
        assert await lamports(fork.network, STRANGER) == 0
        await silence(parent)
        assert await lamports(fork.network, FRIEND) == SOL
        assert await lamports(fork.network, STRANGER) == 0
        unseen = await ask(fork.network, "getAccountInfo", str(PAYER.pubkey()))
        assert isinstance(unseen["error"], dict)
        assert unseen["error"]["code"] == -32005


async def test_a_transaction_brings_the_accounts_that_it_names(tmp_path: Path) -> None:
    async with running_localnet(funded()) as parent:
        async with running_fork(fork_of(parent, tmp_path, pairs=())) as fork:
            transaction = payment(12_345, fork.network.chain.latest_blockhash(Commitment.FINALIZED)[0])
            sent = await ask(
                fork.network,
                "sendTransaction",
                b64encode(bytes(transaction)).decode(),
                {"encoding": "base64"},
            )
            assert sent["result"] == str(transaction.signatures[0])
            assert await lamports(fork.network, FRIEND) == SOL + 12_345
            assert await lamports(fork.network, PAYER.pubkey()) == 1_000 * SOL - 12_345 - 5_000
        assert await lamports(parent, FRIEND) == SOL


async def test_a_wallets_tokens_are_listed_as_the_parent_lists_them(parent: Localnet, tmp_path: Path) -> None:
    async with running_fork(fork_of(parent, tmp_path), fund=[STRANGER]) as fork:
        rpc, parents = SolanaRpc(fork.network.url), SolanaRpc(parent.url)
        expected = await parents.balances(WALLET)
        assert len(expected.tokens) == 5
        balances = await rpc.balances(WALLET)
        assert (balances.lamports, balances.tokens) == (expected.lamports, expected.tokens)
        await silence(parent)
        assert (await rpc.balances(WALLET)).tokens == expected.tokens
        assert (await rpc.balances(STRANGER)).tokens == {}
        await rpc.aclose()
        await parents.aclose()


async def test_a_wallet_of_the_forks_own_trades_on_without_asking_the_parent(tmp_path: Path) -> None:
    strange = replace(options(faults=True), genesis=lambda also: build_genesis(2, also).accounts)
    async with (
        running_localnet(strange) as parent,
        running_fork(fork_of(parent, tmp_path, gifts=GIFTS)) as fork,
    ):
        await swap_exactly(fork.network, "SOL", "USDC", 1_000_000, "raydium-cpmm")
        await swap_exactly(fork.network, "USDC", "SOL", 1_000_000, "meteora-damm-v2")
        await silence(parent)
        await swap_exactly(fork.network, "SOL", "USDC", 1_000_001, "raydium-cpmm")
        await swap_exactly(fork.network, "USDC", "SOL", 1_000_001, "meteora-damm-v2")


async def test_a_fork_of_devnet_trades_at_devnets_addresses(tmp_path: Path) -> None:
    play = ["--play", "devnet"]
    devnet = replace(read_command_line(play).options, slot_ms=FAST_SLOTS_MS)
    arguments = ["--fork", "http://parent", "--pair", "SOL/USDC", "--give", "SOL=50", "--give", "USDC=5"]
    wanted = read_command_line([*arguments, *play]).fork
    assert wanted is not None
    async with (
        running_localnet(devnet) as parent,
        running_fork(fork_of(parent, tmp_path, pairs=wanted.pairs, gifts=wanted.gifts)) as fork,
    ):
        await swap_exactly(fork.network, "SOL", "USDC", 1_000_000, "raydium-cpmm", "devnet")


async def test_what_the_fork_made_or_closed_itself_is_not_asked_for_again(tmp_path: Path) -> None:
    async with running_localnet(funded()) as parent:
        fork_options = fork_of(parent, tmp_path / "cache", pairs=())
        async with running_fork(fork_options, tmp_path / "ledger") as fork:
            everything = 1_000 * SOL - 5_000
            transaction = payment(everything, fork.network.chain.latest_blockhash(Commitment.FINALIZED)[0])
            raw = b64encode(bytes(transaction)).decode()
            await ask(fork.network, "sendTransaction", raw, {"encoding": "base64"})
            assert await lamports(fork.network, PAYER.pubkey()) == 0
        async with running_fork(fork_options, tmp_path / "ledger") as fork:
            assert await lamports(fork.network, PAYER.pubkey()) == 0
            assert await lamports(fork.network, FRIEND) == SOL + everything


async def test_a_ledger_goes_on_while_the_parent_is_away(parent: Localnet, tmp_path: Path) -> None:
    fork_options = fork_of(parent, tmp_path / "cache", gifts=GIFTS)
    async with running_fork(fork_options, tmp_path / "ledger") as fork:
        assert fork.given == [WALLET]
        pool = await swap_exactly(fork.network, "SOL", "USDC", 3_000_000, "raydium-cpmm")
        traded, slot = data(fork.network, pool), fork.network.chain.slot
    await silence(parent)
    async with running_fork(fork_options, tmp_path / "ledger") as fork:
        assert (data(fork.network, pool), fork.given, fork.origin.is_offline) == (traded, [], True)
        assert fork.network.chain.slot > slot
        await swap_exactly(fork.network, "USDC", "SOL", 3_000_000, "raydium-cpmm")
        await swap_exactly(fork.network, "USDC", "SOL", 3_000_000, "meteora-damm-v2")


async def test_a_new_chain_starts_from_the_cache_while_the_parent_is_away(
    parent: Localnet, tmp_path: Path
) -> None:
    fork_options = fork_of(parent, tmp_path, gifts=GIFTS)
    async with running_fork(fork_options) as fork:
        begun = fork.position.slot
    await silence(parent)
    async with running_fork(fork_options) as fork:
        assert fork.position.slot == begun
        said = fork.description(fork_options)
        assert f"from the cache: the parent does not answer, {SOL_USDC_POOLS} pools" in said
        assert await lamports(fork.network, STRANGER) == 0
        await swap_exactly(fork.network, "SOL", "USDC", 1_000_000, "raydium-cpmm")
        await swap_exactly(fork.network, "USDC", "SOL", 1_000_000, "meteora-damm-v2")


async def test_pools_are_read_anew_and_code_only_if_it_was_deployed_anew(
    parent: Localnet, tmp_path: Path
) -> None:
    fork_options = fork_of(parent, tmp_path)
    async with running_fork(fork_options) as first:
        code = program_data_address(first.network.chain.account(RAYDIUM_CPMM, Commitment.PROCESSED))
        assert code is not None
        kept = first.origin.kept_slot(code)
    pool = await swap_exactly(parent, "SOL", "USDC", 2_000_000, "raydium-cpmm")
    async with running_fork(fork_options) as second:
        assert data(second.network, pool) == data(parent, pool) != GENESIS.accounts[pool].data
        assert second.origin.kept_slot(code) == kept
        later = second.origin.kept_slot(pool)
        assert later is not None
        assert kept is not None
        assert later > kept


def test_a_fork_has_no_stand_ins_and_a_network_without_a_fork_takes_no_pools() -> None:
    command = read_command_line(["--fork", "http://127.0.0.1:9", "--pair", "SOL/USDC", "--give", "USDC=5"])
    assert command.fork is not None
    assert (dict(command.options.programs), dict(command.options.genesis(()))) == ({}, {})
    assert (command.fork.pairs, command.fork.gifts) == ([SOL_USDC], (Gift(MINTS["USDC"], Decimal(5)),))
    for wrong in (["--pair", "SOL/USDC"], ["--fork", "ftp://x"], ["--fork", "http://x", "--pair", "SOL/SOL"]):
        with pytest.raises(SystemExit, match="2"):
            read_command_line(wrong)
