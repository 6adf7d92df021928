"""A message that does more than swap is not signed."""

from collections.abc import Callable

import pytest
from solders.instruction import AccountMeta, Instruction
from solders.system_program import TransferParams, transfer

from dex.config import (
    COMPUTE_BUDGET_PROGRAM,
    MEMO_PROGRAM,
    SYSTEM_PROGRAM,
    TOKEN_PROGRAM,
)
from dex.errors import PolicyViolation
from dex.transactions.instructions import (
    compute_unit_price,
    create_temporary_account,
    create_token_account_if_missing,
    require_balance,
)
from dex.transactions.swap_plan import SwapPlan
from tests.dex.plans import (
    MINTS,
    altered,
    swap_plan,
)
from tests.dex.signing.policy_plans import STRANGER, WALLET, check, first_swap, instructions_of


def a_high_unit_price(plan: SwapPlan) -> list[Instruction]:
    instructions = instructions_of(plan)
    return [instructions[0], compute_unit_price(10**15), *instructions[1:]]


def a_payment_of_sol(plan: SwapPlan) -> list[Instruction]:
    payment = transfer(TransferParams(from_pubkey=WALLET, to_pubkey=STRANGER, lamports=1))
    return [*instructions_of(plan), payment]


def a_payment_of_tokens(plan: SwapPlan) -> list[Instruction]:
    metas = [AccountMeta(plan.account_in, False, True), AccountMeta(STRANGER, False, True)]
    metas.append(AccountMeta(WALLET, True, False))
    payment = Instruction(TOKEN_PROGRAM, b"\x03" + (1).to_bytes(8, "little"), metas)
    return [*instructions_of(plan), payment]


def an_approval(plan: SwapPlan) -> list[Instruction]:
    metas = [AccountMeta(plan.account_out, False, True), AccountMeta(STRANGER, False, False)]
    metas.append(AccountMeta(WALLET, True, False))
    return [*instructions_of(plan), Instruction(TOKEN_PROGRAM, b"\x04" + bytes([255] * 8), metas)]


def another_owner_of_an_account(plan: SwapPlan) -> list[Instruction]:
    metas = [AccountMeta(plan.account_out, False, True), AccountMeta(WALLET, True, False)]
    return [
        *instructions_of(plan),
        Instruction(TOKEN_PROGRAM, b"\x06\x02\x01" + bytes(STRANGER), metas),
    ]


def wrapped_sol_closed_to_a_stranger(plan: SwapPlan) -> list[Instruction]:
    instructions = instructions_of(plan)
    metas = list(instructions[-1].accounts)
    metas[1] = AccountMeta(STRANGER, False, True)
    return [*instructions[:-1], Instruction(TOKEN_PROGRAM, bytes(instructions[-1].data), metas)]


def another_account_closed(plan: SwapPlan) -> list[Instruction]:
    instructions = instructions_of(plan)
    metas = [AccountMeta(plan.account_out, False, True), *instructions[-1].accounts[1:]]
    return [*instructions[:-1], Instruction(TOKEN_PROGRAM, bytes(instructions[-1].data), metas)]


def the_temporary_account_left_open(plan: SwapPlan) -> list[Instruction]:
    return instructions_of(plan)[:-1]


def the_temporary_account_set_up_for_a_stranger(plan: SwapPlan) -> list[Instruction]:
    instructions = instructions_of(plan)
    return [
        Instruction(one.program_id, b"\x12" + bytes(STRANGER), one.accounts)
        if one.program_id == TOKEN_PROGRAM and bytes(one.data)[:1] == b"\x12"
        else one
        for one in instructions
    ]


def made_instead(plan: SwapPlan, made: Instruction) -> list[Instruction]:
    """The plan's instructions with another one in the place of that which makes the temporary account."""
    return [
        made if one.program_id == SYSTEM_PROGRAM and bytes(one.data)[:1] == b"\x03" else one
        for one in instructions_of(plan)
    ]


def more_sol_wrapped(plan: SwapPlan) -> list[Instruction]:
    lamports = plan.temporary_account_lamports + 1
    return made_instead(plan, create_temporary_account(WALLET, plan.account_seed, lamports))


def a_temporary_account_of_another_program(plan: SwapPlan) -> list[Instruction]:
    made = create_temporary_account(WALLET, plan.account_seed, plan.temporary_account_lamports)
    data = bytes(made.data)[:-32] + bytes(STRANGER)
    return made_instead(plan, Instruction(SYSTEM_PROGRAM, data, made.accounts))


