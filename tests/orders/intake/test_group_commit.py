"""Orders of one process share transactions without sharing faults."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, OperationalError
from django.utils import timezone

from orders.intake import group_commit
from orders.intake.group_commit import GroupCommit
from orders.models import Order
from tests.orders.rows import SOL, USDC

pytestmark = pytest.mark.django_db(transaction=True)


def new_order(user: User, key: str | None = None) -> Order:
    now = timezone.now()
    return Order(
        user=user,
        client_order_id=key,
        request_hash="0" * 64,
        network="localnet",
        token_in=SOL,
        token_out=USDC,
        amount_in=1,
        slippage_bps=50,
        due_at=now,
        created_at=now,
        updated_at=now,
    )


def test_orders_that_come_together_are_all_written(user: User) -> None:
    group, start = GroupCommit(), threading.Barrier(30, timeout=60)

    def place(_: int) -> None:
        start.wait()
        group.write(new_order(user), 10)

    with ThreadPoolExecutor(30) as threads:
        list(threads.map(place, range(30)))
    assert Order.objects.count() == 30


def test_fifty_orders_with_one_key_are_one_row(user: User) -> None:
    group, start = GroupCommit(), threading.Barrier(50, timeout=60)

    def place(_: int) -> bool:
        start.wait()
        try:
            group.write(new_order(user, "the same key"), 10)
        except IntegrityError:
            return False
        return True

    with ThreadPoolExecutor(50) as threads:
        written = list(threads.map(place, range(50)))
    assert (written.count(True), Order.objects.count()) == (1, 1)


def test_a_repeated_key_does_not_cost_the_others_their_order(user: User) -> None:
    group = GroupCommit()
    group.write(new_order(user, "taken"), 10)
    start = threading.Barrier(20, timeout=60)

    def place(number: int) -> bool:
        start.wait()
        try:
            group.write(new_order(user, "taken" if number == 7 else None), 10)
        except IntegrityError:
            return False
        return True

    with ThreadPoolExecutor(20) as threads:
        written = list(threads.map(place, range(20)))
    assert written == [number != 7 for number in range(20)]
    assert Order.objects.count() == 20


@pytest.mark.parametrize("fault", [OperationalError("gone"), ZeroDivisionError("a fault of the code")])
def test_a_failed_commit_is_told_to_its_callers_and_the_next_one_works(
    user: User, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    group = GroupCommit()

    def fail(*_: object) -> None:
        raise fault

    with monkeypatch.context() as broken:
        broken.setattr(group_commit, "insert_and_announce", fail)
        with pytest.raises(type(fault)):
            group.write(new_order(user), 10)
    group.write(new_order(user), 10)
    assert Order.objects.count() == 1


def refuse(self: threading.Thread) -> None:
    """`Thread.start` of a system that has no more threads to give."""
    raise RuntimeError("can't start new thread")


def test_without_a_thread_orders_are_written_by_their_callers(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    announced: list[UUID] = []
    group = GroupCommit(announced.extend)
    orders = [new_order(user) for _ in range(3)]
    monkeypatch.setattr(threading.Thread, "start", refuse)
    for order in orders:
        group.write(order, 10)
    assert announced == [order.pk for order in orders]
    assert Order.objects.count() == 3


def test_intake_goes_on_when_threads_can_be_had_again(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    group = GroupCommit()
    with monkeypatch.context() as starved:
        starved.setattr(threading.Thread, "start", refuse)
        group.write(new_order(user), 10)
    group.write(new_order(user), 10)
    assert Order.objects.count() == 2
    group.stop()
