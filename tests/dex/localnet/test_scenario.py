"""Scenarios on a chain: each kind of pool reaches the price, and its program goes on trading from it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from fractions import Fraction
from math import isqrt

import pytest
import pytest_asyncio
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer
from solders.transaction import VersionedTransaction

from dex.config import NATIVE_MINT
from dex.localnet.blocks import Commitment
from dex.localnet.chain import Chain
from dex.localnet.errors import ScenarioRefused
from dex.localnet.genesis_pools.market import GenesisPool
from dex.localnet.scenario.dlmm import nearest_bin
from dex.localnet.scenario.mover import MOVERS
from dex.localnet.scenario.player import ScenarioPlayer
from dex.localnet.scenario.script import Step
from dex.localnet.server import Localnet, open_chain
from dex.localnet.token_accounts import read_token_account
from dex.rpc.confirmation import executed_swap
from dex.rpc.node import SolanaRpc
from dex.types import AccountData
from dex.venues.meteora_damm_v2 import layout as damm
from dex.venues.meteora_dlmm import layout as dlmm
from dex.venues.orca_whirlpool import layout as whirlpool
from dex.venues.raydium_clmm import layout as clmm
from tests.dex.localnet.network_swaps import (
    GENESIS,
    MINTS,
    VENUES,
    WALLET,
    options,
    quoted,
    settled,
    signed_swap,
)
from tests.localnet_process import running_localnet

SCALE = {("SOL", "USDC"): Fraction(1, 1_000), ("JUP", "USDC"): Fraction(1)}
BY_PROGRAM = {venue.program_id: venue for venue in VENUES.values()}


@pytest.fixture
def chain() -> Iterator[Chain]:
    found = open_chain(options())
    yield found
    found.ledger.close()


def step(slot: int, price: str, pair: str = "SOL/USDC", pool: Pubkey | None = None) -> Step:
    base, quote = pair.split("/")
    return Step(slot, MINTS[base], MINTS[quote], pool, Fraction(price) * SCALE[base, quote])


def data(chain: Chain, address: Pubkey) -> bytes:
    account = chain.account(address, Commitment.PROCESSED)
    assert account is not None
    return account.data


def pools(venue: str, base: str = "SOL", quote: str = "USDC") -> list[GenesisPool]:
    return [
        pool
        for pool in GENESIS.pools
        if BY_PROGRAM[pool.program].name == venue and (pool.base.symbol, pool.quote.symbol) == (base, quote)
    ]


def vaults(chain: Chain, pool: GenesisPool) -> list[int]:
    """What the pool's vaults hold of base and quote."""
    account = chain.account(pool.address, Commitment.PROCESSED)
    assert account is not None
    opened = BY_PROGRAM[pool.program].open_pool(
        pool.address, AccountData(account.owner, account.lamports, account.data)
    )
    held = dict(zip(opened.mints, opened.vaults, strict=True))
    amounts = []
    for mint in (pool.base.mint, pool.quote.mint):
        vault = chain.account(held[mint], Commitment.PROCESSED)
        assert vault is not None
        found = read_token_account(vault)
        assert found is not None
        assert mint != NATIVE_MINT or vault.lamports == found.amount + 2_039_280
        amounts.append(found.amount)
    return amounts


def test_every_venue_of_localnet_can_be_moved() -> None:
    assert set(MOVERS) == set(VENUES)


