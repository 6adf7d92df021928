"""The expiry of an order: it ends the order whenever no transaction of its is under way."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from orders import gateway
from orders.gateway import Failure
from orders.lifecycle import AttemptState, FailureReason, Status
from orders.models import Order
from orders.pipeline import settle, stages, sweeper
from orders.pipeline.outcomes import failed_or_retried
from orders.pipeline.sweeper import OnTheirWay
from orders.records import journal, kill_switch
from tests.orders.chain import TestChain, eventually
from tests.orders.fakes import FakeBroker, FakePoller
from tests.orders.order_runs import stored
from tests.orders.rows import attempt_row, order_row

pytestmark = pytest.mark.django_db


def failed_on_chain(chain: TestChain, order: Order) -> None:
    """Build, send and settle an attempt that asks for more than any pool gives."""
    stages.route([order.pk])
    Order.objects.filter(pk=order.pk).update(min_amount_out=10**15)
    stages.build([order.pk])
    stages.submit([order.pk])


def settle_open_attempt(order: Order) -> None:
    attempt = order.attempts.get(state=AttemptState.OPEN)
    one = settle.Watched(attempt, gateway.dead_check(attempt.last_valid_block_height), time.monotonic(), 0)
    eventually(lambda: attempt.signature in settle.settle([one]), seconds=30)


def test_an_order_past_its_expiry_ends_when_its_transaction_failed(user: User, chain: TestChain) -> None:
    order = order_row(user, expires_at=timezone.now() + timedelta(hours=1))
    failed_on_chain(chain, order)
    Order.objects.filter(pk=order.pk).update(expires_at=timezone.now())
    settle_open_attempt(order)
    assert stored(order).status == "expired"
    last = order.events.latest("sequence")
    assert (last.status, last.data["code"]) == ("expired", "SLIPPAGE_EXCEEDED")


def test_an_order_past_its_expiry_ends_when_its_transaction_died(user: User, chain: TestChain) -> None:
    order = order_row(user, expires_at=timezone.now() + timedelta(hours=1))
    stages.route([order.pk])
    stages.build([order.pk])
    chain.fault("sendTransaction", "swallow", 1_000)
    stages.submit([order.pk])
    Order.objects.filter(pk=order.pk).update(expires_at=timezone.now())
    chain.call("localnet_advance", {"slots": 200})
    settle_open_attempt(order)
    assert stored(order).status == "expired"
    assert order.events.latest("sequence").data["code"] == "TRANSACTION_EXPIRED"


def test_a_retry_after_the_expiry_signs_nothing(user: User, chain: TestChain) -> None:
    soon = timezone.now() + timedelta(hours=1)
    order = order_row(user, expires_at=soon)
    failed_on_chain(chain, order)
    settle_open_attempt(order)
    assert stored(order).status == "routing"
    Order.objects.filter(pk=order.pk).update(expires_at=order.created_at, due_at=order.created_at)
    stages.route([order.pk])
    assert stored(order).status == "expired"
    assert order.attempts.count() == 1


def test_a_retry_comes_no_later_than_the_expiry(user: User) -> None:
    expiry = timezone.now() + timedelta(seconds=2)
    order = order_row(user, status=Status.ROUTING, expires_at=expiry, retries=2)
    refused = Failure(FailureReason.ROUTING_FAILED, "DEX routing failed")
    journal.record([failed_or_retried(order, refused)])
    assert (stored(order).status, stored(order).due_at) == ("routing", expiry)


def test_an_open_transaction_outlives_the_expiry(user: User, chain: TestChain) -> None:
    order = order_row(user, status=Status.BUILDING, attempt=1, expires_at=timezone.now())
    attempt_row(order)
    assert stages.build([order.pk]).onward == [order.pk]
    assert stored(order).status == "building"


def test_orders_at_building_expire_while_trading_is_off(user: User, chain: TestChain) -> None:
    order = order_row(user, status=Status.BUILDING, expires_at=timezone.now())
    with_attempt = order_row(user, status=Status.BUILDING, attempt=1, expires_at=timezone.now())
    attempt_row(with_attempt)
    kill_switch.switch(on=False)
    sweeper.resume_due(OnTheirWay(FakeBroker().publish, FakePoller().watch))
    assert (stored(order).status, stored(with_attempt).status) == ("expired", "building")
