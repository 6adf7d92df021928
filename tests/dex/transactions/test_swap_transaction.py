"""The transaction of a swap: its instructions, its size, its signature."""

import time
from dataclasses import replace

import pytest
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from dex.config import (
    ASSOCIATED_TOKEN_PROGRAM,
    COMPUTE_BUDGET_PROGRAM,
    MEMO_PROGRAM,
    SYSTEM_PROGRAM,
    TOKEN_2022_PROGRAM,
    TOKEN_PROGRAM,
)
from dex.errors import PolicyViolation, WrongOwner
from dex.signing.signer import WalletSigner
from dex.transactions.instructions import new_account_seed
from dex.transactions.swap_plan import SwapPlan
from dex.transactions.swap_transaction import build_message, compute_units, sign
from dex.transactions.token_accounts import associated_token_address
from dex.types import Route, SwapMode
from tests.dex.plans import GENESIS, MINTS, altered, at_least, leg, route_plan, swap_plan

SIGNER = WalletSigner(GENESIS.wallet)


def programs_of(plan: SwapPlan) -> list:
    message = build_message(plan)
    return [message.account_keys[i.program_id_index] for i in message.instructions]


def swap_program(plan: SwapPlan) -> Pubkey:
    return plan.venues[plan.route.venue].program_id


def test_token_for_token_needs_no_temporary_account():
    plan = swap_plan("USDC", "USDT")
    assert plan.temporary_account is None
    assert programs_of(plan) == [
        COMPUTE_BUDGET_PROGRAM,
        MEMO_PROGRAM,
        ASSOCIATED_TOKEN_PROGRAM,
        swap_program(plan),
    ]


def test_sol_in_is_wrapped_into_a_temporary_account_that_is_closed():
    plan = swap_plan("SOL", "USDC")
    assert programs_of(plan) == [
        COMPUTE_BUDGET_PROGRAM,
        MEMO_PROGRAM,
        ASSOCIATED_TOKEN_PROGRAM,
        SYSTEM_PROGRAM,
        TOKEN_PROGRAM,
        swap_program(plan),
        TOKEN_PROGRAM,
    ]
    assert plan.account_in == plan.temporary_account
    assert plan.temporary_account_lamports == 2_039_280 + 5_000_000


def test_sol_out_holds_only_its_rent_before_the_swap_and_needs_no_associated_account():
    plan = swap_plan("USDC", "SOL")
    assert programs_of(plan) == [
        COMPUTE_BUDGET_PROGRAM,
        MEMO_PROGRAM,
        SYSTEM_PROGRAM,
        TOKEN_PROGRAM,
        swap_program(plan),
        TOKEN_PROGRAM,
    ]
    assert plan.temporary_account_lamports == 2_039_280
    assert plan.account_in == associated_token_address(plan.payer, MINTS["USDC"])


def test_a_price_adds_one_compute_budget_instruction():
    plan = altered(swap_plan("USDC", "USDT"), compute_unit_price=1_500)
    assert programs_of(plan)[:2] == [COMPUTE_BUDGET_PROGRAM, COMPUTE_BUDGET_PROGRAM]
    assert bytes(build_message(plan).instructions[1].data) == b"\x03" + (1_500).to_bytes(8, "little")


def test_the_unit_limit_covers_venue_memo_and_accounts():
    plan = swap_plan("USDC", "SOL", memo="m" * 10)
    assert (
        compute_units(plan) == plan.venues[plan.route.venue].compute_units + 1_000 + 3_000 + 500 * 10 + 10_000
    )


def test_no_two_temporary_accounts_are_alike_and_none_can_be_foretold():
    seeds = {new_account_seed() for _ in range(1_000)}
    assert len(seeds) == 1_000
    assert {len(seed) for seed in seeds} == {11}
    one, two = (altered(swap_plan("SOL", "USDC"), account_seed=seed) for seed in list(seeds)[:2])
    assert one.temporary_account != two.temporary_account


