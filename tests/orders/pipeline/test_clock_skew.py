"""Clocks that are set back, and clocks of different hosts."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from orders.lifecycle import Status
from orders.models import Order
from orders.pipeline import clock_skew, sweeper
from orders.pipeline.restored import PARKED_UNTIL
from orders.records import leases
from tests.orders.fakes import FakeBroker, FakePoller
from tests.orders.rows import order_row

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def reload(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


@pytest.mark.parametrize("status", ["pending", "routing", "building", "submitted"])
def test_what_was_due_by_a_clock_that_was_set_back_is_due_now(user: User, status: str) -> None:
    order = order_row(user, status=status, due_at=timezone.now() + HOUR, swept_at=timezone.now() + HOUR)
    assert clock_skew.bring_back() == 1
    stored = reload(order)
    assert stored.due_at <= timezone.now()
    assert stored.swept_at is None
    assert clock_skew.bring_back() == 0


def test_a_lease_of_a_clock_that_was_set_back_runs_out(user: User) -> None:
    order = order_row(user, lease_token=uuid.uuid4(), lease_until=timezone.now() + HOUR)
    assert leases.claim([order.pk], [Status.PENDING]) == []
    assert clock_skew.bring_back() == 1
    assert [one.pk for one in leases.claim([order.pk], [Status.PENDING])] == [order.pk]


def test_an_order_that_was_swept_by_a_clock_that_was_set_back_is_swept_again(user: User) -> None:
    broker = FakeBroker()
    past = timezone.now() - timedelta(seconds=10)
    order = order_row(user, due_at=past, swept_at=timezone.now() + HOUR)
    assert sweeper.resume_due(broker.publish, FakePoller().watch) == 1
    assert broker.messages == [(Status.PENDING, [order.pk])]


def test_leases_retries_and_parked_orders_are_left_alone(user: User, settings: Any) -> None:
    now = timezone.now()
    order_row(user, lease_token=uuid.uuid4(), lease_until=now + timedelta(seconds=settings.LEASE_SECONDS))
    order_row(user, status="submitted", due_at=now + timedelta(seconds=15))
    order_row(user, status="confirmed", due_at=now + HOUR)
    parked = order_row(user, due_at=PARKED_UNTIL)
    assert clock_skew.bring_back() == 0
    assert reload(parked).due_at == PARKED_UNTIL


def test_an_order_placed_by_a_host_whose_clock_is_a_little_ahead_is_taken_at_once(user: User) -> None:
    ahead = order_row(user, due_at=timezone.now() + timedelta(milliseconds=800))
    far = order_row(user, due_at=timezone.now() + timedelta(seconds=3))
    assert [one.pk for one in leases.claim([ahead.pk, far.pk], [Status.PENDING])] == [ahead.pk]
