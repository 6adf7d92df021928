"""The sweeper: whatever is due and nobody's goes on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from orders import dispatch, recovery
from orders.lifecycle import Status
from orders.models import Attempt, Order
from tests.orders.rows import attempt_row, order_row

pytestmark = pytest.mark.django_db

Published = list[tuple[Status, list[UUID]]]


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Published:
    """What is handed to the broker."""
    messages: Published = []

    def keep(status: Status, order_ids: Sequence[UUID], countdown_seconds: int = 0) -> None:
        messages.append((status, list(order_ids)))

    monkeypatch.setattr(dispatch, "resume", keep)
    return messages


def overdue(user: User, **columns: Any) -> Order:
    return order_row(user, due_at=timezone.now() - timedelta(seconds=10), **columns)


@pytest.mark.parametrize("status", [Status.PENDING, Status.ROUTING, Status.BUILDING])
def test_a_due_order_is_resumed_at_its_stage(user: User, published: Published, status: Status) -> None:
    order = overdue(user, status=status)
    assert recovery.resume_due() == 1
    assert published == [(status, [order.pk])]


def test_orders_that_are_held_final_or_not_due_are_left_alone(user: User, published: Published) -> None:
    overdue(user, lease_until=timezone.now() + timedelta(seconds=20))
    overdue(user, status=Status.CONFIRMED)
    overdue(user, status=Status.FAILED)
    order_row(user, due_at=timezone.now() + timedelta(seconds=20))
    assert recovery.resume_due() == 0
    assert published == []


def test_an_order_whose_worker_died_is_resumed_once_its_lease_is_over(
    user: User, published: Published
) -> None:
    order = overdue(user, lease_until=timezone.now() - timedelta(seconds=1))
    recovery.resume_due()
    assert published == [(Status.PENDING, [order.pk])]


def test_a_second_sweep_does_not_repeat_the_first_at_once(user: User, published: Published) -> None:
    overdue(user)
    recovery.resume_due()
    assert recovery.resume_due() == 0
    assert len(published) == 1


def test_a_sweep_sends_batches(user: User, published: Published) -> None:
    for _ in range(70):
        overdue(user)
    assert recovery.resume_due() == 70
    assert [len(order_ids) for _, order_ids in published] == [64, 6]


def test_a_submitted_order_that_nobody_settles_is_adopted_once(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    adopted: list[str] = []

    def adopt(attempts: Sequence[Attempt]) -> None:
        adopted.extend(attempt.signature for attempt in attempts)

    monkeypatch.setattr("orders.settlement.watch", adopt)
    attempt = attempt_row(overdue(user, status=Status.SUBMITTED))
    assert recovery.adopt_submitted() == 1
    assert recovery.adopt_submitted() == 0
    assert adopted == [attempt.signature]


def test_the_oldest_due_order_is_told_in_seconds(user: User) -> None:
    assert recovery.oldest_due_seconds() == 0
    now = timezone.now()
    order_row(user, due_at=now - timedelta(seconds=42))
    order_row(user, due_at=now - timedelta(seconds=7))
    order_row(user, due_at=now - timedelta(seconds=99), status=Status.CONFIRMED)
    assert recovery.oldest_due_seconds(now) == 42
