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
from orders.pipeline.sweeper import OnTheirWay
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
    assert sweeper.resume_due(OnTheirWay(broker.publish, FakePoller().watch)) == 1
    assert broker.messages == [(Status.PENDING, [order.pk])]


def test_leases_retries_and_parked_orders_are_left_alone(user: User, settings: Any) -> None:
    now = timezone.now()
    order_row(user, lease_token=uuid.uuid4(), lease_until=now + timedelta(seconds=settings.LEASE_SECONDS))
    order_row(user, status="submitted", lease_until=now + timedelta(seconds=15))
    order_row(user, status="routing", waits_for="retry", due_at=now + timedelta(seconds=5))
    order_row(user, status="confirmed", due_at=now + HOUR)
    parked = order_row(user, due_at=leases.NEVER, waits_for="parked")
    assert clock_skew.bring_back() == 0
    assert reload(parked).due_at == leases.NEVER


def test_an_order_placed_by_a_host_whose_clock_is_a_little_ahead_is_taken_at_once(user: User) -> None:
    ahead = order_row(user, due_at=timezone.now() + timedelta(milliseconds=800))
    far = order_row(user, due_at=timezone.now() + timedelta(seconds=3))
    assert [one.pk for one in leases.claim([ahead.pk, far.pk], [Status.PENDING])] == [ahead.pk]


def test_a_confirmation_of_a_clock_that_was_ahead_is_looked_at_for_finality(user: User) -> None:
    now = timezone.now()
    ahead = order_row(user, status="confirmed", confirmed_at=now + 2 * HOUR)
    final = order_row(user, status="confirmed", confirmed_at=now + 2 * HOUR, finalized_at=now + 2 * HOUR)
    assert clock_skew.bring_back() == 1
    assert now <= reload(ahead).confirmed_at <= timezone.now()
    assert reload(final).confirmed_at == now + 2 * HOUR
    assert clock_skew.bring_back() == 0


def test_repairs_are_logged_once_a_minute(user: User, caplog: pytest.LogCaptureFixture) -> None:
    repair = clock_skew.ClockRepair()
    for _ in range(3):
        order_row(user, due_at=timezone.now() + HOUR)
        assert repair.run() == 1
    said = [record.getMessage() for record in caplog.records if record.name == clock_skew.logger.name]
    assert said == ["1 orders had times far ahead: has a clock been set back?"]


def test_a_schedule_of_its_own_is_not_brought_back(user: User) -> None:
    order = order_row(user, due_at=timezone.now() + HOUR, waits_for="schedule")
    assert clock_skew.bring_back() == 0
    assert reload(order).due_at > timezone.now()
