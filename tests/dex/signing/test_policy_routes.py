"""Routes of several pools that a faulty search could make are not signed."""

from collections.abc import Callable

import pytest
from solders.instruction import Instruction

from dex.errors import PolicyViolation
from dex.signing.policy import check_policy
from dex.transactions.swap_transaction import build_message
from tests.dex.plans import (
    at_least,
    facts_of,
    terms_of,
)
from tests.dex.signing.policy_plans import CEILINGS, check, instructions_of, split, two_hops


def a_middle_amount_that_does_not_meet() -> list[Instruction]:
    instructions = instructions_of(two_hops())
    data = bytearray(instructions[-1].data)
    data[8:16] = (2_000_001).to_bytes(8, "little")
    return [
        *instructions[:-1],
        Instruction(instructions[-1].program_id, bytes(data), instructions[-1].accounts),
    ]


def the_legs_in_the_wrong_order() -> list[Instruction]:
    instructions = instructions_of(two_hops())
    return [*instructions[:-2], instructions[-1], instructions[-2]]


def the_first_leg_alone() -> list[Instruction]:
    return instructions_of(two_hops())[:-1]


def the_second_leg_alone() -> list[Instruction]:
    instructions = instructions_of(two_hops())
    return [*instructions[:-2], instructions[-1]]


@pytest.mark.parametrize(
    "hostile",
    [
        a_middle_amount_that_does_not_meet,
        the_legs_in_the_wrong_order,
        the_first_leg_alone,
        the_second_leg_alone,
    ],
    ids=lambda made: made.__name__,
)
def test_two_legs_that_do_not_meet_are_refused(hostile: Callable[[], list[Instruction]]) -> None:
    with pytest.raises(PolicyViolation):
        check(two_hops(), hostile())


def test_the_minima_of_a_split_must_come_to_the_orders_floor() -> None:
    plan = split()
    low = at_least(plan, 4_979_998)
    with pytest.raises(PolicyViolation, match="is asked for at least, the order wants 4980000"):
        check_policy(build_message(low), terms_of(plan, min_amount_out=4_980_000), facts_of(plan), CEILINGS)
    less = terms_of(plan, max_amount_in=4_999_999)
    with pytest.raises(PolicyViolation, match="5000000 would be spent, the order allows 4999999"):
        check_policy(build_message(plan), less, facts_of(plan), CEILINGS)


def test_loose_legs_need_the_guard_that_holds_their_sum() -> None:
    plan = split("USDC", "SOL")
    guarded = instructions_of(plan)
    assert bytes(guarded[-2].data) == b"\x0c" + (4_980_000).to_bytes(8, "little") + b"\x09"
    with pytest.raises(PolicyViolation, match="at least, the order wants 4980000"):
        check(plan, [*guarded[:-2], guarded[-1]])
