"""The checker finds what it is there to find. Part of the ordinary suite: nothing is started here."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from solders.keypair import Keypair

from orders.proving.soak.books import AttemptRow, EventRow, OrderRow
from orders.proving.soak.chain import NATIVE, Landed
from orders.proving.soak.checker import (
    attempts_in_turn,
    events_legal,
    fees_match,
    limits_held_on_chain,
    secret_forms,
    swaps_match,
)

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def order(status: str, version: int = 5) -> OrderRow:
    return OrderRow(uuid4(), status, version, "in", "out", 1, 1, 1, 5000, "signature 1", "", None)


def swap(order_id: UUID | None, succeeded: bool = True) -> Landed:
    return Landed(str(uuid4()), succeeded, 5000, order_id, 1)


def journal(order_row: OrderRow, *statuses: str) -> list[EventRow]:
    return [
        EventRow(order_row.order_id, number, status, BEGIN + timedelta(seconds=number))
        for number, status in enumerate(statuses, 1)
    ]


def attempt(
    order_row: OrderRow, number: int, state: str, seconds: int, fees: int | None = 5000
) -> AttemptRow:
    at = BEGIN + timedelta(seconds=seconds)
    return AttemptRow(order_row.order_id, number, f"signature {number}", state, 1, at, fees, 0, 0)


WHOLE_WAY = ("pending", "routing", "building", "submitted", "confirmed")


def test_a_confirmed_order_with_one_swap_is_right() -> None:
    one = order("confirmed")
    assert list(swaps_match({one.order_id: one}, [swap(one.order_id), swap(one.order_id, False)])) == []
    assert list(attempts_in_turn(one, [attempt(one, 1, "landed", 3)], journal(one, *WHOLE_WAY))) == []
    assert list(events_legal(one, journal(one, *WHOLE_WAY))) == []


def test_two_swaps_none_or_one_of_a_failed_order_are_found() -> None:
    twice, never, failed = order("confirmed"), order("confirmed"), order("failed")
    orders = {one.order_id: one for one in (twice, never, failed)}
    found = list(swaps_match(orders, [swap(twice.order_id), swap(twice.order_id), swap(failed.order_id)]))
    assert found == [
        f"G2: {twice.order_id} is confirmed with 2 swaps on chain",
        f"G2: {never.order_id} is confirmed with 0 swaps on chain",
        f"G2: {failed.order_id} is failed with 1 swaps on chain",
    ]


def test_a_swap_that_belongs_to_no_order_is_found() -> None:
    stranger = uuid4()
    assert list(swaps_match({}, [swap(stranger)])) == [f"G2: 1 swaps for {stranger}, which is no order"]


def test_an_attempt_made_before_the_last_one_ended_is_found() -> None:
    one = order("confirmed", 8)
    events = journal(one, "pending", "routing", "building", "submitted", "routing", "building", "submitted")
    expired = attempt(one, 1, "expired", 3)
    assert list(attempts_in_turn(one, [expired, attempt(one, 2, "landed", 6)], events)) == []
    assert list(attempts_in_turn(one, [expired, attempt(one, 2, "landed", 4)], events)) == [
        f"G5: {one.order_id} made attempt 2 before 1 had ended"
    ]


def test_an_open_attempt_of_a_finished_order_is_found() -> None:
    one = order("failed")
    assert list(attempts_in_turn(one, [attempt(one, 1, "open", 3)], [])) == [
        f"G5: {one.order_id} is failed with attempts ['open']"
    ]


def test_fees_that_are_not_those_of_the_chain_are_found() -> None:
    one = order("confirmed")
    orders = {one.order_id: one}
    landed = [
        Landed("signature 1", True, 5000, one.order_id, 1),
        Landed("signature 2", False, 5300, one.order_id, 2),
    ]
    right = [attempt(one, 1, "landed", 3), attempt(one, 2, "failed_onchain", 4, 5300)]
    lost = attempt(one, 3, "expired", 5, 0)
    assert list(fees_match(orders, {one.order_id: [*right, lost]}, landed)) == []
    unpaid = [replace(right[0], fees=5001), replace(right[1], fees=None), replace(lost, fees=5000)]
    assert list(fees_match(orders, {one.order_id: unpaid}, landed)) == [
        "G3: signature 1 cost 5000 lamports, its attempt says 5001",
        "G3: signature 2 cost 5300 lamports, its attempt says None",
        "G3: signature 3 cost 0 lamports, its attempt says 5000",
    ]
    generous = replace(one, fees=6000)
    assert list(fees_match({one.order_id: generous}, {one.order_id: right}, landed)) == [
        f"G3: {one.order_id} says that its swap cost 6000 lamports"
    ]


def test_gaps_illegal_steps_and_a_wrong_end_of_a_journal_are_found() -> None:
    one = order("confirmed", 4)
    found = list(events_legal(one, journal(one, "pending", "routing", "submitted")))
    assert found == [
        f"G6: {one.order_id} has events [1, 2, 3]",
        f"G6: {one.order_id} is confirmed, its journal ends with submitted",
        f"G6: {one.order_id} went from routing to submitted",
    ]


def test_a_secret_is_known_in_every_spelling() -> None:
    wallet = Keypair.from_seed(bytes(range(32)))
    forms = list(secret_forms(wallet))
    assert str(wallet).encode() in forms
    assert bytes(range(32)).hex().encode() in forms
    assert b"0, 1, 2, 3" in forms[3]
    assert b"0,1,2,3" in forms[4]
    assert b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" in [form[:43] for form in forms]
    assert bytes(range(32)) in forms
    assert b"1thX6LZfHDZZKUs92febYZhYRcXddmzfzF2NvTkPNE" in forms


def test_a_fill_below_the_floor_is_found_by_the_chains_balances() -> None:
    one = replace(order("confirmed"), floor_out=100, executed_out=100)
    sol = replace(order("confirmed"), floor_out=100, token_out=NATIVE)
    orders, paid = {each.order_id: each for each in (one, sol)}, attempt(sol, 1, "landed", 3)
    paid = replace(paid, tip=10, rent=20)
    landed = [
        Landed("fair", True, 5000, one.order_id, 1, {"out": 100, "in": -1}),
        Landed("worse", True, 5000, one.order_id, 1, {"out": 99, "in": -1}),
        Landed("failed", False, 5000, one.order_id, 1, {"in": 0}),
        # Tip and rent have left the wallet by the same transaction.
        Landed(paid.signature, True, 5000, sol.order_id, 1, {NATIVE: 70}),
        Landed("worse SOL", True, 5000, sol.order_id, 1, {NATIVE: 70}),
    ]
    assert list(limits_held_on_chain(orders, {sol.order_id: [paid]}, landed)) == [
        f"G8: worse brought 99 of 100 for {one.order_id}",
        f"G8: worse SOL brought 70 of 100 for {sol.order_id}",
    ]
