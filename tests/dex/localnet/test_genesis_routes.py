"""Routes of several pools over the stand-in programs: what they move, how large they are, how they fail."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace

import pytest
from solders.account import Account
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.litesvm import LiteSVM
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction
from solders.transaction_metadata import FailedTransactionMetadata, TransactionMetadata

from dex.config import LOOKUP_TABLE_PROGRAM, NATIVE_MINT
from dex.errors import UnknownLayout, WrongOwner
from dex.rpc.confirmation import failure_of
from dex.signing.policy import Ceilings
from dex.signing.signer import WalletSigner
from dex.transactions.instructions import new_account_seed
from dex.transactions.lookup_tables import parse_lookup_table
from dex.transactions.route_size import Sizing
from dex.transactions.swap_plan import SwapPlan
from dex.transactions.swap_transaction import build_message, compute_units, fits, sign, transaction_bytes
from dex.types import AccountData, FailureKind, Path, Quote, QuoteRequest, Route, Snapshot, SwapMode
from dex.venues.base import Pool
from tests.dex.localnet.test_genesis_swaps import FEE, GENESIS, MINTS, NOW, TRADER, VENUES, holding, read, svm
from tests.dex.plans import at_least, check_message

__all__ = ["svm"]

MEMO = "order 0193c8a1-7c1e-7d0b-9b1f-0123456789ab attempt 1"
# Constant-product pools of two programs, whose quotes need nothing beyond their own accounts.
PROGRAMS = ("raydium-cpmm", "meteora-damm-v2")
BY_NAME = {venue.name: venue for venue in VENUES.values()}


def pool_of(venue: str, *symbols: str) -> Pool:
    for pool in GENESIS.pools:
        if VENUES[pool.program].name == venue and {pool.base.symbol, pool.quote.symbol} == set(symbols):
            return VENUES[pool.program].open_pool(pool.address, GENESIS.accounts[pool.address])
    raise LookupError(f"{venue} {symbols}")


def snapshot_of(svm: LiteSVM, pools: Sequence[Pool]) -> Snapshot:
    return Snapshot(NOW, {key: read(svm, key) for pool in pools for key in pool.accounts})


def plan_of(svm: LiteSVM, route: Route, pools: Sequence[Pool]) -> SwapPlan:
    return SwapPlan(
        payer=TRADER.pubkey(),
        route=route,
        pools={pool.address: pool for pool in pools},
        venues=BY_NAME,
        snapshot=snapshot_of(svm, pools),
        memo=MEMO,
        account_seed=new_account_seed(),
        blockhash=svm.latest_blockhash(),
        last_valid_block_height=150,
    )


def quoted(svm: LiteSVM, pool: Pool, sold: str, bought: str, amount: int, mode: SwapMode) -> Quote:
    return pool.quote(snapshot_of(svm, [pool]), QuoteRequest(MINTS[sold], MINTS[bought], amount, mode))


def two_hops(svm: LiteSVM, venues: tuple[str, str], symbols: tuple[str, str, str], amount: int) -> SwapPlan:
    """What the second pool gives for all that the first gives for ``amount``; the least it may be."""
    sold, middle, bought = symbols
    pools = [pool_of(venues[0], sold, middle), pool_of(venues[1], middle, bought)]
    between = quoted(svm, pools[0], sold, middle, amount, SwapMode.EXACT_IN).amount_out
    first = quoted(svm, pools[0], sold, middle, between, SwapMode.EXACT_OUT)
    second = quoted(svm, pools[1], middle, bought, between, SwapMode.EXACT_IN)
    path = Path((first, second), amount, second.amount_out)
    return plan_of(svm, Route((path,), min_amount_out=second.amount_out), pools)


def split(svm: LiteSVM, sold: str, bought: str, amounts: tuple[int, int]) -> SwapPlan:
    pools = [pool_of(venue, sold, bought) for venue in PROGRAMS]
    legs = [
        quoted(svm, pool, sold, bought, amount, SwapMode.EXACT_IN)
        for pool, amount in zip(pools, amounts, strict=True)
    ]
    paths = tuple(Path((leg,), leg.amount_in, leg.amount_out) for leg in legs)
    route = Route(paths, min_amount_out=sum(leg.amount_out for leg in legs))
    return plan_of(svm, route, pools)


def with_table(svm: LiteSVM, plan: SwapPlan) -> SwapPlan:
    """The plan with a lookup table of its pools' accounts, which the SVM then has too."""
    keys = build_message(plan).account_keys
    programs = {venue.program_id for venue in BY_NAME.values()}
    addresses = [key for key in keys[1:] if key not in programs]
    address = Pubkey.new_unique()
    data = struct.pack("<IQQB", 1, 2**64 - 1, 0, 0) + bytes(1 + 32 + 2)
    data += b"".join(map(bytes, addresses))
    svm.set_account(address, Account(10**9, data, LOOKUP_TABLE_PROGRAM, False, 0))
    table = parse_lookup_table(address, AccountData(LOOKUP_TABLE_PROGRAM, 10**9, data), NOW.slot)
    return replace(plan, lookup_tables=(table,))


