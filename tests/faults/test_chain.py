"""A node that lies, forgets, stalls or restarts (rows 19, 21 and 25; forks). The database plays no part."""

from __future__ import annotations

import pytest

from orders.proving.soak.rig import Rig
from orders.proving.soak.waiting import eventually
from tests.faults.load import orders_coming_in

pytestmark = [pytest.mark.faults, pytest.mark.parametrize("rig", ["sqlite"], indirect=True)]

# Past a blockhash's 150 blocks and the margin of the proof that a transaction is dead.
PAST_EXPIRY_SLOTS = 170


def attempt_states(rig: Rig, order_id: object) -> list[str]:
    return [attempt.state for attempt in rig.books.attempts()[order_id]]  # type: ignore[index]


@pytest.mark.parametrize("kind", ["land_error", "land_drop"])
def test_a_node_that_takes_the_transaction_and_answers_with_an_error(rig: Rig, kind: str) -> None:
    rig.chain.fault("sendTransaction", kind, count=3)
    order_id = rig.client.place()
    rig.client.await_confirmed(order_id)
    assert attempt_states(rig, order_id) == ["landed"]


@pytest.mark.parametrize("kind", ["busy", "unavailable", "garbage", "behind", "drop"])
def test_a_node_that_refuses_the_first_sends_gets_the_same_bytes_again(rig: Rig, kind: str) -> None:
    rig.chain.fault("sendTransaction", kind, count=2)
    order_id = rig.client.place()
    rig.client.await_confirmed(order_id)
    assert attempt_states(rig, order_id) == ["landed"]


def test_a_node_that_lands_the_transaction_and_answers_too_late(rig: Rig) -> None:
    rig.chain.fault("sendTransaction", "delay", delay_ms=11_000)
    order_id = rig.client.place()
    rig.client.await_confirmed(order_id, 40)
    assert attempt_states(rig, order_id) == ["landed"]


def test_a_swallowed_transaction_is_sent_again(rig: Rig) -> None:
    rig.chain.fault("sendTransaction", "swallow", count=2)
    order_id = rig.client.place()
    rig.client.await_confirmed(order_id)
    (attempt,) = rig.books.attempts()[order_id]
    assert (attempt.state, attempt.sends >= 3) == ("landed", True)


def test_a_new_attempt_is_made_only_once_the_old_one_cannot_land(rig: Rig) -> None:
    rig.chain.fault("sendTransaction", "swallow", count=10_000)
    order_id = rig.client.place()
    rig.client.await_status(order_id, ["submitted"])
    rig.chain.call("localnet_advance", {"slots": PAST_EXPIRY_SLOTS})
    rig.chain.call("localnet_resetFaults")
    rig.client.await_confirmed(order_id)
    assert attempt_states(rig, order_id) == ["expired", "landed"]


def test_a_node_that_goes_on_swallowing_fails_the_order_in_the_end(rig: Rig) -> None:
    rig.chain.fault("sendTransaction", "swallow", count=10_000)
    order_id = rig.client.place()
    for number in range(1, 5):
        eventually(lambda n=number: submissions(rig, order_id) == n, 40, f"attempt {number} is sent")
        rig.chain.call("localnet_advance", {"slots": PAST_EXPIRY_SLOTS})
    order = rig.client.await_end(order_id)
    assert (order["status"], order["error"]["code"]) == ("failed", "TRANSACTION_EXPIRED")
    assert attempt_states(rig, order_id) == ["expired"] * 4


def submissions(rig: Rig, order_id: object) -> int:
    return [e.status for e in rig.books.events()[order_id]].count("submitted")  # type: ignore[index]


@pytest.mark.parametrize(
    ("method", "kind"),
    [
        ("getMultipleAccounts", "garbage"),
        ("getLatestBlockhash", "busy"),
        ("getSignatureStatuses", "garbage"),
        ("getTransaction", "garbage"),
        ("*", "drop"),
    ],
)
def test_answers_that_mean_nothing_cost_time_only(rig: Rig, method: str, kind: str) -> None:
    rig.chain.fault(method, kind, count=3)
    order_id = rig.client.place()
    rig.client.await_confirmed(order_id)
    assert attempt_states(rig, order_id) == ["landed"]


def test_the_line_to_the_node_swallows_everything_for_a_while(rig: Rig) -> None:
    rig.rpc_line.blackhole()
    order_ids = rig.client.place_many(5)
    eventually(lambda: rig.client.order(order_ids[0])["status"] != "pending", 20, "a worker tries")
    rig.rpc_line.pass_through()
    for order_id in order_ids:
        rig.client.await_confirmed(order_id, 40)


def test_the_line_to_the_node_breaks_again_and_again(rig: Rig) -> None:
    with orders_coming_in(rig, 60) as load:
        for count in range(5, 60, 5):
            load.await_count(count)
            rig.rpc_line.cut()
    for order_id in load.placed:
        rig.client.await_confirmed(order_id, 60)


def test_a_slow_line_to_the_node(rig: Rig) -> None:
    rig.rpc_line.delay(300)
    for order_id in rig.client.place_many(10):
        rig.client.await_confirmed(order_id, 40)


def test_a_node_killed_under_load_goes_on_from_its_ledger(rig: Rig) -> None:
    with orders_coming_in(rig, 60) as load:
        for count in (10, 35):
            load.await_count(count)
            rig.localnet.kill()
            rig.localnet.start()
    for order_id in load.placed:
        rig.client.await_end(order_id, 60)


def test_a_confirmed_swap_whose_fork_is_dropped_ends_once(rig: Rig) -> None:
    order_id = rig.client.place()
    dropped = rig.client.await_confirmed(order_id)["txHash"]
    assert rig.chain.call("localnet_forkAway", {"signature": dropped}) is True
    rig.client.await_status(order_id, ["submitted", "routing"], 40)
    rig.client.await_confirmed(order_id, 40)
    statuses = [event.status for event in rig.books.events()[order_id]]
    assert statuses.count("confirmed") == 2


def test_orders_without_slippage_that_race_each_other_swap_once_or_fail(rig: Rig) -> None:
    order_ids = rig.client.place_many(20, slippageBps=0, amountInRaw="3000000000")
    ends = {rig.client.await_end(order_id, 60)["status"] for order_id in order_ids}
    assert "confirmed" in ends
    assert any(not one.succeeded for one in rig.chain.landed())