def test_equal_plans_give_equal_signatures_and_another_memo_another():
    def signed(memo: str):
        plan = swap_plan("USDC", "USDT", memo=memo)
        return sign(build_message(plan), SIGNER, plan.last_valid_block_height)

    assert signed("order-1/1") == signed("order-1/1")
    assert signed("order-1/1").signature != signed("order-2/1").signature


@pytest.mark.parametrize("dex", ["raydium", "meteora"])
@pytest.mark.parametrize(("token_in", "token_out"), [("SOL", "USDC"), ("USDC", "SOL")])
def test_signed_bytes_are_a_valid_transaction_within_a_packet(dex, token_in, token_out):
    plan = swap_plan(token_in, token_out, dex, memo="0193c8a1-7c1e-7d0b-9b1f-0123456789ab/12")
    plan = altered(plan, compute_unit_price=10_000)
    signed = sign(build_message(plan), SIGNER, plan.last_valid_block_height)
    transaction = VersionedTransaction.from_bytes(signed.raw)
    transaction.verify_with_results()
    assert transaction.verify_with_results() == [True]
    assert signed.signature == str(transaction.signatures[0])
    assert signed.blockhash == str(plan.blockhash)
    assert signed.last_valid_block_height == 150
    assert len(signed.raw) <= 1232


def test_a_transaction_above_the_packet_size_is_not_signed_off():
    plan = swap_plan("USDC", "USDT", memo="m" * 900)
    with pytest.raises(PolicyViolation, match="1232"):
        sign(build_message(plan), SIGNER, 150)


def test_plans_without_a_minimum_an_amount_or_two_tokens_are_refused():
    plan = swap_plan("USDC", "USDT")
    nothing_in = Route.of(leg("raydium", "USDC", "USDT", 0, 1_000))
    same = Route.of(replace(plan.route.legs[0], token_out=plan.token_in))
    for broken in (
        at_least(plan, 0),
        altered(plan, route=replace(nothing_in, min_amount_out=1)),
        altered(plan, route=replace(same, min_amount_out=1)),
    ):
        with pytest.raises(PolicyViolation):
            build_message(broken)


def owned_by(plan: SwapPlan, mint: Pubkey, program: Pubkey) -> SwapPlan:
    account = replace(plan.snapshot.account(mint), owner=program)
    accounts = {**plan.snapshot.accounts, mint: account}
    return altered(plan, snapshot=replace(plan.snapshot, accounts=accounts))


def test_a_token_2022_mint_has_its_accounts_under_its_own_program():
    plan = owned_by(swap_plan("USDC", "USDT"), MINTS["USDT"], TOKEN_2022_PROGRAM)
    expected = associated_token_address(plan.payer, MINTS["USDT"], TOKEN_2022_PROGRAM)
    assert plan.account_out == expected
    assert plan.account_in == associated_token_address(plan.payer, MINTS["USDC"])
    message = build_message(plan)
    created = [message.account_keys[index] for index in message.instructions[2].accounts]
    assert (created[1], created[5]) == (expected, TOKEN_2022_PROGRAM)


def test_a_mint_of_no_token_program_is_refused():
    plan = owned_by(swap_plan("USDC", "USDT"), MINTS["USDT"], SYSTEM_PROGRAM)
    with pytest.raises(WrongOwner):
        build_message(plan)


def test_exact_out_asks_the_pool_for_the_output():
    bought = leg("raydium", "USDC", "USDT", 4_990_000, 1_000, SwapMode.EXACT_OUT)
    plan = route_plan(replace(Route.of(bought), max_amount_in=5_000_000))
    data = bytes(build_message(plan).instructions[-1].data)
    assert data[:8].hex() == "37d96256a34ab4ad"
    assert data[8:24] == (5_000_000).to_bytes(8, "little") + (1_000).to_bytes(8, "little")


def test_building_and_signing_stays_below_half_a_millisecond():
    plan = swap_plan("SOL", "USDC")
    build_message(plan)
    best = min(_seconds_for_one(plan) for _ in range(50))
    assert best < 0.0005


def _seconds_for_one(plan: SwapPlan) -> float:
    started = time.perf_counter()
    sign(build_message(plan), SIGNER, 150)
    return time.perf_counter() - started
