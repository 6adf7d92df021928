"""Every genesis pool, swapped with in the SVM by whole transactions: quote equals execution to the unit."""

from dataclasses import dataclass, replace
from functools import partial
from itertools import count

import pytest
from solders.account import Account
from solders.clock import Clock as SysvarClock
from solders.keypair import Keypair
from solders.litesvm import LiteSVM
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import TransactionMetadata

from dex.config import NATIVE_MINT, TOKEN_2022_PROGRAM, TOKEN_PROGRAM, TOKENS
from dex.localnet.genesis import build_genesis
from dex.localnet.genesis_tokens import FEE_TOKEN
from dex.localnet.programs import BUNDLED
from dex.signing.policy import Ceilings
from dex.signing.signer import WalletSigner
from dex.transactions.instructions import new_account_seed
from dex.transactions.swap_plan import SwapPlan
from dex.transactions.swap_transaction import build_message, compute_units, sign
from dex.transactions.token_accounts import associated_token_address, parse_token_account
from dex.types import AccountData, Clock, FailureKind, Quote, QuoteRequest, Route, SwapMode
from dex.venues.base import Pool, Venue
from dex.venues.registry import venues_for
from tests.dex.complete_snapshots import complete_snapshot
from tests.dex.plans import at_least, check_message

TRADER = Keypair.from_seed(b"t" * 32)
GENESIS = build_genesis(seed=1, fund=[TRADER.pubkey()])
NOW = Clock(slot=1_000, unix_timestamp=1_800_000_000, epoch=0)
VENUES = {venue.program_id: venue for venue in venues_for("localnet")}
MINTS = {token.symbol: token.mint for token in (*TOKENS, FEE_TOKEN)}
FEE = 5_000

DIRECTIONS = [
    (pool, pool.base.symbol, pool.quote.symbol) if forward else (pool, pool.quote.symbol, pool.base.symbol)
    for pool in GENESIS.pools
    for forward in (True, False)
]
NAMES = [f"{VENUES[pool.program].name} {a}>{b}" for pool, a, b in DIRECTIONS]
AMOUNTS = {
    "SOL": 1_234_567_891,
    "USDC": 99_999_999,
    "USDT": 1_000_003,
    "JUP": 7_654_321,
    "BONK": 123_456_789_012,
    "LFEE": 45_678_901,
}

_numbers = count()


@pytest.fixture(scope="module")
def svm() -> LiteSVM:
    svm = LiteSVM().with_blockhash_check(False)
    for program, file in BUNDLED.items():
        svm.add_program_from_file(program, file)
    for address, account in GENESIS.accounts.items():
        svm.set_account(address, Account(account.lamports, account.data, account.owner, False, 0))
    svm.set_clock(SysvarClock(NOW.slot, 0, NOW.epoch, 0, NOW.unix_timestamp))
    return svm


def read(svm: LiteSVM, address: Pubkey) -> AccountData | None:
    account = svm.get_account(address)
    if account is None or account.lamports == 0:
        return None
    return AccountData(account.owner, account.lamports, bytes(account.data))


@dataclass(frozen=True)
class Order:
    """A quote over the state of the SVM now, and the plan to execute it with the quote as its limit."""

    quote: Quote
    plan: SwapPlan


def order(svm: LiteSVM, venue: Venue, pool: Pool, sold: str, bought: str, mode=SwapMode.EXACT_IN) -> Order:
    amount = AMOUNTS[sold if mode is SwapMode.EXACT_IN else bought]
    request = QuoteRequest(MINTS[sold], MINTS[bought], amount, mode)
    snapshot = complete_snapshot(pool, request, partial(read, svm), NOW)
    quote = pool.quote(snapshot, request)
    memo = f"order-{next(_numbers)}/1"
    return Order(
        quote,
        SwapPlan(
            payer=TRADER.pubkey(),
            route=replace(Route.of(quote), min_amount_out=quote.amount_out, max_amount_in=quote.amount_in),
            pools={pool.address: pool},
            venues={venue.name: venue},
            snapshot=snapshot,
            memo=memo,
            account_seed=new_account_seed(),
            blockhash=svm.latest_blockhash(),
            last_valid_block_height=150,
        ),
    )


def execute(svm: LiteSVM, plan: SwapPlan):
    message = build_message(plan)
    check_message(message, plan, Ceilings(priority_fee=1_000_000, tip=0))
    signed = sign(message, WalletSigner(TRADER), plan.last_valid_block_height)
    return svm.send_transaction(VersionedTransaction.from_bytes(signed.raw))


def holding(svm: LiteSVM, mint: Pubkey) -> int:
    """Base units of ``mint``; for SOL the trader's lamports."""
    if mint == NATIVE_MINT:
        return svm.get_balance(TRADER.pubkey()) or 0
    program = TOKEN_2022_PROGRAM if mint == FEE_TOKEN.mint else TOKEN_PROGRAM
    account = read(svm, associated_token_address(TRADER.pubkey(), mint, program))
    return 0 if account is None else parse_token_account(account).amount


