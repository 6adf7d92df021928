"""The sweeper: whatever is due and nobody's goes on."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from prometheus_client import generate_latest

from orders import gateway
from orders.lifecycle import Status
from orders.models import Order
from orders.pipeline import followed, settle, stages, sweeper
from orders.pipeline.sweeper import OnTheirWay
from orders.records import attempts
from orders.reporting.metrics_rows import RowMetrics
from tests.orders.chain import TestChain, eventually
from tests.orders.fakes import FakeBroker, FakePoller
from tests.orders.rows import attempt_row, order_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def broker() -> FakeBroker:
    """What is handed to the broker."""
    return FakeBroker()


def resume_due(broker: FakeBroker) -> int:
    return sweeper.resume_due(OnTheirWay(broker.publish, FakePoller().watch))


def overdue(user: User, **columns: Any) -> Order:
    return order_row(user, due_at=timezone.now() - timedelta(seconds=10), **columns)


@pytest.mark.parametrize("status", [Status.PENDING, Status.ROUTING, Status.BUILDING])
def test_a_due_order_is_resumed_at_its_stage(user: User, broker: FakeBroker, status: Status) -> None:
    order = overdue(user, status=status)
    assert resume_due(broker) == 1
    assert broker.messages == [(status, [order.pk])]


def test_orders_that_are_held_final_or_not_due_are_left_alone(user: User, broker: FakeBroker) -> None:
    overdue(user, lease_until=timezone.now() + timedelta(seconds=20))
    overdue(user, status=Status.CONFIRMED)
    overdue(user, status=Status.FAILED)
    order_row(user, due_at=timezone.now() + timedelta(seconds=20))
    assert resume_due(broker) == 0
    assert broker.messages == []


def test_an_order_whose_worker_died_is_resumed_once_its_lease_is_over(user: User, broker: FakeBroker) -> None:
    order = overdue(user, lease_until=timezone.now() - timedelta(seconds=1))
    resume_due(broker)
    assert broker.messages == [(Status.PENDING, [order.pk])]


def test_a_second_sweep_does_not_repeat_the_first_at_once(user: User, broker: FakeBroker) -> None:
    overdue(user)
    resume_due(broker)
    assert resume_due(broker) == 0
    assert len(broker.messages) == 1


def test_an_order_on_which_work_broke_off_goes_alone(user: User, broker: FakeBroker) -> None:
    suspect = overdue(user, starts=1)
    others = [overdue(user) for _ in range(2)]
    assert resume_due(broker) == 3
    batches = [set(order_ids) for _, order_ids in broker.messages]
    assert batches == [{suspect.pk}, {order.pk for order in others}]


def test_a_sweep_sends_batches(user: User, broker: FakeBroker) -> None:
    for _ in range(70):
        overdue(user)
    assert resume_due(broker) == 70
    assert [len(order_ids) for _, order_ids in broker.messages] == [64, 6]


def test_a_submitted_order_that_nobody_settles_is_adopted_once(user: User) -> None:
    poller = FakePoller()
    attempt = attempt_row(overdue(user, status=Status.SUBMITTED))
    assert followed.adopt_submitted(poller.adopt) == 1
    assert followed.adopt_submitted(poller.adopt) == 0
    assert poller.attempts == [attempt]


def test_the_oldest_due_order_is_told_in_seconds(user: User) -> None:
    assert sweeper.oldest_due_seconds() == 0
    now = timezone.now()
    order_row(user, due_at=now - timedelta(seconds=42))
    order_row(user, due_at=now - timedelta(seconds=7))
    order_row(user, due_at=now - timedelta(seconds=99), status=Status.CONFIRMED)
    assert sweeper.oldest_due_seconds(now) == 42


def test_without_a_broker_the_sweeper_does_the_work_itself(user: User, chain: TestChain) -> None:
    broker, poller = FakeBroker(refuses=True), FakePoller()
    pending, building = overdue(user), overdue(user, amount_in=2_000_000_000)
    stages.route([building.pk])
    Order.objects.filter(pk=building.pk).update(due_at=timezone.now() - timedelta(seconds=10))
    assert sweeper.resume_due(OnTheirWay(broker.publish, poller.watch)) == 2
    assert {attempt.order_id for attempt in poller.attempts} == {pending.pk, building.pk}
    assert set(Order.objects.values_list("pk", "status")) == {
        (pending.pk, "submitted"),
        (building.pk, "submitted"),
    }
    assert len(chain.swaps_of_wallet()) == 2


def confirmed_order(user: User, chain: TestChain) -> Order:
    """A settled order that is old enough to be asked about."""
    order = order_row(user)
    for stage in (stages.route, stages.build, stages.submit):
        stage([order.pk])
    attempts = list(order.attempts.all())
    now = time.monotonic()
    one = settle.Watched(attempts[0], gateway.dead_check(10**9), now + 60, now + 60)
    eventually(lambda: settle.settle([one]))
    Order.objects.filter(pk=order.pk).update(confirmed_at=timezone.now() - timedelta(seconds=20))
    return Order.objects.get(pk=order.pk)


def test_a_confirmed_order_is_followed_to_finality(user: User, chain: TestChain) -> None:
    order = confirmed_order(user, chain)
    chain.call("localnet_advance", {"slots": 40})
    assert followed.finalize(FakePoller().watch) == 1
    assert Order.objects.get(pk=order.pk).finalized_at is not None
    assert followed.finalize(FakePoller().watch) == 0


def test_a_confirmed_order_whose_fork_was_dropped_is_sent_again_and_ends_once(
    user: User, chain: TestChain
) -> None:
    poller = FakePoller()
    order = confirmed_order(user, chain)
    chain.call("localnet_forkAway", {"signature": order.signature})
    chain.call("localnet_advance", {"slots": 3})
    followed.finalize(poller.watch)
    taken_back = Order.objects.get(pk=order.pk)
    assert (taken_back.status, taken_back.executed_amount_out) == ("submitted", None)
    assert taken_back.events.latest("sequence").data["code"] == "FORK_DROPPED"
    (attempt,) = poller.attempts
    assert (attempt.signature, attempt.state) == (order.signature, "open")
    one = settle.Watched(attempt, gateway.dead_check(10**9), 0, time.monotonic() + 60)
    eventually(lambda: settle.settle([one]))
    again = Order.objects.get(pk=order.pk)
    assert (again.status, again.signature, again.attempt) == ("confirmed", order.signature, 1)
    assert chain.swaps_of_wallet() == [order.signature]


def test_sweeping_does_not_make_a_waiting_order_look_young(user: User, broker: FakeBroker) -> None:
    now = timezone.now()
    order_row(user, due_at=now - timedelta(seconds=42))
    resume_due(broker)
    assert sweeper.oldest_due_seconds(now) == 42


def test_a_fault_in_one_step_of_a_sweep_does_not_end_the_sweeper(settings: Any) -> None:
    settings.SWEEP_SECONDS = 0.01
    rounds: list[str] = []

    def broken() -> None:
        rounds.append("broken")
        raise ZeroDivisionError("a fault of the code")

    tested = sweeper.Sweeper("tested@here", FakePoller(), FakeBroker().publish)
    tested.steps = (broken, lambda: rounds.append("next step"))
    tested.start()
    try:
        eventually(lambda: rounds.count("broken") >= 2 and rounds.count("next step") >= 2)
    finally:
        tested.stop()


def test_a_transaction_that_landed_again_in_another_block_is_settled_again(
    user: User, chain: TestChain
) -> None:
    poller = FakePoller()
    order = confirmed_order(user, chain)
    chain.call("localnet_forkAway", {"signature": order.signature})
    chain.call("localnet_advance", {"slots": 3})
    gateway.send([bytes(order.attempts.get().signed_transaction)])
    chain.call("localnet_advance", {"slots": 40})
    assert followed.finalize(poller.watch) == 0
    (attempt,) = poller.attempts
    one = settle.Watched(attempt, gateway.dead_check(10**9), 0, time.monotonic() + 60)
    eventually(lambda: settle.settle([one]))
    again = Order.objects.get(pk=order.pk)
    assert again.status == "confirmed"
    assert (again.slot or 0) > (order.slot or 0)
    Order.objects.filter(pk=order.pk).update(confirmed_at=timezone.now() - timedelta(seconds=20))
    assert followed.finalize(poller.watch) == 1


def test_orders_of_another_network_are_no_alert(user: User, settings: Any) -> None:
    overdue(user, network="mainnet-beta")
    sent = order_row(user, status=Status.SUBMITTED, network="mainnet-beta")
    attempt_row(sent, sends=2, send_answer="refused")
    assert (sweeper.oldest_due_seconds(), attempts.not_taken()) == (0, 0)
    text = generate_latest(RowMetrics()).decode()
    assert 'orders_active{status="submitted"} 0.0' in text
    assert "orders_attempts_open 0.0" in text
    settings.SOLANA_NETWORK = "mainnet-beta"
    assert (sweeper.oldest_due_seconds(), attempts.not_taken()) == (10, 1)