@pytest.mark.parametrize("venue", ["raydium-cpmm", "raydium-amm-v4"])
def test_a_constant_product_has_the_price_in_its_vaults(chain: Chain, venue: str) -> None:
    [pool] = pools(venue)
    base, quote = vaults(chain, pool)
    ScenarioPlayer(chain, [step(0, "150")], "localnet")
    moved_base, moved_quote = vaults(chain, pool)
    assert moved_base == isqrt(base * quote * 1_000 // 150)
    assert moved_quote == round(moved_base * Fraction(150, 1_000))


@pytest.mark.parametrize("price", ["150", "200.5", "164.999999"])
def test_a_price_of_one_liquidity_is_reached_to_the_last_bit(chain: Chain, price: str) -> None:
    found = pools("meteora-damm-v2")
    ScenarioPlayer(chain, [step(0, price)], "localnet")
    wanted = Fraction(price) / 1_000
    for pool in found:
        state = damm.parse_state(data(chain, pool.address))
        assert state.sqrt_price == isqrt((wanted.numerator << 128) // wanted.denominator)


@pytest.mark.parametrize("price", ["150", "90", "300.25", "165"])
def test_a_price_between_ticks_is_reached_to_the_last_bit(chain: Chain, price: str) -> None:
    ScenarioPlayer(chain, [step(0, price)], "localnet")
    wanted = Fraction(price) / 1_000
    exact = isqrt((wanted.numerator << 128) // wanted.denominator)
    for pool in pools("raydium-clmm"):
        assert clmm.parse_state(data(chain, pool.address)).sqrt_price == exact
    for pool in pools("orca-whirlpool"):
        assert whirlpool.parse_state(data(chain, pool.address)).sqrt_price == exact


def test_a_pair_of_bins_has_the_nearest_bin_active(chain: Chain) -> None:
    [pool] = pools("meteora-dlmm")
    ScenarioPlayer(chain, [step(0, "170")], "localnet")
    # 1.001^-1772 is 0.1701…, 1.001^-1773 is 0.16998…
    assert dlmm.parse_state(data(chain, pool.address)).active_id == nearest_bin(Fraction(17, 100), 10)
    assert nearest_bin(Fraction(17, 100), 10) == -1_773


def test_a_pool_whose_liquidity_ends_before_the_price_stays_there(chain: Chain) -> None:
    [bins] = pools("meteora-dlmm")
    ScenarioPlayer(chain, [step(0, "40")], "localnet")
    # The bins begin with -1890, and all that they had of USDC is SOL now.
    assert dlmm.parse_state(data(chain, bins.address)).active_id == -1_890
    assert vaults(chain, bins)[1] == 0
    customizable = pools("meteora-damm-v2")[0]
    state = damm.parse_state(data(chain, customizable.address))
    assert state.sqrt_price == state.sqrt_min_price


def test_there_and_back_leaves_what_there_was(chain: Chain) -> None:
    found = [pool for pool in GENESIS.pools if (pool.base.symbol, pool.quote.symbol) == ("SOL", "USDC")]
    steps = [step(0, "165"), step(1, "90"), step(2, "300"), step(3, "165")]
    player = ScenarioPlayer(chain, steps, "localnet")
    before = {pool.address: vaults(chain, pool) for pool in found}
    supply = data(chain, MINTS["USDC"])[36:44]
    chain.advance(3)
    assert player.is_over
    for pool in found:
        for was, now in zip(before[pool.address], vaults(chain, pool), strict=True):
            assert abs(now - was) <= 700  # a unit of rounding a tick or bin and way
    after = int.from_bytes(data(chain, MINTS["USDC"])[36:44], "little")
    assert abs(after - int.from_bytes(supply, "little")) <= 3_000


def test_steps_come_in_their_slot_and_one_pool_can_be_named(chain: Chain) -> None:
    [pool] = pools("raydium-cpmm")
    [other] = pools("raydium-amm-v4")
    unmoved = vaults(chain, other)
    before = vaults(chain, pool)
    ScenarioPlayer(chain, [step(2, "150", pool=pool.address)], "localnet")
    chain.advance()
    assert vaults(chain, pool) == before
    chain.advance()
    assert vaults(chain, pool) != before
    assert vaults(chain, other) == unmoved


def test_a_fork_without_a_transaction_plays_the_step_again(chain: Chain) -> None:
    [pool] = pools("raydium-cpmm")
    first = chain.slot
    ScenarioPlayer(chain, [step(1, "150")], "localnet")
    execution = _any_transaction(chain)
    chain.advance(2)
    moved = vaults(chain, pool)
    assert chain.fork_away(execution)
    assert vaults(chain, pool) == moved
    assert chain.slot == first + 2


def _any_transaction(chain: Chain) -> str:
    blockhash, _ = chain.latest_blockhash(Commitment.PROCESSED)
    pay = transfer(TransferParams(from_pubkey=WALLET, to_pubkey=WALLET, lamports=1))
    message = MessageV0.try_compile(WALLET, [pay], [], blockhash)
    execution = chain.execute(VersionedTransaction(message, [GENESIS.wallet]))
    assert execution is not None
    return execution.signature


def test_a_pair_without_pools_is_refused(chain: Chain) -> None:
    unpaired = Step(0, MINTS["BONK"], MINTS["JUP"], None, Fraction(1))
    with pytest.raises(ScenarioRefused, match="no pool of"):
        ScenarioPlayer(chain, [unpaired], "localnet")
    [other] = pools("raydium-cpmm", "JUP", "USDC")
    with pytest.raises(ScenarioRefused, match=f"at {other.address} can be moved"):
        ScenarioPlayer(chain, [step(0, "150", pool=other.address)], "localnet")


@pytest_asyncio.fixture
async def network() -> AsyncIterator[Localnet]:
    async with running_localnet(options()) as found:
        yield found


@pytest.mark.parametrize("pair", ["SOL/USDC", "JUP/USDC"])
@pytest.mark.parametrize("percent", [96, 85, 130])
async def test_programs_trade_from_the_price_as_quoted(network: Localnet, pair: str, percent: int) -> None:
    base, quote = pair.split("/")
    price = {"SOL/USDC": Fraction(165), "JUP/USDC": Fraction("0.52")}[pair] * percent / 100
    ScenarioPlayer(
        network.chain,
        [Step(0, MINTS[base], MINTS[quote], None, price * SCALE[base, quote])],
        "localnet",
    )
    await network.advance(40)  # a quote reads what is confirmed, a node what is final
    rpc = SolanaRpc(network.url)
    try:
        for venue in VENUES.values():
            if not pools(venue.name, base, quote):
                continue
            for sold, bought, amount in ((base, quote, 10**9), (quote, base, 10**8)):
                if venue.name == "meteora-dlmm" and (sold, percent) in ((base, 85), (quote, 130)):
                    continue  # past its last bin it has nothing of the other token left
                found, plan = await quoted(rpc, sold, bought, amount, [venue])
                signed = signed_swap(plan)
                await rpc.send([signed.raw])
                executed = executed_swap(
                    await settled(rpc, signed.signature), WALLET, found.token_in, found.token_out
                )
                assert (executed.amount_in, executed.amount_out) == (amount, found.amount_out), venue.name
    finally:
        await rpc.aclose()


def test_all_pools_of_a_pair_agree_on_the_price(chain: Chain) -> None:
    ScenarioPlayer(chain, [step(0, "160")], "localnet")
    quotients = []
    for venue in ("raydium-cpmm", "raydium-amm-v4"):
        [pool] = pools(venue)
        base, quote = vaults(chain, pool)
        quotients.append(Fraction(quote, base))
    for quotient in quotients:
        assert abs(quotient / Fraction(16, 100) - 1) < Fraction(1, 10**12)
