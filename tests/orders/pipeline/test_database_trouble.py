"""A database that refuses what a stage writes: no order is blamed for it, none is held up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DataError, Error, OperationalError, connection

from orders.intake.group_commit import GroupCommit
from orders.lifecycle import Status
from orders.models import Order
from orders.pipeline import claims, stages
from orders.records import journal, leases
from orders.records.transition import Transition
from orders.telemetry import counters
from tests.orders.chain import TestChain
from tests.orders.fakes import FakeDispatcher
from tests.orders.intake.test_group_commit import new_order
from tests.orders.rows import order_row

pytestmark = pytest.mark.django_db


@contextmanager
def refusing(*statements: str, error: Error | None = None) -> Iterator[None]:
    """Statements that begin with one of these words fail."""

    def run(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(statements):
            raise error or OperationalError("no room on the device")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(run):
        yield


def stored(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def routed(user: User) -> Order:
    order = order_row(user)
    assert stages.route([order.pk]).onward == [order.pk]
    return order


def test_refused_inserts_are_no_starts_of_an_order(user: User, chain: TestChain) -> None:
    order = routed(user)
    for _ in range(2 * claims.MAX_STARTS):
        with refusing('INSERT INTO "orders_attempt"'), pytest.raises(OperationalError):
            stages.build([order.pk])
    assert (stored(order).status, stored(order).starts, stored(order).lease_token) == ("building", 0, None)
    assert stages.build([order.pk]).onward == [order.pk]
    assert stages.submit([order.pk]).onward == [order.pk]


def test_a_value_that_the_database_does_not_take_is_a_start(user: User, chain: TestChain) -> None:
    order = routed(user)
    with refusing('INSERT INTO "orders_attempt"', error=DataError("out of range")), pytest.raises(DataError):
        stages.build([order.pk])
    assert stored(order).starts == 1


def test_a_step_that_is_not_written_leaves_its_order_claimable(user: User, chain: TestChain) -> None:
    order = order_row(user)
    with refusing('INSERT INTO "orders_orderevent"'), pytest.raises(OperationalError):
        stages.route([order.pk])
    assert (stored(order).status, stored(order).lease_token) == ("pending", None)
    assert stages.route([order.pk]).onward == [order.pk]


def test_the_end_of_an_order_that_is_not_written_gives_its_lease_back(user: User) -> None:
    order = order_row(user, starts=claims.MAX_STARTS)
    with refusing('INSERT INTO "orders_orderevent"'), pytest.raises(OperationalError):
        stages.route([order.pk])
    assert stored(order).lease_token is None
    stages.route([order.pk])
    assert stored(order).error_code == "TOO_MANY_STARTS"


@pytest.mark.django_db(transaction=True)
def test_what_could_not_be_given_back_is_given_back_later(user: User) -> None:
    order = order_row(user)
    claimed = leases.claim([order.pk], {Status.PENDING})
    with refusing("UPDATE"), pytest.raises(OperationalError), leases.given_back_on_error(claimed):
        Order.objects.update(error_code="")
    assert stored(order).lease_token is not None
    assert leases.give_back_late() == 1
    assert (stored(order).lease_token, stored(order).starts) == (None, 0)
    assert leases.give_back_late() == 0


def test_a_row_that_was_not_written_is_as_it_was(user: User) -> None:
    order = order_row(user)
    (claimed,) = leases.claim([order.pk], {Status.PENDING})
    token = claimed.lease_token

    def fail(moved: list[Order]) -> None:
        raise OperationalError("cut off")

    with pytest.raises(OperationalError):
        journal.record([Transition(claimed, Status.ROUTING)], alongside=fail)
    assert (claimed.status, claimed.version, claimed.lease_token) == ("pending", 1, token)


@pytest.mark.django_db(transaction=True)
def test_a_count_that_fails_keeps_no_order_from_being_announced(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FullDisk:
        def inc(self, count: int) -> None:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(counters, "_accepted", FullDisk())
    dispatcher = FakeDispatcher()
    group, order = GroupCommit(dispatcher.announce), new_order(user)
    group.write(order, 10)
    group.stop()
    assert dispatcher.new == [order.pk]
