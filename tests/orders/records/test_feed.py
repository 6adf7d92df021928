"""The feed: one order of all events, which skips none though transactions commit out of order."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from orders.lifecycle import Status
from orders.models import Order, OrderEvent
from orders.records import feed
from tests.factories import OrderFactory, UserFactory, advance

pytestmark = pytest.mark.django_db(transaction=True)
on_postgresql = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="SQLite has one writer at a time"
)


def steps(page: feed.FeedPage) -> list[tuple[Order, int]]:
    return [(event.order, event.sequence) for event in page.events]


def test_every_event_of_a_user_is_told_in_order_and_no_other() -> None:
    user, other = UserFactory(), UserFactory()
    first, _theirs, second = OrderFactory(user=user), OrderFactory(user=other), OrderFactory(user=user)
    advance(second, Status.ROUTING)
    advance(first, Status.CANCELLED)

    page = feed.read(user.pk, 0, 10)

    assert steps(page) == [(first, 1), (second, 1), (second, 2), (first, 2)]
    assert not page.has_more
    assert feed.read(user.pk, page.position, 10) == feed.FeedPage((), page.position, has_more=False)


def test_pages_go_on_where_the_one_before_ended() -> None:
    user = UserFactory()
    orders = [OrderFactory(user=user) for _ in range(5)]
    seen: list[tuple[Order, int]] = []
    page = feed.read(user.pk, 0, 2)
    while page.has_more:
        seen += steps(page)
        page = feed.read(user.pk, page.position, 2)
    assert [*seen, *steps(page)] == [(order, 1) for order in orders]


def test_a_page_ends_also_where_nearly_all_events_are_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "_EVENTS_A_LOOK", 3)
    user, other = UserFactory(), UserFactory()
    for _ in range(7):
        OrderFactory(user=other)
    mine = OrderFactory(user=user)
    pages = [feed.read(user.pk, 0, 10)]
    while pages[-1].has_more:
        pages.append(feed.read(user.pk, pages[-1].position, 10))
    assert [steps(page) for page in pages] == [[], [], [(mine, 1)]]


def test_latest_is_behind_all_that_is_there() -> None:
    user = UserFactory()
    OrderFactory(user=user)
    begin = feed.latest()
    later = OrderFactory(user=user)
    assert steps(feed.read(user.pk, begin, 10)) == [(later, 1)]


@contextmanager
def uncommitted(order: Order) -> Iterator[threading.Event]:
    """A step of an order in a transaction of another thread, which ends when the event is set."""
    taken, finish = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            advance(order, Status.ROUTING)
            taken.set()
            assert finish.wait(10)
        connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    assert taken.wait(10)
    try:
        yield finish
    finally:
        finish.set()
        thread.join(60)


@on_postgresql
def test_an_event_that_commits_late_holds_back_those_behind_it() -> None:
    user = UserFactory()
    slow, quick = OrderFactory(user=user), OrderFactory(user=user)
    begin = feed.latest()
    with uncommitted(slow) as finish:
        advance(quick, Status.CANCELLED)
        assert OrderEvent.objects.filter(order=quick, sequence=2).exists()
        assert feed.read(user.pk, begin, 10) == feed.FeedPage((), begin, has_more=False)
        finish.set()
    assert steps(feed.read(user.pk, begin, 10)) == [(slow, 2), (quick, 2)]


@on_postgresql
def test_an_event_that_was_rolled_back_is_waited_for_no_longer() -> None:
    user = UserFactory()
    first, second = OrderFactory(user=user), OrderFactory(user=user)
    begin = feed.latest()
    with transaction.atomic():
        advance(first, Status.ROUTING)
        transaction.set_rollback(True)
    advance(second, Status.ROUTING)
    assert steps(feed.read(user.pk, begin, 10)) == [(second, 2)]


def test_a_reader_beside_many_writers_sees_every_event_once() -> None:
    user = UserFactory()
    begin, rounds = feed.latest(), 25

    def write() -> None:
        for _ in range(rounds):
            with transaction.atomic():
                advance(OrderFactory(user=user), Status.ROUTING)
        connection.close()

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    seen: list[int] = []
    position = begin
    while any(writer.is_alive() for writer in writers):
        page = feed.read(user.pk, position, 7)
        seen += [event.pk for event in page.events]
        position = page.position
    for writer in writers:
        writer.join(60)
    while events := (page := feed.read(user.pk, position, 50)).events:
        seen += [event.pk for event in events]
        position = page.position

    assert seen == sorted(OrderEvent.objects.filter(pk__gt=begin).values_list("pk", flat=True))
    assert len(seen) == 4 * rounds * 2