@pytest.mark.parametrize("mode", SwapMode)
@pytest.mark.parametrize(("pool", "sold", "bought"), DIRECTIONS, ids=NAMES)
def test_a_quote_is_what_the_swap_does_and_nothing_is_left_behind(svm, pool, sold, bought, mode):
    venue = VENUES[pool.program]
    opened = venue.open_pool(pool.address, GENESIS.accounts[pool.address])
    # The second swap meets a pool that the first has moved.
    for _ in range(2):
        placed = order(svm, venue, opened, sold, bought, mode)
        before = {mint: holding(svm, mint) for mint in MINTS.values()}
        result = execute(svm, placed.plan)
        assert isinstance(result, TransactionMetadata), result.meta().logs()
        after = {mint: holding(svm, mint) for mint in MINTS.values()}
        moved = {mint: after[mint] - before[mint] for mint in MINTS.values()}
        expected = dict.fromkeys(MINTS.values(), 0)
        expected[placed.quote.token_in] -= placed.quote.amount_in
        expected[placed.quote.token_out] += placed.quote.amount_out
        expected[NATIVE_MINT] -= FEE
        assert moved == expected
        temporary = placed.plan.temporary_account
        assert temporary is None or read(svm, temporary) is None
        assert result.compute_units_consumed() <= compute_units(placed.plan)


@pytest.mark.parametrize(("pool", "sold", "bought"), DIRECTIONS, ids=NAMES)
def test_one_unit_more_than_the_quote_fails_as_slippage_and_moves_only_the_fee(svm, pool, sold, bought):
    venue = VENUES[pool.program]
    opened = venue.open_pool(pool.address, GENESIS.accounts[pool.address])
    plan = order(svm, venue, opened, sold, bought).plan
    greedy = at_least(plan, plan.route.amount_out + 1)
    before = {mint: holding(svm, mint) for mint in MINTS.values()}
    result = execute(svm, greedy)
    assert not isinstance(result, TransactionMetadata)
    failure = venue.classify_failure(result.err().err.code, result.meta().logs())
    assert failure is FailureKind.SLIPPAGE_EXCEEDED
    after = {mint: holding(svm, mint) for mint in MINTS.values()}
    assert after == before | {NATIVE_MINT: before[NATIVE_MINT] - FEE}


def test_a_missing_associated_account_is_created_at_the_price_of_its_rent(svm):
    poor = Keypair.from_seed(b"p" * 32)
    svm.set_account(poor.pubkey(), Account(10_000_000_000, b"", Pubkey.default(), False, 0))
    pool = GENESIS.pools[0]
    venue = VENUES[pool.program]
    opened = venue.open_pool(pool.address, GENESIS.accounts[pool.address])
    placed = order(svm, venue, opened, "SOL", "USDC")
    plan = replace(placed.plan, payer=poor.pubkey())
    signed = sign(build_message(plan), WalletSigner(poor), plan.last_valid_block_height)
    result = svm.send_transaction(VersionedTransaction.from_bytes(signed.raw))
    assert isinstance(result, TransactionMetadata), result.meta().logs()
    account = read(svm, associated_token_address(poor.pubkey(), MINTS["USDC"]))
    assert parse_token_account(account).amount == placed.quote.amount_out
    spent = 10_000_000_000 - svm.get_balance(poor.pubkey())
    assert spent == placed.quote.amount_in + FEE + 2_039_280


def test_orders_at_the_same_time_share_no_wrapped_sol(svm):
    pool = GENESIS.pools[0]
    venue = VENUES[pool.program]
    opened = venue.open_pool(pool.address, GENESIS.accounts[pool.address])
    one, two = (order(svm, venue, opened, "SOL", "USDC").plan for _ in range(2))
    assert one.temporary_account != two.temporary_account
    low = [at_least(plan, plan.route.amount_out * 99 // 100) for plan in (one, two)]
    assert all(isinstance(execute(svm, plan), TransactionMetadata) for plan in low)


def test_the_price_of_compute_units_is_paid_on_top(svm):
    pool = GENESIS.pools[0]
    venue = VENUES[pool.program]
    opened = venue.open_pool(pool.address, GENESIS.accounts[pool.address])
    placed = order(svm, venue, opened, "USDC", "SOL")
    plan = replace(placed.plan, compute_unit_price=1_000_000)
    before = holding(svm, NATIVE_MINT)
    result = execute(svm, plan)
    assert isinstance(result, TransactionMetadata), result.meta().logs()
    # A million micro-lamports a unit is one lamport a unit.
    priority = compute_units(plan)
    assert holding(svm, NATIVE_MINT) - before == placed.quote.amount_out - FEE - priority
