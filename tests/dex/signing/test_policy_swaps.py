"""A message whose swap does not do what the order says is not signed."""

from collections.abc import Callable

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from dex.config import (
    TOKEN_PROGRAM,
)
from dex.errors import PolicyViolation
from dex.transactions.swap_plan import SwapPlan
from tests.dex.plans import (
    altered,
    genesis_pool,
    swap_plan,
)
from tests.dex.signing.policy_plans import STRANGER, check, first_swap, instructions_of

DEPOSIT = bytes.fromhex("f223c68952e1f2b6")


def with_swap(plan: SwapPlan, **changes: object) -> list[Instruction]:
    """The plan's instructions with data or accounts of its first swap replaced."""
    instructions = instructions_of(plan)
    programs = {venue.program_id for venue in plan.venues.values()}
    at = next(index for index, one in enumerate(instructions) if one.program_id in programs)
    old = instructions[at]
    data = bytes(changes.get("data", bytes(old.data)))  # type: ignore[call-overload]
    accounts = list(changes.get("accounts", old.accounts))  # type: ignore[call-overload]
    instructions[at] = Instruction(old.program_id, data, accounts)
    return instructions


def replaced(plan: SwapPlan, old: Pubkey, new: Pubkey) -> list[Instruction]:
    metas = [
        AccountMeta(new if meta.pubkey == old else meta.pubkey, meta.is_signer, meta.is_writable)
        for meta in first_swap(plan).accounts
    ]
    return with_swap(plan, accounts=metas)


def a_deposit(plan: SwapPlan) -> list[Instruction]:
    return with_swap(plan, data=DEPOSIT + bytes(first_swap(plan).data)[8:])


def limits_behind_a_minimum_of_zero(plan: SwapPlan) -> list[Instruction]:
    data = bytes(first_swap(plan).data)
    return with_swap(plan, data=data[:16] + bytes(8) + data[8:24])


def limits_swapped(plan: SwapPlan) -> list[Instruction]:
    data = bytes(first_swap(plan).data)
    return with_swap(plan, data=data[:8] + data[16:24] + data[8:16] + data[24:])


def another_pool(plan: SwapPlan) -> list[Instruction]:
    return replaced(plan, plan.route.pool, STRANGER)


def anothers_output_with_the_pair_appended(plan: SwapPlan) -> list[Instruction]:
    metas = list(replaced(plan, plan.account_out, STRANGER))
    swap = next(one for one in metas if one.program_id == first_swap(plan).program_id)
    pair = [AccountMeta(plan.account_in, False, True), AccountMeta(plan.account_out, False, True)]
    return with_swap(plan, accounts=[*swap.accounts, *pair])


def vaults_replaced(plan: SwapPlan) -> list[Instruction]:
    return replaced(plan, plan.pools[plan.route.pool].vaults[1], STRANGER)


def vaults_of_another_pool(plan: SwapPlan) -> list[Instruction]:
    _, other = genesis_pool("raydium", "SOL", "USDT")
    mine = plan.pools[plan.route.pool]
    return replaced(plan, mine.vaults[0], other.vaults[0])


def a_minimum_of_zero(plan: SwapPlan) -> list[Instruction]:
    data = bytearray(first_swap(plan).data)
    data[16:24] = bytes(8)
    return with_swap(plan, data=data)


def more_is_spent(plan: SwapPlan) -> list[Instruction]:
    data = bytearray(first_swap(plan).data)
    data[8:16] = (5_000_001).to_bytes(8, "little")
    return with_swap(plan, data=data)


def a_trailing_byte(plan: SwapPlan) -> list[Instruction]:
    return with_swap(plan, data=bytes(first_swap(plan).data) + b"\0")


def a_missing_byte(plan: SwapPlan) -> list[Instruction]:
    return with_swap(plan, data=bytes(first_swap(plan).data)[:-1])


def no_data(plan: SwapPlan) -> list[Instruction]:
    return with_swap(plan, data=b"")


def one_account_more(plan: SwapPlan) -> list[Instruction]:
    return with_swap(plan, accounts=[*first_swap(plan).accounts, AccountMeta(STRANGER, False, True)])


def one_account_fewer(plan: SwapPlan) -> list[Instruction]:
    return with_swap(plan, accounts=first_swap(plan).accounts[:-1])


def output_to_a_stranger(plan: SwapPlan) -> list[Instruction]:
    return replaced(plan, plan.account_out, STRANGER)


def input_from_elsewhere(plan: SwapPlan) -> list[Instruction]:
    return replaced(plan, plan.account_in, STRANGER)


def accounts_the_other_way_round(plan: SwapPlan) -> list[Instruction]:
    turned = {plan.account_in: plan.account_out, plan.account_out: plan.account_in}
    metas = [
        AccountMeta(turned.get(meta.pubkey, meta.pubkey), meta.is_signer, meta.is_writable)
        for meta in first_swap(plan).accounts
    ]
    return with_swap(plan, accounts=metas)


def another_program_authority(plan: SwapPlan) -> list[Instruction]:
    metas = list(first_swap(plan).accounts)
    metas[1] = AccountMeta(STRANGER, False, False)
    return with_swap(plan, accounts=metas)


def a_token_program_that_is_none(plan: SwapPlan) -> list[Instruction]:
    return replaced(plan, TOKEN_PROGRAM, STRANGER)


def the_swap_twice(plan: SwapPlan) -> list[Instruction]:
    instructions = instructions_of(plan)
    at = instructions.index(first_swap(plan))
    return [*instructions[: at + 1], instructions[at], *instructions[at + 1 :]]


def no_swap(plan: SwapPlan) -> list[Instruction]:
    return [one for one in instructions_of(plan) if one != first_swap(plan)]


HOSTILE = [
    a_deposit,
    limits_behind_a_minimum_of_zero,
    limits_swapped,
    another_pool,
    anothers_output_with_the_pair_appended,
    vaults_replaced,
    vaults_of_another_pool,
    a_minimum_of_zero,
    more_is_spent,
    a_trailing_byte,
    a_missing_byte,
    no_data,
    one_account_more,
    one_account_fewer,
    output_to_a_stranger,
    input_from_elsewhere,
    accounts_the_other_way_round,
    another_program_authority,
    a_token_program_that_is_none,
    the_swap_twice,
    no_swap,
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda made: made.__name__)
def test_a_hostile_swap_is_refused(hostile: Callable[[SwapPlan], list[Instruction]]) -> None:
    plan = altered(swap_plan("SOL", "USDC"), account_seed="0123456789a")
    instructions = hostile(plan)
    assert instructions != instructions_of(plan)
    with pytest.raises(PolicyViolation):
        check(plan, instructions)
