"""The wallet signs what an order allows and nothing else, anyone who built the message."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from dex.config import (
    ASSOCIATED_TOKEN_PROGRAM,
    COMPUTE_BUDGET_PROGRAM,
    MEMO_PROGRAM,
    SYSTEM_PROGRAM,
    TOKEN_PROGRAM,
)
from dex.errors import PolicyViolation
from dex.signing.policy import Ceilings, check_policy
from dex.transactions.instructions import (
    compute_unit_price,
    create_temporary_account,
    create_token_account_if_missing,
    require_balance,
)
from dex.transactions.swap_plan import SwapPlan
from dex.transactions.swap_transaction import build_message
from dex.types import Path, Route, RouteBounds, SwapMode
from tests.dex.plans import (
    GENESIS,
    MINTS,
    altered,
    at_least,
    check_message,
    facts_of,
    genesis_pool,
    leg,
    route_plan,
    swap_plan,
    terms_of,
)

WALLET = GENESIS.wallet.pubkey()
STRANGER = Keypair.from_seed(b"s" * 32).pubkey()
CEILINGS = Ceilings(priority_fee=1_000_000, tip=50_000)


def instructions_of(plan: SwapPlan) -> list[Instruction]:
    message = build_message(altered(plan, lookup_tables=()))
    keys = message.account_keys
    return [
        Instruction(
            keys[i.program_id_index],
            bytes(i.data),
            [AccountMeta(keys[a], keys[a] == plan.payer, message.is_maybe_writable(a)) for a in i.accounts],
        )
        for i in message.instructions
    ]


def check(plan: SwapPlan, instructions: list[Instruction], payer: Pubkey = WALLET) -> None:
    check_message(MessageV0.try_compile(payer, instructions, [], plan.blockhash), plan)


def two_hops(token_in: str = "JUP", middle: str = "USDC", token_out: str = "USDT") -> SwapPlan:
    legs = (
        leg("meteora", token_in, middle, 5_000_000, 2_000_000, SwapMode.EXACT_OUT),
        leg("raydium", middle, token_out, 2_000_000, 1_990_000),
    )
    return route_plan(Route((Path(legs, 5_010_000, 1_990_000),), min_amount_out=1_980_000))


def split(token_in: str = "USDC", token_out: str = "USDT") -> SwapPlan:
    first = leg("raydium", token_in, token_out, 3_000_000, 2_990_000)
    second = leg("meteora", token_in, token_out, 2_000_000, 1_995_001)
    paths = (Path((first,), 3_000_000, 2_990_000), Path((second,), 2_000_000, 1_995_001))
    return route_plan(Route(paths, min_amount_out=4_980_000))


def bought_exactly() -> SwapPlan:
    quote = leg("raydium", "SOL", "USDC", 4_990_000, 1_000, SwapMode.EXACT_OUT)
    return route_plan(replace(Route.of(quote), max_amount_in=5_000_000))


PLANS = {
    "sol for token": lambda: swap_plan("SOL", "USDC"),
    "token for sol": lambda: swap_plan("USDC", "SOL", "meteora"),
    "token for token": lambda: swap_plan("USDT", "USDC"),
    "two hops over usdc": two_hops,
    "two hops over sol": lambda: two_hops("BONK", "SOL", "USDC"),
    "two hops from sol": lambda: two_hops("SOL", "USDC", "USDT"),
    "split": split,
    "split into sol with a guard": lambda: split("USDC", "SOL"),
    "exact output": bought_exactly,
}


@pytest.mark.parametrize("name", PLANS)
def test_what_the_order_allows_is_signed(name: str) -> None:
    plan = altered(PLANS[name](), compute_unit_price=7)
    check_message(build_message(plan), plan)


@pytest.mark.parametrize("name", PLANS)
def test_with_a_lookup_table_the_same_is_read(name: str) -> None:
    plan = PLANS[name]()
    static = {COMPUTE_BUDGET_PROGRAM, MEMO_PROGRAM, ASSOCIATED_TOKEN_PROGRAM}
    keys = [meta.pubkey for one in instructions_of(plan) for meta in one.accounts]
    table = AddressLookupTableAccount(
        STRANGER, [key for key in dict.fromkeys(keys) if key not in static | {WALLET}]
    )
    shorter = altered(plan, lookup_tables=(table,))
    message = build_message(shorter)
    assert len(message.address_table_lookups) == 1
    assert len(bytes(message)) < len(bytes(build_message(plan)))
    check_message(message, shorter)
    with pytest.raises(PolicyViolation, match="not one of the settings"):
        check_message(message, plan)
    # The table of another node, with the addresses in another order.
    swapped = altered(shorter, lookup_tables=(AddressLookupTableAccount(STRANGER, table.addresses[::-1]),))
    with pytest.raises(PolicyViolation):
        check_message(message, swapped)
    with pytest.raises(PolicyViolation, match="no entry"):
        check_message(
            message, altered(shorter, lookup_tables=(AddressLookupTableAccount(STRANGER, [STRANGER]),))
        )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"max_amount_in": 4_999_999}, "5000000 lamports would be wrapped, 4999999 may be"),
        ({"max_amount_in": 5_000_001}, "whole amount"),
        ({"min_amount_out": 1_001}, "1000 is asked for at least, the order wants 1001"),
        ({"memo": "order-2/1"}, "memo"),
        ({"wallet": STRANGER}, "fee payer"),
        ({"token_out": MINTS["JUP"]}, "another token"),
        ({"token_in": MINTS["USDT"]}, "would be wrapped"),
        ({"mode": SwapMode.EXACT_OUT}, "other side"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_a_message_beyond_another_orders_terms_is_refused(change: dict[str, object], why: str) -> None:
    plan = swap_plan("SOL", "USDC")
    with pytest.raises(PolicyViolation, match=why):
        check_policy(build_message(plan), terms_of(plan, **change), facts_of(plan), CEILINGS)


@pytest.mark.parametrize(
    ("name", "bounds", "why"),
    [
        ("sol for token", RouteBounds(exclude_venues=("raydium-cpmm",)), "no swap over raydium-cpmm"),
        ("sol for token", RouteBounds(exclude_venues=("raydium",)), "no swap over raydium-cpmm"),
        ("split", RouteBounds(venues=("raydium",)), "no swap over meteora-damm-v2"),
        ("split", RouteBounds(max_splits=1), "2 paths are more"),
        ("two hops over usdc", RouteBounds(max_hops=1), "a path of 2 hops"),
    ],
)
def test_a_message_beyond_the_orders_bounds_is_refused(name: str, bounds: RouteBounds, why: str) -> None:
    plan = PLANS[name]()
    check_policy(build_message(plan), terms_of(plan), facts_of(plan), CEILINGS)
    with pytest.raises(PolicyViolation, match=why):
        check_policy(build_message(plan), terms_of(plan, bounds=bounds), facts_of(plan), CEILINGS)


def test_another_blockhash_than_the_one_that_was_asked_for_is_refused() -> None:
    plan = swap_plan("SOL", "USDC")
    with pytest.raises(PolicyViolation, match="blockhash"):
        check_message(build_message(altered(plan, blockhash=Hash.default())), plan)


def test_a_pool_or_a_venue_that_is_not_known_is_refused() -> None:
    plan, message = swap_plan("SOL", "USDC"), build_message(swap_plan("SOL", "USDC"))
    with pytest.raises(PolicyViolation, match="no known pool"):
        check_policy(message, terms_of(plan), replace(facts_of(plan), pools={}), CEILINGS)
    with pytest.raises(PolicyViolation, match="not allowed"):
        check_policy(message, terms_of(plan), replace(facts_of(plan), venues={}), CEILINGS)


# --- hostile messages: swaps ---------------------------------------------------------------------

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


def first_swap(plan: SwapPlan) -> Instruction:
    programs = {venue.program_id for venue in plan.venues.values()}
    return next(one for one in instructions_of(plan) if one.program_id in programs)


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


def a_high_unit_price(plan: SwapPlan) -> list[Instruction]:
    instructions = instructions_of(plan)
    return [instructions[0], compute_unit_price(10**15), *instructions[1:]]


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


# --- hostile messages: what stands around the swap -----------------------------------------------


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


SEVEN = [
    a_deposit,
    limits_behind_a_minimum_of_zero,
    limits_swapped,
    another_pool,
    anothers_output_with_the_pair_appended,
    vaults_replaced,
    a_high_unit_price,
]
MORE = [
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


@pytest.mark.parametrize("hostile", [*SEVEN, *MORE], ids=lambda made: made.__name__)
def test_a_hostile_message_is_refused(hostile: Callable[[SwapPlan], list[Instruction]]) -> None:
    plan = altered(swap_plan("SOL", "USDC"), account_seed="0123456789a")
    instructions = hostile(plan)
    assert instructions != instructions_of(plan)
    with pytest.raises(PolicyViolation):
        check(plan, instructions)


# --- hostile routes: plans that a faulty search could make ---------------------------------------


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


def test_the_fee_is_the_price_over_the_limit_rounded_up() -> None:
    plan = altered(swap_plan("USDC", "USDT"), unit_limit=300_001, compute_unit_price=3)
    check_message(build_message(plan), plan, Ceilings(priority_fee=1, tip=0))
    with pytest.raises(PolicyViolation, match="a priority fee of 1 lamports is above the ceiling"):
        check_message(build_message(plan), plan, Ceilings(priority_fee=0, tip=0))