def a_seed_of_endless_length(plan: SwapPlan) -> list[Instruction]:
    made = create_temporary_account(WALLET, plan.account_seed, plan.temporary_account_lamports)
    data = bytearray(made.data)
    data[36:44] = bytes([255] * 8)
    return made_instead(plan, Instruction(SYSTEM_PROGRAM, bytes(data), made.accounts))


def an_account_for_a_stranger(plan: SwapPlan) -> list[Instruction]:
    instructions = instructions_of(plan)
    made = create_token_account_if_missing(STRANGER, plan.token_out, TOKEN_PROGRAM)
    metas = [AccountMeta(WALLET, True, True), *made.accounts[1:]]
    return [
        instructions[0],
        instructions[1],
        Instruction(made.program_id, made.data, metas),
        *instructions[2:],
    ]


def an_account_for_another_mint(plan: SwapPlan) -> list[Instruction]:
    instructions = instructions_of(plan)
    made = create_token_account_if_missing(WALLET, MINTS["JUP"], TOKEN_PROGRAM)
    return [*instructions[:2], made, *instructions[2:]]


def a_guard_that_guards_nothing(plan: SwapPlan) -> list[Instruction]:
    instructions = instructions_of(plan)
    account = plan.temporary_account
    assert account is not None
    return [*instructions[:-1], require_balance(account, WALLET, 1_000), instructions[-1]]


def another_memo(plan: SwapPlan) -> list[Instruction]:
    return [
        Instruction(MEMO_PROGRAM, b"order-9/1", []) if one.program_id == MEMO_PROGRAM else one
        for one in instructions_of(plan)
    ]


def a_second_memo(plan: SwapPlan) -> list[Instruction]:
    instructions = instructions_of(plan)
    return [*instructions[:2], instructions[1], *instructions[2:]]


def a_second_signer(plan: SwapPlan) -> list[Instruction]:
    signed = Instruction(MEMO_PROGRAM, plan.memo.encode(), [AccountMeta(STRANGER, True, False)])
    return [signed if one.program_id == MEMO_PROGRAM else one for one in instructions_of(plan)]


def a_program_that_no_venue_is(plan: SwapPlan) -> list[Instruction]:
    return [*instructions_of(plan), Instruction(STRANGER, b"", [])]


def no_unit_limit(plan: SwapPlan) -> list[Instruction]:
    return instructions_of(plan)[1:]


def a_second_unit_limit(plan: SwapPlan) -> list[Instruction]:
    instructions = instructions_of(plan)
    return [instructions[0], *instructions]


def a_heap_request(plan: SwapPlan) -> list[Instruction]:
    return [Instruction(COMPUTE_BUDGET_PROGRAM, b"\x01\x00\x00\x04\x00", []), *instructions_of(plan)]


def a_unit_limit_with_a_tail(plan: SwapPlan) -> list[Instruction]:
    first, *others = instructions_of(plan)
    return [Instruction(first.program_id, bytes(first.data) + b"\0", []), *others]


def the_swap_behind_the_close(plan: SwapPlan) -> list[Instruction]:
    instructions = instructions_of(plan)
    swap = first_swap(plan)
    return [*(one for one in instructions if one != swap), swap]


HOSTILE = [
    a_high_unit_price,
    a_payment_of_sol,
    a_payment_of_tokens,
    an_approval,
    another_owner_of_an_account,
    wrapped_sol_closed_to_a_stranger,
    another_account_closed,
    the_temporary_account_left_open,
    the_temporary_account_set_up_for_a_stranger,
    more_sol_wrapped,
    a_temporary_account_of_another_program,
    a_seed_of_endless_length,
    an_account_for_a_stranger,
    an_account_for_another_mint,
    a_guard_that_guards_nothing,
    another_memo,
    a_second_memo,
    a_second_signer,
    a_program_that_no_venue_is,
    no_unit_limit,
    a_second_unit_limit,
    a_heap_request,
    a_unit_limit_with_a_tail,
    the_swap_behind_the_close,
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda made: made.__name__)
def test_hostile_instructions_beside_the_swap_are_refused(
    hostile: Callable[[SwapPlan], list[Instruction]],
) -> None:
    plan = altered(swap_plan("SOL", "USDC"), account_seed="0123456789a")
    instructions = hostile(plan)
    assert instructions != instructions_of(plan)
    with pytest.raises(PolicyViolation):
        check(plan, instructions)
