"""A swap from quote to settled amounts over a running localnet, by the same client as on any network."""

import asyncio
import time
from pathlib import Path

import pytest
from solders.pubkey import Pubkey

from dex.chain.answers import ExecutedTransaction, SendKind
from dex.chain.confirmation import DeadCheck, Prospect, executed_swap, failure_of
from dex.chain.instructions import temporary_account_seed
from dex.chain.rpc import SolanaRpc
from dex.chain.signer import WalletSigner
from dex.chain.transactions import SignedTransaction, SwapPlan, build_message, sign
from dex.config import NATIVE_MINT, TOKENS
from dex.discovery import PoolDirectory
from dex.localnet.genesis import build_genesis
from dex.localnet.programs import BUNDLED
from dex.localnet.server import NetworkOptions
from dex.localnet.traders import Traders, run_traders, trader_keypairs
from dex.router import accounts_of, best_quote, quote_all
from dex.types import FailureKind, Quote, QuoteRequest
from dex.venues.registry import venues_for
from tests.localnet_process import FAST_SLOTS_MS, running_localnet

SEED = 1
GENESIS = build_genesis(SEED)
WALLET = GENESIS.wallet.pubkey()
MINTS = {token.symbol: token.mint for token in TOKENS}
VENUES = {venue.name: venue for venue in venues_for("localnet")}


def options(fund: tuple[Pubkey, ...] = ()) -> NetworkOptions:
    return NetworkOptions(
        seed=SEED,
        fund=fund,
        programs={address: Path(file) for address, file in BUNDLED.items()},
        genesis=lambda also: build_genesis(SEED, also).accounts,
        slot_ms=FAST_SLOTS_MS,
    )


@pytest.fixture
async def rpc():
    async with running_localnet(options()) as network:
        client = SolanaRpc(network.url)
        yield client
        await client.aclose()


async def quoted(rpc: SolanaRpc, sold: str, bought: str, amount: int) -> tuple[Quote, SwapPlan]:
    found = await PoolDirectory(rpc, list(VENUES.values())).pools(MINTS[sold], MINTS[bought])
    snapshot = await rpc.snapshot(accounts_of(found.pools))
    quote = best_quote(quote_all(QuoteRequest(MINTS[sold], MINTS[bought], amount), found.pools, snapshot))
    latest = await rpc.latest_blockhash()
    memo = f"{sold}{bought}{amount}/1"
    return quote, SwapPlan(
        payer=WALLET,
        pool=next(pool for pool in found.pools if pool.address == quote.pool),
        venue=VENUES[quote.venue],
        snapshot=snapshot,
        token_in=quote.token_in,
        token_out=quote.token_out,
        amount_in=quote.amount_in,
        min_amount_out=quote.amount_out,
        memo=memo,
        account_seed=temporary_account_seed(memo),
        blockhash=latest.blockhash,
        last_valid_block_height=latest.last_valid_block_height,
    )


def signed_swap(plan: SwapPlan) -> SignedTransaction:
    return sign(build_message(plan), WalletSigner(GENESIS.wallet), plan.last_valid_block_height)


async def settled(rpc: SolanaRpc, signature: str) -> ExecutedTransaction:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        [status] = (await rpc.signature_statuses([signature])).statuses
        if status is not None and status.commitment != "processed":
            [transaction] = await rpc.transactions([signature])
            assert transaction is not None
            return transaction
        await asyncio.sleep(0.01)
    raise TimeoutError(signature)


@pytest.mark.parametrize(
    ("sold", "bought"), [("SOL", "USDC"), ("USDC", "SOL"), ("USDC", "USDT"), ("BONK", "SOL")]
)
async def test_a_swap_settles_with_the_amounts_that_were_quoted(rpc, sold, bought):
    before = await rpc.balances(WALLET)
    quote, plan = await quoted(rpc, sold, bought, 1_500_000)
    signed = signed_swap(plan)
    [outcome] = await rpc.send([signed.raw])
    assert outcome.kind is SendKind.ACCEPTED
    executed = executed_swap(await settled(rpc, signed.signature), WALLET, quote.token_in, quote.token_out)
    assert (executed.amount_in, executed.amount_out) == (quote.amount_in, quote.amount_out)
    assert (executed.fee_lamports, executed.priority_fee_lamports) == (5_000, 0)
    after = await rpc.balances(WALLET, min_context_slot=executed.slot)
    moved = {NATIVE_MINT: after.lamports - before.lamports + 5_000}
    moved |= {mint: after.tokens[mint] - amount for mint, amount in before.tokens.items()}
    assert {mint: amount for mint, amount in moved.items() if amount} == {
        quote.token_in: -quote.amount_in,
        quote.token_out: quote.amount_out,
    }


async def test_a_batch_of_swaps_is_sent_and_settled_together(rpc):
    plans = [(await quoted(rpc, "USDC", "USDT", amount))[1] for amount in (1_000_000, 2_000_000, 3_000_000)]
    loose = [signed_swap(type(plan)(**_fields(plan) | {"min_amount_out": 1})) for plan in plans]
    assert [outcome.kind for outcome in await rpc.send([one.raw for one in loose])] == [SendKind.ACCEPTED] * 3
    executed = [
        executed_swap(await settled(rpc, one.signature), WALLET, MINTS["USDC"], MINTS["USDT"])
        for one in loose
    ]
    assert [swap.amount_in for swap in executed] == [1_000_000, 2_000_000, 3_000_000]


def _fields(plan: SwapPlan) -> dict[str, object]:
    return {name: getattr(plan, name) for name in plan.__slots__}


async def test_a_swap_below_its_minimum_lands_and_fails_by_name(rpc):
    quote, plan = await quoted(rpc, "SOL", "USDC", 1_500_000)
    greedy = type(plan)(**_fields(plan) | {"min_amount_out": quote.amount_out + 1})
    signed = signed_swap(greedy)
    await rpc.send([signed.raw])
    transaction = await settled(rpc, signed.signature)
    failure = failure_of(transaction.error, transaction.logs, plan.venue)
    assert (failure.kind, failure.name) == (FailureKind.SLIPPAGE_EXCEEDED, "ExceededSlippage")


async def test_preflight_rejects_what_would_fail_and_says_why(rpc):
    quote, plan = await quoted(rpc, "SOL", "USDC", 1_500_000)
    greedy = type(plan)(**_fields(plan) | {"min_amount_out": quote.amount_out + 1})
    [outcome] = await rpc.send([signed_swap(greedy).raw], skip_preflight=False)
    assert outcome.kind is SendKind.REJECTED
    failure = failure_of(outcome.error, outcome.logs, plan.venue)
    assert failure.kind is FailureKind.SLIPPAGE_EXCEEDED


async def test_a_swap_that_was_never_sent_is_dead_once_its_blockhash_is_old():
    async with running_localnet(options()) as network:
        rpc = SolanaRpc(network.url)
        _, plan = await quoted(rpc, "SOL", "USDC", 1_500_000)
        signed = signed_swap(plan)
        check = DeadCheck(signed.last_valid_block_height)
        check = check.with_height(await rpc.height())
        assert check.expired_at_slot is None
        await network.advance(165)
        check = check.with_height(await rpc.height())
        deadline = time.monotonic() + 10
        while check.prospect is Prospect.MAY_LAND and time.monotonic() < deadline:
            await network.advance()
            answer = await rpc.signature_statuses([signed.signature], search_history=True)
            check = check.with_statuses(answer)
        assert check.prospect is Prospect.DEAD
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