def execute(svm: LiteSVM, plan: SwapPlan) -> TransactionMetadata | FailedTransactionMetadata:
    message = build_message(plan)
    check_message(message, plan, Ceilings(priority_fee=1_000_000, tip=0))
    signed = sign(message, WalletSigner(TRADER), plan.last_valid_block_height)
    return svm.send_transaction(VersionedTransaction.from_bytes(signed.raw))


def moved(svm: LiteSVM, plan: SwapPlan) -> dict[Pubkey, int]:
    before = {mint: holding(svm, mint) for mint in MINTS.values()}
    result = execute(svm, plan)
    assert isinstance(result, TransactionMetadata), result.meta().logs()
    assert result.compute_units_consumed() <= compute_units(plan)
    after = {mint: holding(svm, mint) for mint in MINTS.values()}
    return {mint: after[mint] - before[mint] for mint in MINTS.values() if after[mint] != before[mint]}


@pytest.mark.parametrize("first", PROGRAMS)
@pytest.mark.parametrize("second", PROGRAMS)
def test_two_hops_move_what_was_quoted_and_leave_nothing_between(svm, first, second):
    plan = with_table(svm, two_hops(svm, (first, second), ("JUP", "USDC", "USDT"), 7_654_321))
    [path] = plan.route.paths
    assert fits(plan)
    paid, received = path.legs[0].amount_in, path.legs[1].amount_out
    assert 7_654_321 - paid in range(10)
    assert moved(svm, plan) == {MINTS["JUP"]: -paid, MINTS["USDT"]: received, NATIVE_MINT: -FEE}


@pytest.mark.parametrize(
    "symbols", [("BONK", "SOL", "USDC"), ("SOL", "USDC", "USDT"), ("USDT", "USDC", "SOL")]
)
def test_two_hops_with_sol_anywhere_close_the_temporary_account(svm, symbols):
    plan = with_table(svm, two_hops(svm, ("meteora-damm-v2", "raydium-cpmm"), symbols, 4_567_891))
    first, second = plan.route.legs
    change = moved(svm, plan)
    expected = {first.token_in: -first.amount_in, second.token_out: second.amount_out}
    expected[NATIVE_MINT] = expected.get(NATIVE_MINT, 0) - FEE
    assert change == expected
    assert plan.temporary_account is not None
    assert read(svm, plan.temporary_account) is None


@pytest.mark.parametrize(("sold", "bought"), [("SOL", "USDC"), ("USDC", "SOL"), ("USDC", "USDT")])
def test_a_split_moves_the_sum_of_its_quotes(svm, sold, bought):
    plan = split(svm, sold, bought, (3_456_789, 1_234_567))
    assert fits(plan)
    total = sum(leg.amount_out for leg in plan.route.legs)
    expected = {MINTS[sold]: -4_691_356, MINTS[bought]: total}
    expected[NATIVE_MINT] = expected.get(NATIVE_MINT, 0) - FEE
    assert moved(svm, plan) == expected


