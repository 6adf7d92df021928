"""The only writer of an order's status."""

from __future__ import annotations

import uuid

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from orders.lifecycle import AttemptState, Status
from orders.models import Attempt, Order, OrderEvent
from orders.records import journal
from orders.records.transition import IllegalTransition, Transition
from tests.orders.rows import attempt_row, order_row

pytestmark = pytest.mark.django_db


def test_a_transition_is_one_row_update_and_one_event(user: User) -> None:
    order = order_row(user)
    moved = journal.record([Transition(order, Status.ROUTING, data={"note": "x"})])
    assert moved == [order]
    stored = Order.objects.get(pk=order.pk)
    assert (stored.status, stored.version) == ("routing", 2)
    event = OrderEvent.objects.get(order=order, sequence=2)
    assert (event.status, event.data) == ("routing", {"note": "x"})


def test_an_illegal_step_is_refused_before_anything_is_written(user: User) -> None:
    fine, wrong = order_row(user), order_row(user)
    with pytest.raises(IllegalTransition):
        journal.record([Transition(fine, Status.ROUTING), Transition(wrong, Status.CONFIRMED)])
    assert set(Order.objects.values_list("status", flat=True)) == {"pending"}
    assert OrderEvent.objects.filter(sequence=2).count() == 0


def test_a_row_that_moved_meanwhile_is_left_alone_and_reported_as_stale(user: User) -> None:
    order = order_row(user)
    stale = Order.objects.get(pk=order.pk)
    journal.record([Transition(order, Status.ROUTING)])
    assert journal.record([Transition(stale, Status.CANCELLED)]) == []
    assert Order.objects.get(pk=order.pk).status == "routing"
    assert list(OrderEvent.objects.filter(order=order).values_list("sequence", flat=True)) == [1, 2]


def test_a_status_that_came_round_again_does_not_pass_for_the_old_one(user: User) -> None:
    order = order_row(user, status=Status.ROUTING)
    stale = Order.objects.get(pk=order.pk)
    journal.record([Transition(order, Status.BUILDING)])
    journal.record([Transition(order, Status.ROUTING)])
    assert Order.objects.get(pk=order.pk).status == stale.status
    assert journal.record([Transition(stale, Status.BUILDING)]) == []


def test_a_lost_lease_stops_the_writer(user: User) -> None:
    order = order_row(user, status=Status.ROUTING, lease_token=uuid.uuid4())
    held = Order.objects.get(pk=order.pk)
    Order.objects.filter(pk=order.pk).update(lease_token=uuid.uuid4())
    assert journal.record([Transition(held, Status.BUILDING)]) == []


def test_one_stale_row_does_not_hold_up_its_batch(user: User) -> None:
    first, second = order_row(user), order_row(user)
    stale = Order.objects.get(pk=first.pk)
    journal.record([Transition(first, Status.CANCELLED)])
    moved = journal.record([Transition(stale, Status.ROUTING), Transition(second, Status.ROUTING)])
    assert moved == [second]


def test_a_transition_gives_the_lease_back_unless_told_to_keep_it(user: User) -> None:
    token = uuid.uuid4()
    order = order_row(user, lease_token=token)
    journal.record([Transition(order, Status.ROUTING, keep_lease=True)])
    assert Order.objects.get(pk=order.pk).lease_token == token
    journal.record([Transition(order, Status.BUILDING)])
    assert Order.objects.get(pk=order.pk).lease_token is None


def test_a_rolled_back_transition_leaves_no_event(user: User) -> None:
    order = order_row(user)
    with pytest.raises(RuntimeError), transaction.atomic():  # noqa: PT012 -- the work around it breaks
        journal.record([Transition(order, Status.ROUTING)])
        raise RuntimeError("the surrounding work broke")
    assert Order.objects.get(pk=order.pk).version == 1
    assert OrderEvent.objects.filter(order=order).count() == 1


@pytest.mark.parametrize(
    "column",
    [{"status": "lost"}, {"type": "swap"}, {"amount_in": 0}, {"min_amount_out": 0}],
)
def test_the_database_refuses_what_the_table_does_not_know(user: User, column: dict[str, object]) -> None:
    order = order_row(user)
    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(**column)


def test_the_database_refuses_a_second_open_attempt(user: User) -> None:
    order = order_row(user, status=Status.BUILDING)
    attempt_row(order, number=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        attempt_row(order, number=2)
    Attempt.objects.filter(order=order).update(state=AttemptState.EXPIRED)
    attempt_row(order, number=2)
    assert Attempt.objects.filter(order=order).count() == 2


def test_the_database_refuses_one_signature_for_two_attempts(user: User) -> None:
    attempt_row(order_row(user), number=1, signature="same")
    with pytest.raises(IntegrityError), transaction.atomic():
        attempt_row(order_row(user), number=1, signature="same")


def test_the_database_refuses_one_sequence_twice(user: User) -> None:
    order = order_row(user)
    with pytest.raises(IntegrityError), transaction.atomic():
        OrderEvent.objects.create(order=order, sequence=1, status="pending", at=order.created_at)
