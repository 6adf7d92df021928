"""What workers held that have died moves on at once; nothing is taken from one that lives."""

from __future__ import annotations

import os
import signal
import subprocess
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from orders.lifecycle import Status
from orders.models import Order, WorkerProcess
from orders.pipeline import followed, sweeper
from orders.pipeline.fleet import Undertaker
from orders.pipeline.sweeper import OnTheirWay
from orders.platform.process_identity import own_identity
from orders.records import leases, workers
from tests.orders.fakes import FakeBroker, FakePoller
from tests.orders.platform.test_process_identity import Other, other  # noqa: F401 -- a fixture
from tests.orders.rows import attempt_row, order_row

pytestmark = pytest.mark.django_db


def worker_row(**columns: Any) -> WorkerProcess:
    values: dict[str, Any] = {
        "id": uuid.UUID(int=uuid.uuid4().int >> 64 << 64),
        "name": "worker@there",
        "machine": "elsewhere",
        "pid": 1,
        "started": 1,
        "seen_at": timezone.now(),
    }
    return WorkerProcess.objects.create(**values | columns)


def held_by(worker: WorkerProcess, user: User, **columns: Any) -> Order:
    token = uuid.UUID(int=worker.pk.int | 12345)
    return order_row(user, lease_token=token, lease_until=timezone.now() + timedelta(seconds=30), **columns)


def stored(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


@pytest.fixture
def neighbour(other: Other) -> Iterator[tuple[subprocess.Popen[str], WorkerProcess]]:  # noqa: F811
    """A worker of this machine."""
    child, who = other
    return child, worker_row(machine=who.machine, pid=who.pid, started=who.started)


Neighbour = tuple[subprocess.Popen[str], WorkerProcess]


def test_every_token_of_a_process_begins_with_its_name() -> None:
    tokens = {leases.new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert {token.int >> 64 for token in tokens} == {leases.first_token().int >> 64}


def test_a_dead_neighbours_orders_go_on_at_once(user: User, neighbour: Neighbour) -> None:
    child, worker = neighbour
    broker, poller = FakeBroker(), FakePoller()
    routing = held_by(worker, user, status=Status.ROUTING, starts=1)
    attempt = attempt_row(held_by(worker, user, status=Status.SUBMITTED))
    way, undertaker = OnTheirWay(broker.publish, poller.watch), Undertaker()
    assert sweeper.resume_freed(way, undertaker) == 0
    assert followed.adopt_submitted(poller.adopt) == 0
    child.kill()
    child.wait(60)
    assert sweeper.resume_freed(way, undertaker) == 1
    assert broker.messages == [(Status.ROUTING, [routing.pk])]
    assert stored(routing).lease_token is None
    assert followed.adopt_submitted(poller.adopt) == 1
    assert poller.attempts == [attempt]
    assert not WorkerProcess.objects.exists()


def test_nothing_is_taken_from_a_frozen_neighbour(user: User, neighbour: Neighbour) -> None:
    child, worker = neighbour
    order = held_by(worker, user, status=Status.ROUTING)
    os.kill(child.pid, signal.SIGSTOP)
    now = 0.0
    undertaker = Undertaker(lambda: now)
    for _ in range(30):
        now += 2
        assert undertaker.free() == []
    assert stored(order).lease_token == order.lease_token


def test_a_worker_elsewhere_that_is_silent_has_died(user: User) -> None:
    worker = worker_row()
    order = held_by(worker, user, status=Status.BUILDING)
    now = 100.0
    undertaker = Undertaker(lambda: now)
    freed = []
    for _ in range(4):
        freed.append(undertaker.free())
        now += 2
    assert freed == [[], [], [], []]
    assert [one.pk for one in undertaker.free()] == [order.pk]


def test_a_worker_elsewhere_that_beats_lives(user: User) -> None:
    worker = worker_row()
    held_by(worker, user)
    now = 100.0
    undertaker = Undertaker(lambda: now)
    for beats in range(20):
        WorkerProcess.objects.filter(pk=worker.pk).update(beats=beats // 2)
        assert undertaker.free() == []
        now += 2


def test_who_did_not_look_for_a_while_knows_nothing_of_others(user: User) -> None:
    held_by(worker_row(), user)
    now = 100.0
    undertaker = Undertaker(lambda: now)
    for pause in (0, 2, 60, 2, 2, 2):
        now += pause
        assert undertaker.free() == []


def test_a_worker_that_was_taken_for_dead_shows_itself_again() -> None:
    workers.show_life("worker@here")
    workers.show_life("worker@here")
    row = WorkerProcess.objects.get()
    assert (row.beats, workers.identity_of(row)) == (1, own_identity())
    workers.bury(row.pk)
    workers.show_life("worker@here")
    assert WorkerProcess.objects.get().pk == leases.first_token()
    assert Undertaker().free() == []


def test_a_worker_that_starts_trusts_in_no_message_sent_before(user: User) -> None:
    now = timezone.now()
    fresh, swept = order_row(user, due_at=now), order_row(user, due_at=now, swept_at=now)
    order_row(user, due_at=now + timedelta(seconds=5), status=Status.ROUTING, waits_for="retry")
    broker = FakeBroker()
    way = OnTheirWay(broker.publish, FakePoller().watch)
    assert sweeper.resume_due(way) == 0
    assert sweeper.resume_due(way, at_start=True) == 2
    assert {order_id for _, ids in broker.messages for order_id in ids} == {fresh.pk, swept.pk}


def test_a_lost_retry_is_swept_a_second_after_its_moment(user: User) -> None:
    late = timezone.now() - timedelta(seconds=2)
    retry = order_row(user, due_at=late, status=Status.ROUTING, waits_for="retry")
    order_row(user, due_at=late)
    broker = FakeBroker()
    assert sweeper.resume_due(OnTheirWay(broker.publish, FakePoller().watch)) == 1
    assert broker.messages == [(Status.ROUTING, [retry.pk])]
