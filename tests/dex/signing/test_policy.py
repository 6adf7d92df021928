"""The wallet signs what an order allows and nothing else, anyone who built the message."""

from dataclasses import replace

import pytest
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.hash import Hash

from dex.config import (
    ASSOCIATED_TOKEN_PROGRAM,
    COMPUTE_BUDGET_PROGRAM,
    MEMO_PROGRAM,
)
from dex.errors import PolicyViolation
from dex.signing.policy import Ceilings, check_policy
from dex.transactions.swap_transaction import build_message
from dex.types import RouteBounds, SwapMode
from tests.dex.plans import (
    MINTS,
    altered,
    check_message,
    facts_of,
    swap_plan,
    terms_of,
)
from tests.dex.signing.policy_plans import CEILINGS, PLANS, STRANGER, WALLET, instructions_of


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


def test_the_fee_is_the_price_over_the_limit_rounded_up() -> None:
    plan = altered(swap_plan("USDC", "USDT"), unit_limit=300_001, compute_unit_price=3)
    check_message(build_message(plan), plan, Ceilings(priority_fee=1, tip=0))
    with pytest.raises(PolicyViolation, match="a priority fee of 1 lamports is above the ceiling"):
        check_message(build_message(plan), plan, Ceilings(priority_fee=0, tip=0))
