"""New orders are published in batches, orders that wait at their own moment."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from kombu.exceptions import OperationalError

from orders.lifecycle import OrderType, Status
from orders.pipeline.dispatch import Dispatcher, stages_from
from tests.orders.chain import eventually
from tests.orders.rows import order_row


class Broker:
    """Keeps messages with the moment that each came."""

    def __init__(self) -> None:
        self.came: list[tuple[float, Status, list[UUID]]] = []
        self.refusals = 0

    def publish(self, status: Status, order_ids: Sequence[UUID]) -> None:
        if self.refusals:
            self.refusals -= 1
            raise OperationalError("connection refused")
        self.came.append((time.monotonic(), status, list(order_ids)))

    def moment_of(self, order_id: UUID) -> float:
        return next(moment for moment, _, ids in self.came if order_id in ids)


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def dispatcher(broker: Broker) -> Iterator[Dispatcher]:
    running = Dispatcher(broker.publish)
    yield running
    running.stop()


def test_new_orders_that_gather_go_out_together(dispatcher: Dispatcher, broker: Broker) -> None:
    ids = [uuid.uuid4() for _ in range(150)]
    for order_id in ids:
        dispatcher.announce([order_id])
    eventually(lambda: sum(len(batch) for _, _, batch in broker.came) == 150)
    assert [order_id for _, _, batch in broker.came for order_id in batch] == ids
    assert max(len(batch) for _, _, batch in broker.came) <= 64
    assert {status for _, status, _ in broker.came} == {Status.PENDING}


@pytest.mark.django_db
def test_each_waiting_order_goes_out_at_its_own_moment(
    user: User, dispatcher: Dispatcher, broker: Broker
) -> None:
    began, now = time.monotonic(), timezone.now()
    waits = {0.6: None, 0.2: None, 0.4: None}
    orders = {
        wait: order_row(user, status=Status.ROUTING, due_at=now + timedelta(seconds=wait)) for wait in waits
    }
    dispatcher.at_due_time(orders.values())
    new = uuid.uuid4()
    dispatcher.announce([new])
    eventually(lambda: len(broker.came) == 4)
    assert broker.moment_of(new) - began < 0.2
    for wait, order in orders.items():
        assert wait <= broker.moment_of(order.pk) - began + 0.01 < wait + 0.15


def test_an_order_that_is_open_again_is_left_to_its_watcher(
    dispatcher: Dispatcher, broker: Broker, user: User
) -> None:
    rests, retries = (order_row(user, status=status) for status in (Status.OPEN, Status.ROUTING))
    dispatcher.at_due_time([rests])
    dispatcher.at_due_time([retries])
    eventually(lambda: broker.came)
    assert [came[1:] for came in broker.came] == [(Status.ROUTING, [retries.pk])]


def test_after_a_refusal_the_dispatcher_goes_on(dispatcher: Dispatcher, broker: Broker) -> None:
    broker.refusals = 1
    dispatcher.announce([uuid.uuid4()])
    eventually(lambda: broker.refusals == 0)
    later = uuid.uuid4()
    dispatcher.announce([later])
    eventually(lambda: broker.came)
    assert broker.came[0][1:] == (Status.PENDING, [later])


@pytest.mark.django_db
def test_what_is_in_a_hurry_goes_out_by_itself_and_first(user: User, broker: Broker) -> None:
    urgent = Broker()
    dispatcher = Dispatcher(broker.publish, urgent.publish)
    rows = [order_row(user, status=Status.ROUTING) for _ in range(2)]
    sniper = order_row(user, status=Status.ROUTING, type=OrderType.SNIPER)
    stop = order_row(user, status=Status.ROUTING, type=OrderType.STOP)
    dispatcher.at_due_time([*rows, sniper, stop])
    eventually(lambda: sum(len(batch) for _, _, batch in broker.came) == 2)
    dispatcher.stop()
    [(_, status, hurried)] = urgent.came
    assert (status, sorted(hurried)) == (Status.ROUTING, sorted([sniper.pk, stop.pk]))


def test_urgent_stages_begin_in_a_queue_that_is_looked_at_first() -> None:
    chained = stages_from(Status.ROUTING, [uuid.uuid4()], settings.URGENT_QUEUE)
    assert [link.options.get("queue") for link in chained.tasks] == ["urgent", None, None]
    assert [queue.name for queue in settings.CELERY_TASK_QUEUES] == ["urgent", "submit", "build", "route"]
