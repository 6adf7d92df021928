"""Leases: who works on which order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from orders.lifecycle import Status
from orders.models import Order
from orders.records import leases
from tests.orders.rows import order_row

pytestmark = pytest.mark.django_db


def test_a_claimed_order_cannot_be_claimed_again(user: User) -> None:
    order = order_row(user)
    first = leases.claim([order.pk], {Status.PENDING})
    assert [o.pk for o in first] == [order.pk]
    assert leases.claim([order.pk], {Status.PENDING}) == []


def test_orders_elsewhere_not_due_or_leased_are_left_out(user: User) -> None:
    now = timezone.now()
    free = order_row(user)
    elsewhere = order_row(user, status=Status.BUILDING)
    later = order_row(user, due_at=now + timedelta(seconds=5))
    leased = order_row(user, lease_until=now + timedelta(seconds=5))
    ids = [order.pk for order in (free, elsewhere, later, leased)]
    assert [order.pk for order in leases.claim(ids, {Status.PENDING})] == [free.pk]


def test_an_expired_lease_can_be_taken_over_with_a_new_token(user: User) -> None:
    order = order_row(user)
    (first,) = leases.claim([order.pk], {Status.PENDING})
    Order.objects.filter(pk=order.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    (second,) = leases.claim([order.pk], {Status.PENDING})
    assert first.lease_token != second.lease_token
    assert leases.let_go_signed([first]) == []
    assert leases.let_go_signed([second]) == [second]


def test_each_claim_whose_work_breaks_off_counts_a_start(user: User) -> None:
    order = order_row(user)
    for expected in (1, 2, 3):
        (claimed,) = leases.claim([order.pk], {Status.PENDING})
        assert claimed.starts == expected
        with pytest.raises(ValueError, match="the work broke"), leases.given_back_on_error([claimed]):
            raise ValueError("the work broke")


def test_a_claim_that_finds_nothing_to_do_is_no_start(user: User) -> None:
    order = order_row(user)
    for _ in range(3):
        (claimed,) = leases.claim([order.pk], {Status.PENDING})
        assert claimed.starts == 1
        leases.release([claimed])
    assert Order.objects.get(pk=order.pk).starts == 0


def test_a_release_by_a_former_holder_does_nothing(user: User) -> None:
    order = order_row(user)
    (first,) = leases.claim([order.pk], {Status.PENDING})
    Order.objects.filter(pk=order.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    (second,) = leases.claim([order.pk], {Status.PENDING})
    leases.release([first])
    assert Order.objects.get(pk=order.pk).lease_token == second.lease_token


def test_claiming_nothing_gives_nothing() -> None:
    assert leases.claim([], {Status.PENDING}) == []


def durability() -> str:
    """How the database's session commits now."""
    with connection.cursor() as cursor:
        postgres = connection.vendor == "postgresql"
        cursor.execute("SHOW synchronous_commit" if postgres else "PRAGMA synchronous")
        return str(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
def test_a_claim_leaves_later_commits_as_durable_as_they_were(user: User) -> None:
    order = order_row(user)
    before = durability()
    assert leases.claim([order.pk], {Status.PENDING})
    assert durability() == before
    assert before == "2" or connection.vendor == "postgresql"