def test_a_split_into_sol_is_held_by_its_sum_alone(svm):
    exact = split(svm, "USDC", "SOL", (3_456_789, 1_234_567))
    assert exact.guarded_amount == exact.route.amount_out
    greedy = at_least(exact, exact.route.amount_out + 1)
    before = {mint: holding(svm, mint) for mint in MINTS.values()}
    result = execute(svm, greedy)
    assert isinstance(result, FailedTransactionMetadata)
    failure = failure_of(
        {"InstructionError": [0, {"Custom": 1}]}, result.meta().logs(), list(BY_NAME.values())
    )
    assert failure.kind is FailureKind.SLIPPAGE_EXCEEDED
    after = {mint: holding(svm, mint) for mint in MINTS.values()}
    assert after == before | {NATIVE_MINT: before[NATIVE_MINT] - FEE}


@pytest.mark.parametrize(("leg", "names"), [(0, {"ExceededSlippage"}), (1, {"ExceededSlippage"})])
def test_a_leg_that_the_market_has_left_fails_as_slippage(svm, leg, names):
    plan = two_hops(svm, ("raydium-cpmm", "meteora-damm-v2"), ("JUP", "USDC", "USDT"), 7_654_321)
    [path] = plan.route.paths
    if leg == 0:
        route = replace(plan.route, paths=(replace(path, amount_in=path.legs[0].amount_in - 1),))
    else:
        route = replace(plan.route, min_amount_out=path.amount_out + 1)
    result = execute(svm, with_table(svm, replace(plan, route=route)))
    assert isinstance(result, FailedTransactionMetadata)
    code = {0: 6005, 1: 6002}[leg]
    failure = failure_of(
        {"InstructionError": [0, {"Custom": code}]}, result.meta().logs(), list(BY_NAME.values())
    )
    assert (failure.kind, failure.name in names) == (FailureKind.SLIPPAGE_EXCEEDED, True)


def test_what_does_not_fit_is_known_before_it_is_signed(svm):
    plan = two_hops(svm, ("meteora-damm-v2", "raydium-cpmm"), ("BONK", "SOL", "USDC"), 4_567_891)
    sizing = Sizing(TRADER.pubkey(), BY_NAME, tips=True)
    assert transaction_bytes(build_message(plan)) == 1_212
    assert fits(plan)
    assert sizing.bytes_of(plan.route, plan.pools, plan.snapshot) > 1_232
    assert not sizing.fits(plan.route, plan.pools, plan.snapshot)
    shorter = with_table(svm, plan)
    with_a_table = replace(sizing, lookup_tables=shorter.lookup_tables)
    assert with_a_table.fits(plan.route, plan.pools, plan.snapshot)
    size = with_a_table.bytes_of(plan.route, plan.pools, plan.snapshot)
    assert transaction_bytes(build_message(shorter)) < size < 1_000
    # Room for the most arrays that two legs pass, of which each account takes 33 bytes.
    assert not with_a_table.has_room(plan.route, plan.pools, plan.snapshot) or size <= 1_232 - 33 * 18
    assert not sizing.has_room(plan.route, plan.pools, plan.snapshot)


def test_a_table_is_read_as_the_runtime_reads_it():
    keys = [Pubkey.new_unique() for _ in range(3)]
    address = Pubkey.new_unique()

    def table(kind: int = 1, deactivated: int = 2**64 - 1, extended: int = 5, new: int = 2) -> AccountData:
        data = struct.pack("<IQQB", kind, deactivated, extended, new) + bytes(35)
        return AccountData(LOOKUP_TABLE_PROGRAM, 1, data + b"".join(map(bytes, keys)))

    assert parse_lookup_table(address, table(), 6) == AddressLookupTableAccount(address, keys)
    # What this very slot has added cannot be looked up in it.
    assert parse_lookup_table(address, table(), 5) == AddressLookupTableAccount(address, keys[:2])
    for broken in (table(kind=0), table(deactivated=7), replace(table(), data=b"x" * 57)):
        with pytest.raises(UnknownLayout):
            parse_lookup_table(address, broken, 6)
    with pytest.raises(WrongOwner):
        parse_lookup_table(address, replace(table(), owner=address), 6)
