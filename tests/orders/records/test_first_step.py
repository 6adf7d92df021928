"""New orders: claimed and moved to routing by one statement."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError
from django.utils import timezone

from orders.lifecycle import GroupKind, Status
from orders.models import Order, OrderEvent, OrderGroup
from orders.records import first_step, journal, leases
from orders.records.transition import Transition
from tests.orders.rows import order_row

pytestmark = pytest.mark.django_db


def test_a_new_order_is_leased_and_at_routing_with_its_event(user: User) -> None:
    order = order_row(user)
    [taken] = first_step.take([order.pk], most=64)
    stored = Order.objects.get(pk=order.pk)
    events = OrderEvent.objects.filter(order=order).values_list("sequence", "status", "data")
    assert list(events) == [(1, "pending", {}), (2, "routing", {})]
    assert (stored.status, stored.version, stored.starts) == ("routing", 2, 0)
    assert (taken.lease_token, taken.version) == (stored.lease_token, 2)
    assert stored.lease_token is not None


def test_a_new_order_is_taken_once(user: User) -> None:
    order = order_row(user)
    assert len(first_step.take([order.pk], most=64)) == 1
    assert first_step.take([order.pk], most=64) == []
    assert OrderEvent.objects.filter(order=order).count() == 2


def test_a_taken_order_goes_on_with_its_lease(user: User) -> None:
    order = order_row(user)
    [taken] = first_step.take([order.pk], most=64)
    assert journal.record([Transition(taken, Status.BUILDING)]) == [taken]


def test_the_oldest_pending_orders_are_taken_along(user: User) -> None:
    now = timezone.now()
    old, older, oldest = (order_row(user, due_at=now - timedelta(seconds=age)) for age in (1, 2, 3))
    named = order_row(user, due_at=now)
    taken = first_step.take([named.pk], most=3)
    assert [order.pk for order in taken] == [oldest.pk, older.pk, named.pk]
    assert Order.objects.get(pk=old.pk).status == "pending"
    assert len({order.lease_token for order in taken}) == 1


def test_room_of_named_orders_that_are_gone_is_filled(user: User) -> None:
    gone, waiting = order_row(user, status=Status.BUILDING), order_row(user)
    assert [order.pk for order in first_step.take([gone.pk], most=1)] == [waiting.pk]


def test_an_order_on_which_work_broke_off_takes_no_other_along(user: User) -> None:
    suspect, other = order_row(user, starts=1), order_row(user)
    assert first_step.take([suspect.pk], most=64) == []
    assert Order.objects.get(pk=other.pk).status == "pending"


def test_what_needs_a_closer_look_is_left(user: User) -> None:
    now = timezone.now()
    group = OrderGroup.objects.create(id=uuid4(), user=user, kind=GroupKind.OCO, created_at=now)
    left = [
        order_row(user, status=Status.ROUTING),
        order_row(user, starts=1),
        order_row(user, group=group),
        order_row(user, expires_at=now),
        order_row(user, due_at=now + timedelta(seconds=5)),
        order_row(user, lease_until=now + timedelta(seconds=5)),
        order_row(user, network="devnet"),
    ]
    lasting = order_row(user, expires_at=now + timedelta(minutes=1))
    taken = first_step.take([order.pk for order in [*left, lasting]], most=64)
    assert [order.pk for order in taken] == [lasting.pk]


def test_work_broken_off_by_the_database_gives_a_taken_order_back(user: User) -> None:
    order = order_row(user)
    taken = first_step.take([order.pk], most=64)
    with pytest.raises(DatabaseError), leases.given_back_on_error(taken):
        raise DatabaseError("the database is away")
    stored = Order.objects.get(pk=order.pk)
    assert (stored.lease_token, stored.starts, stored.status) == (None, 0, "routing")
