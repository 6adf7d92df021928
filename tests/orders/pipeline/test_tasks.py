"""The Celery shells: chain, retry policy, and what they hand on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from orderengine import broker
from orders import process, tasks
from orders.lifecycle import Status
from orders.models import Order
from orders.pipeline import dispatch, stages
from orders.pipeline.claims import Outcome
from orders.pipeline.stage_limit import StageLimit
from orders.platform.right_of_way import RightOfWay
from orders.records import leases
from tests.orders.fakes import FakeDispatcher, FakePoller
from tests.orders.rows import attempt_row, order_row

pytestmark = pytest.mark.django_db


class FakeProcess:
    """A worker without threads."""

    def __init__(self) -> None:
        self.dispatcher = FakeDispatcher()
        self.poller = FakePoller()
        self.stage_limit = StageLimit()
        self.right_of_way = RightOfWay()


@pytest.fixture(autouse=True)
def worker() -> Iterator[FakeProcess]:
    """What tasks hand on."""
    running = FakeProcess()
    process.use(running)
    yield running
    process.use(None)


def waiting_order(user: User) -> Any:
    return order_row(user, status=Status.ROUTING, due_at=timezone.now() + timedelta(seconds=1))


def test_the_chain_is_route_build_submit() -> None:
    names = [link.task for link in dispatch.stages_from(Status.PENDING, []).tasks]
    assert names == ["orders.route_orders", "orders.build_orders", "orders.submit_orders"]


def test_an_order_that_was_being_built_goes_on_from_there() -> None:
    names = [link.task for link in dispatch.stages_from(Status.BUILDING, []).tasks]
    assert names == ["orders.build_orders", "orders.submit_orders"]


@pytest.mark.parametrize("task", [tasks.route_orders, tasks.build_orders, tasks.submit_orders])
def test_retries_back_off_one_two_four_seconds_without_jitter(task: Any) -> None:
    assert (task.max_retries, task.retry_backoff, task.retry_jitter) == (3, 1, False)


def test_a_stage_hands_on_what_goes_on(
    user: User, monkeypatch: pytest.MonkeyPatch, worker: FakeProcess
) -> None:
    order = order_row(user)
    monkeypatch.setattr("orders.pipeline.stages.build", lambda ids: Outcome(onward=list(ids)))
    assert tasks.build_orders.run([str(order.pk)]) == [str(order.pk)]


def test_a_stage_with_nothing_to_hand_on_ends_the_chain(
    monkeypatch: pytest.MonkeyPatch, worker: FakeProcess
) -> None:
    monkeypatch.setattr("orders.pipeline.stages.build", lambda ids: Outcome())
    task = tasks.build_orders
    task.push_request(chain=["the next link"])
    try:
        assert task.run([]) == []
        assert task.request.chain is None
    finally:
        task.pop_request()


@pytest.mark.parametrize(
    ("hostname", "queue"), [("celery@here", "build.celery@here"), ("celery@there", None)]
)
def test_a_worker_builds_what_it_has_routed_if_it_can(
    user: User, monkeypatch: pytest.MonkeyPatch, hostname: str, queue: str | None
) -> None:
    order = order_row(user)
    monkeypatch.setattr("orders.pipeline.stages.route", lambda ids: Outcome(onward=list(ids)))
    task, links = tasks.route_orders, [{"options": {}}, {"options": {}}]
    queues = task.app.amqp.queues
    monkeypatch.setattr(queues, "_consume_from", {"build.celery@here": None})
    task.push_request(chain=links, hostname=hostname)
    try:
        assert task.run([str(order.pk)]) == [str(order.pk)]
    finally:
        task.pop_request()
    assert links == [{"options": {}}, {"options": {"queue": queue} if queue else {}}]


def test_a_worker_takes_its_own_builds_before_those_of_all() -> None:
    names = [queue.name for queue in broker.queues_of("celery@here")]
    assert names == ["urgent", "submit", "build.celery@here", "build", "route"]


def test_orders_that_were_taken_along_wait_as_those_of_the_message(
    user: User, monkeypatch: pytest.MonkeyPatch, worker: FakeProcess
) -> None:
    named, taken_along = waiting_order(user), waiting_order(user)
    monkeypatch.setattr("orders.pipeline.stages.route", lambda ids: Outcome(waiting=[named, taken_along]))
    assert tasks.route_orders.run([str(named.pk)]) == []
    assert worker.dispatcher.waiting == [named, taken_along]


def test_what_was_sent_is_followed(user: User, monkeypatch: pytest.MonkeyPatch, worker: FakeProcess) -> None:
    attempt = attempt_row(order_row(user, status=Status.SUBMITTED))
    outcome = Outcome(onward=[attempt.order_id], sent=[attempt])
    monkeypatch.setattr("orders.pipeline.stages.submit", lambda ids: outcome)
    tasks.submit_orders.run([str(attempt.order_id)])
    assert worker.poller.attempts == [attempt]


def test_waiting_orders_leave_a_batch_that_goes_on(
    user: User, monkeypatch: pytest.MonkeyPatch, worker: FakeProcess
) -> None:
    good, late = order_row(user), waiting_order(user)
    outcome = Outcome(onward=[good.pk], waiting=[late])
    monkeypatch.setattr("orders.pipeline.stages.route", lambda ids: outcome)
    assert tasks.route_orders.run([str(good.pk), str(late.pk)]) == [str(good.pk)]
    assert worker.dispatcher.waiting == [late]


def broken_for(culprit: Order) -> Callable[[Collection[UUID]], Outcome]:
    """A stage that has a fault which only one order brings to light."""

    def stage(order_ids: Collection[UUID]) -> Outcome:
        orders = leases.claim(order_ids, {Status.BUILDING})
        with leases.given_back_on_error(orders):
            if culprit.pk in order_ids:
                raise ZeroDivisionError("a fault of the code")
            leases.release(orders)
        return Outcome(onward=list(order_ids))

    return stage


def test_an_order_that_breaks_a_stage_is_retried_and_its_batch_goes_on(
    user: User, monkeypatch: pytest.MonkeyPatch, worker: FakeProcess
) -> None:
    good, bad = order_row(user, status=Status.BUILDING), order_row(user, status=Status.BUILDING)
    monkeypatch.setattr("orders.pipeline.stages.build", broken_for(bad))
    assert tasks.build_orders.run([str(good.pk), str(bad.pk)]) == [str(good.pk)]
    assert Order.objects.get(pk=bad.pk).status == "routing"
    retry = bad.events.latest("sequence").data
    assert (retry["code"], retry["retryInMs"]) == ("INTERNAL", 1000)
    assert "fault of the code" not in str(retry)
    assert worker.dispatcher.waiting == [bad]


def test_a_break_off_leaves_an_open_attempt_alone(user: User) -> None:
    order = order_row(user, status=Status.BUILDING, attempt=1)
    attempt_row(order)
    outcome = stages.break_off([order.pk])
    assert (outcome.onward, outcome.waiting) == ([], [])
    stored = Order.objects.get(pk=order.pk)
    assert (stored.status, stored.lease_token) == ("building", None)
