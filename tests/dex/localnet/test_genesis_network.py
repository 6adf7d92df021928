"""A swap from quote to settled amounts over a running localnet, by the same client as on any network."""

import asyncio
import time

import pytest
from solders.pubkey import Pubkey

from dex.config import NATIVE_MINT
from dex.localnet.traders import Traders, run_traders, trader_keypairs
from dex.rpc.absence import DeadCheck, Fate
from dex.rpc.answers import SendKind
from dex.rpc.confirmation import executed_swap, failure_of
from dex.rpc.node import SolanaRpc
from dex.types import FailureKind, TransactionCost
from tests.dex.localnet.network_swaps import (
    GENESIS,
    MINTS,
    SEED,
    VENUES,
    WALLET,
    at_least,
    options,
    quoted,
    settled,
    signed_swap,
)
from tests.localnet_process import running_localnet


@pytest.fixture
async def rpc():
    async with running_localnet(options()) as network:
        client = SolanaRpc(network.url)
        yield client
        await client.aclose()


@pytest.mark.parametrize(
    ("sold", "bought"), [("SOL", "USDC"), ("USDC", "SOL"), ("USDT", "SOL"), ("USDC", "USDT"), ("BONK", "SOL")]
)
async def test_a_swap_settles_with_the_amounts_that_were_quoted(rpc, sold, bought):
    before = await rpc.balances(WALLET)
    quote, plan = await quoted(rpc, sold, bought, 1_500_000)
    signed = signed_swap(plan)
    [outcome] = await rpc.send([signed.raw])
    assert outcome.kind is SendKind.ACCEPTED
    executed = executed_swap(await settled(rpc, signed.signature), WALLET, quote.token_in, quote.token_out)
    assert (executed.amount_in, executed.amount_out) == (quote.amount_in, quote.amount_out)
    assert executed.cost == TransactionCost(base_fee=5_000, priority_fee=0, tip=0, rent=0)
    after = await rpc.balances(WALLET, min_context_slot=executed.slot)
    moved = {NATIVE_MINT: after.lamports - before.lamports + 5_000}
    moved |= {mint: after.tokens[mint] - amount for mint, amount in before.tokens.items()}
    assert {mint: amount for mint, amount in moved.items() if amount} == {
        quote.token_in: -quote.amount_in,
        quote.token_out: quote.amount_out,
    }


@pytest.mark.parametrize(
    ("venue", "sold", "bought", "amount"),
    [
        ("orca-whirlpool", "SOL", "USDC", 400_000_000_000),
        ("orca-whirlpool", "USDT", "SOL", 5_000_000),
        ("orca-whirlpool-immutable", "USDC", "JUP", 50_000_000_000),
    ],
)
async def test_a_swap_through_tick_arrays_settles_as_quoted(rpc, venue, sold, bought, amount):
    quote, plan = await quoted(rpc, sold, bought, amount, [VENUES[venue]])
    signed = signed_swap(plan)
    await rpc.send([signed.raw])
    executed = executed_swap(await settled(rpc, signed.signature), WALLET, quote.token_in, quote.token_out)
    assert (quote.venue, quote.amount_in) == (venue, amount)
    assert (executed.amount_in, executed.amount_out) == (quote.amount_in, quote.amount_out)


async def test_a_batch_of_swaps_is_sent_and_settled_together(rpc):
    plans = [(await quoted(rpc, "USDC", "USDT", amount))[1] for amount in (1_000_000, 2_000_000, 3_000_000)]
    loose = [signed_swap(at_least(plan, 1)) for plan in plans]
    assert [outcome.kind for outcome in await rpc.send([one.raw for one in loose])] == [SendKind.ACCEPTED] * 3
    executed = [
        executed_swap(await settled(rpc, one.signature), WALLET, MINTS["USDC"], MINTS["USDT"])
        for one in loose
    ]
    assert [swap.amount_in for swap in executed] == [1_000_000, 2_000_000, 3_000_000]


async def test_a_swap_below_its_minimum_lands_and_fails_by_name(rpc):
    quote, plan = await quoted(rpc, "SOL", "USDC", 1_500_000)
    greedy = at_least(plan, quote.amount_out + 1)
    signed = signed_swap(greedy)
    await rpc.send([signed.raw])
    transaction = await settled(rpc, signed.signature)
    failure = failure_of(transaction.error, transaction.logs, plan.venues.values())
    assert (failure.kind, failure.name) == (FailureKind.SLIPPAGE_EXCEEDED, "ExceededSlippage")


async def test_preflight_rejects_what_would_fail_and_says_why(rpc):
    quote, plan = await quoted(rpc, "SOL", "USDC", 1_500_000)
    greedy = at_least(plan, quote.amount_out + 1)
    [outcome] = await rpc.send([signed_swap(greedy).raw], skip_preflight=False)
    assert outcome.kind is SendKind.REJECTED
    failure = failure_of(outcome.error, outcome.logs, plan.venues.values())
    assert failure.kind is FailureKind.SLIPPAGE_EXCEEDED


async def test_a_swap_that_was_never_sent_is_dead_once_its_blockhash_is_old():
    async with running_localnet(options()) as network:
        rpc = SolanaRpc(network.url)
        _, plan = await quoted(rpc, "SOL", "USDC", 1_500_000)
        signed = signed_swap(plan)
        check = DeadCheck(signed.last_valid_block_height)
        check = check.observe(await rpc.observe([signed.signature], past=check.past))
        assert check.missing_at_slot is None
        await network.advance(165)
        deadline = time.monotonic() + 10
        while check.fate is Fate.MAY_LAND and time.monotonic() < deadline:
            await network.advance()
            check = check.observe(await rpc.observe([signed.signature], past=check.past))
        assert check.fate is Fate.DEAD
        await rpc.aclose()


async def test_traders_move_the_pools():
    keypairs = trader_keypairs(4, SEED)
    async with running_localnet(options(tuple(key.pubkey() for key in keypairs))) as network:
        rpc = SolanaRpc(network.url)
        addresses = [pool.address for pool in GENESIS.pools]
        traders = Traders(rpc, keypairs, SEED)
        before = await rpc.snapshot(addresses)
        accepted = sum([await traders.trade_once() for _ in range(5)])
        assert accepted == 20
        await network.advance(3)
        after = await rpc.snapshot(addresses)
        moved = sum(before.account(key).data != after.account(key).data for key in addresses)
        assert moved >= 4
        await rpc.aclose()


async def test_traders_run_until_cancelled_and_ask_for_sol_when_genesis_gave_them_none():
    async with running_localnet(options()) as network:
        rpc = SolanaRpc(network.url)
        [trader] = trader_keypairs(1, SEED)
        task = asyncio.create_task(run_traders(network.url, 1, SEED, pause_seconds=0.02))
        tokens: dict[Pubkey, int] = {}
        deadline = time.monotonic() + 10
        while not tokens and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
            tokens = dict((await rpc.balances(trader.pubkey())).tokens)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert tokens
        await rpc.aclose()


async def test_traders_outlive_a_node_that_is_away():
    task = asyncio.create_task(run_traders("http://127.0.0.1:9", 1, SEED, pause_seconds=0.01))
    done, _ = await asyncio.wait([task], timeout=0.2)
    assert not done
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
