"""Orders that kill what works on them are set apart after a few deaths, and the others go on."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from orders.lifecycle import Status
from orders.models import Attempt, AuditEntry, Order
from orders.pipeline import claims, followed, poller, stages
from orders.pipeline.poller import Poller
from orders.pipeline.settle import Watched
from tests.orders.fakes import FakeDispatcher, FakePoller
from tests.orders.rows import attempt_row, order_row

pytestmark = pytest.mark.django_db


class Death(BaseException):
    """The end of a process: nothing that comes after it is done."""


def submitted(user: User) -> Attempt:
    return attempt_row(order_row(user, status=Status.SUBMITTED, attempt=1))


def stored(attempt: Attempt) -> Order:
    return Order.objects.get(pk=attempt.order_id)


class Settling:
    """In place of a look at the chain: everything has landed, but one order kills who looks at it."""

    def __init__(self, poison: Attempt) -> None:
        self.poison = poison
        self.looks: list[int] = []

    def __call__(self, batch: Sequence[Watched], retry: object) -> set[str]:
        self.looks.append(len(batch))
        if any(one.attempt == self.poison for one in batch):
            raise Death
        Order.objects.filter(pk__in=[one.attempt.order_id for one in batch]).update(status=Status.CONFIRMED)
        return {one.attempt.signature for one in batch}


def life_of_a_poller() -> bool:
    """One that adopts what is free, and looks at it once; whether it lived. A dead one holds nothing."""
    Order.objects.update(lease_token=None, lease_until=None)
    adopted, tested = FakePoller(), Poller(FakeDispatcher().at_due_time)
    followed.adopt_submitted(adopted.adopt)
    tested._on_trial = [Watched(attempt, None, 0, 0) for attempt in adopted.attempts]
    try:
        tested._try(tested._on_trial)
    except Death:
        return False
    return True


def test_an_order_that_kills_pollers_is_set_apart_and_the_others_settle(
    user: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    attempts = [submitted(user) for _ in range(10)]
    poison, others = attempts[4], attempts[:4] + attempts[5:]
    settling = Settling(poison)
    monkeypatch.setattr(poller, "settle_or_leave", settling)
    assert [life_of_a_poller() for _ in range(2)] == [False, False]
    # One that was in its group and comes behind it.
    assert [stored(attempt).status for attempt in others].count("confirmed") == 8
    assert [life_of_a_poller() for _ in range(3)] == [False, True, True]
    assert {stored(attempt).status for attempt in others} == {"confirmed"}
    assert settling.looks == [3, 3, *[1] * 4, *[1] * 2, *[1] * 2]
    assert (stored(poison).status, stored(poison).waits_for) == ("submitted", "set_apart")
    assert f"order {poison.order_id} is set apart" in caplog.text


def test_many_adopted_orders_are_tried_in_groups(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = [submitted(user) for _ in range(130)]
    settling = Settling(attempts[129])
    settling.poison = Attempt(pk=-1)
    monkeypatch.setattr(poller, "settle_or_leave", settling)
    assert life_of_a_poller()
    assert settling.looks == [33, 33, 33, 31]
    assert {order.starts for order in Order.objects.all()} <= {0, 1}


def test_an_order_with_an_open_attempt_that_kills_workers_is_set_apart(user: User) -> None:
    order = order_row(user, status=Status.BUILDING, attempt=1, starts=claims.MAX_STARTS)
    attempt = attempt_row(order)
    for stage in (stages.build, stages.submit):
        assert stage([order.pk]).onward == []
    assert (stored(attempt).status, stored(attempt).waits_for) == ("building", "set_apart")
    assert stored(attempt).lease_token is None
    assert attempt.state == "open"


def test_a_command_lists_and_releases_what_was_set_apart(user: User) -> None:
    order = order_row(user, status=Status.BUILDING, attempt=1)
    attempt = attempt_row(order)
    followed.set_apart([order.pk])
    told = StringIO()
    call_command("set_apart", stdout=told)
    assert told.getvalue() == f"{order.pk}  set_apart  building  no transaction\n"
    call_command("set_apart", release=[order.pk], stdout=told)
    assert stored(attempt).waits_for == ""
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject, entry.detail) == ("order released", str(order.pk), "was set_apart")
    assert stages.build([order.pk]).onward == [order.pk]
    with pytest.raises(CommandError, match="neither set apart nor parked"):
        call_command("set_apart", release=[order.pk])
