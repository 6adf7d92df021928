"""Retries at an order's own moment, and orders that wait for a node without using any up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from orders.gateway import Failure
from orders.lifecycle import FailureReason, Status
from orders.models import Order
from orders.pipeline import stages
from orders.pipeline.claims import Outcome
from orders.pipeline.outcomes import failed_or_retried
from orders.records import journal, leases
from tests.orders.chain import TestChain, eventually
from tests.orders.rows import attempt_row, order_row

pytestmark = pytest.mark.django_db

REFUSED = Failure(FailureReason.ROUTING_FAILED, "DEX routing failed")


def stored(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def make_due(order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(due_at=timezone.now())


def go_on(stage: Callable[[list[UUID]], Outcome], order: Order) -> None:
    """Run a stage until the node, which is left alone for a while after it failed, is asked again."""

    def goes_on() -> bool:
        make_due(order)
        return stage([order.pk]).onward == [order.pk]

    eventually(goes_on)


def codes(order: Order) -> list[tuple[str, Any]]:
    return [(event.status, event.data.get("code")) for event in order.events.order_by("sequence")]


def test_retries_come_within_a_fifth_of_one_two_and_four_seconds(user: User) -> None:
    order = order_row(user, status=Status.ROUTING)
    for said in (1, 2, 4):
        before = timezone.now()
        (order,) = journal.record([failed_or_retried(order, REFUSED)])
        assert order.events.latest("sequence").data["retryInMs"] == said * 1000
        assert 0.8 * said <= (order.due_at - before).total_seconds() <= 1.2 * said
        assert order.waits_for == "retry"
    (order,) = journal.record([failed_or_retried(order, REFUSED)])
    assert (order.status, order.error_code) == ("failed", "ROUTING_FAILED")


def test_orders_that_failed_together_are_due_apart(user: User) -> None:
    steps = [failed_or_retried(order_row(user, status=Status.ROUTING), REFUSED) for _ in range(20)]
    moments = {order.due_at for order in journal.record(steps)}
    assert max(moments) - min(moments) > timedelta(milliseconds=50)


def test_a_retry_is_not_taken_up_early(user: User) -> None:
    soon = timezone.now() + timedelta(milliseconds=800)
    retry = order_row(user, status=Status.ROUTING, due_at=soon, waits_for="retry")
    new = order_row(user, due_at=soon)
    ids, statuses = [retry.pk, new.pk], {Status.PENDING, Status.ROUTING}
    assert [order.pk for order in leases.claim(ids, statuses)] == [new.pk]


def test_a_node_that_is_away_uses_up_no_retry_and_one_event(user: User, chain: TestChain) -> None:
    order = order_row(user)
    chain.fault("*", "unavailable", 100_000)
    for _ in range(6):
        outcome = stages.route([order.pk])
        assert (outcome.onward, [one.pk for one in outcome.waiting]) == ([], [order.pk])
        assert timedelta() < outcome.waiting[0].due_at - timezone.now() < timedelta(seconds=5)
        make_due(order)
    assert (stored(order).retries, stored(order).waits_for) == (0, "node")
    assert codes(order) == [("pending", None), ("routing", None), ("routing", "CHAIN_UNAVAILABLE")]
    chain.call("localnet_resetFaults")
    go_on(stages.route, order)
    assert (stored(order).status, stored(order).waits_for) == ("building", "")


def test_an_order_that_cannot_be_signed_for_now_waits_at_building(user: User, chain: TestChain) -> None:
    order = order_row(user)
    stages.route([order.pk])
    chain.fault("getMultipleAccounts", "unavailable", 100_000)
    for _ in range(4):
        outcome = stages.build([order.pk])
        assert (outcome.onward, [one.pk for one in outcome.waiting]) == ([], [order.pk])
        make_due(order)
    assert codes(order)[2:] == [("building", None), ("building", "CHAIN_UNAVAILABLE")]
    chain.call("localnet_resetFaults")
    go_on(stages.build, order)
    assert stages.submit([order.pk]).onward == [order.pk]
    assert stored(order).retries == 0


def test_waiting_for_a_node_ends_with_the_expiry(user: User, chain: TestChain) -> None:
    expiry = timezone.now() + timedelta(seconds=30)
    order = order_row(user, expires_at=expiry)
    chain.fault("*", "unavailable", 100_000)
    stages.route([order.pk])
    Order.objects.filter(pk=order.pk).update(expires_at=timezone.now(), due_at=timezone.now())
    stages.route([order.pk])
    assert stored(order).status == "expired"


def test_an_order_without_an_expiry_waits_five_minutes_for_a_node(user: User, chain: TestChain) -> None:
    order = order_row(user)
    chain.fault("*", "unavailable", 100_000)
    stages.route([order.pk])
    long_ago = timezone.now() - timedelta(seconds=301)
    Order.objects.filter(pk=order.pk).update(updated_at=long_ago, due_at=timezone.now())
    stages.route([order.pk])
    assert (stored(order).status, stored(order).error_code) == ("failed", "CHAIN_UNAVAILABLE")


def test_an_order_on_which_work_broke_off_takes_no_other_along(user: User, chain: TestChain) -> None:
    suspect, fresh = order_row(user, starts=1), order_row(user)
    assert stages.route([suspect.pk]).onward == [suspect.pk]
    assert stored(fresh).status == "pending"
    other = order_row(user, starts=1)
    assert stages.route([fresh.pk]).onward == [fresh.pk]
    assert stored(other).status == "pending"


def test_suspects_in_a_batch_are_set_apart_and_the_rest_goes_on(user: User, chain: TestChain) -> None:
    suspects = [order_row(user, starts=1), order_row(user, starts=3)]
    fresh = order_row(user)
    outcome = stages.route([fresh.pk, *(order.pk for order in suspects)])
    assert outcome.onward == [fresh.pk]
    assert {order.pk for order in outcome.apart} == {order.pk for order in suspects}
    assert [(stored(order).starts, stored(order).lease_token) for order in suspects] == [(1, None), (3, None)]


def test_an_open_attempt_goes_alone_too(user: User) -> None:
    sent = [order_row(user, status=Status.BUILDING, attempt=1, starts=1) for _ in range(2)]
    for order in sent:
        attempt_row(order)
    outcome = stages.build([order.pk for order in sent])
    assert (outcome.onward, len(outcome.apart)) == ([], 2)
