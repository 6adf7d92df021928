"""Answers about orders under way come from Redis, and are right whatever Redis does."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from redis import Redis

from orders.api.order_cache import Stamp, order_cache
from orders.lifecycle import Status
from orders.models import Order
from orders.platform.redis_client import BriefRedis
from tests.conftest import TestRedis
from tests.factories import AttemptFactory, OrderFactory, UserFactory, advance

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _empty_cache_and_much_patience(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ORDER_CACHE_SECONDS = 30
    cache.clear()
    monkeypatch.setattr(order_cache, "redis", BriefRedis("read without the cache", patience_seconds=5))


@pytest.fixture
def order() -> Order:
    """An order of the local user under way, with an attempt."""
    order = advance(OrderFactory(user=UserFactory(username="local")), Status.ROUTING, Status.BUILDING)
    AttemptFactory(order=order)
    Order.objects.filter(pk=order.pk).update(attempt=1)
    order.refresh_from_db()
    return order


def shown(client: Client, order: Order) -> Any:
    return client.get(f"/api/orders/{order.pk}")


def queries(client: Client, order: Order) -> int:
    with CaptureQueriesContext(
        connection,
    ) as found:
        shown(client, order)
    return len([query for query in found if '"orders_' in query["sql"]])


def test_the_answer_is_the_same_to_the_byte_with_and_without_the_cache(
    client: Client, settings: Any, order: Order
) -> None:
    settings.ORDER_CACHE_SECONDS = 0
    plain = shown(client, order)
    assert queries(client, order) == 3
    settings.ORDER_CACHE_SECONDS = 30
    filled, cached = shown(client, order), shown(client, order)

    assert queries(client, order) == 1
    assert plain.content == filled.content == cached.content
    headers = [dict(answer.headers) for answer in (plain, filled, cached)]
    assert len({each.pop("X-Request-ID") for each in headers}) == 3
    assert headers[0] == headers[1] == headers[2]
    assert [event["sequence"] for event in cached.json()["events"]] == [1, 2, 3]


def test_a_kept_answer_ends(client: Client, order: Order) -> None:
    shown(client, order)
    with Redis.from_url(str(order_cache.redis.location)) as redis:
        (key,) = redis.keys("orders:document:*")
        assert 0 < redis.ttl(key) <= 30


def test_an_ended_order_is_not_kept(client: Client, order: Order) -> None:
    advance(order, Status.FAILED)
    shown(client, order)

    assert queries(client, order) == 3


def test_another_owners_order_is_not_found_though_it_is_kept(client: Client, order: Order) -> None:
    assert shown(client, order).status_code == 200
    Order.objects.filter(pk=order.pk).update(user=UserFactory())

    assert shown(client, order).status_code == 404


def test_a_step_and_an_attempt_each_make_the_kept_answer_useless(client: Client, order: Order) -> None:
    shown(client, order)
    AttemptFactory(order=order, number=2, signature="second", state="expired")
    Order.objects.filter(pk=order.pk).update(attempt=2)
    assert [each["txHash"] for each in shown(client, order).json()["attempts"]][-1] == "second"
    advance(order, Status.SUBMITTED)
    body = shown(client, order).json()

    assert (body["status"], body["events"][-1]["status"]) == ("submitted", "submitted")


def test_flushed_in_the_middle_changes_nothing_but_queries(client: Client, order: Order) -> None:
    before = shown(client, order).content
    assert queries(client, order) == 1
    cache.clear()

    assert shown(client, order).content == before
    assert queries(client, order) == 1


def test_what_others_put_there_is_not_believed(client: Client, order: Order) -> None:
    before = shown(client, order).content
    with Redis.from_url(str(order_cache.redis.location)) as redis:
        (key,) = redis.keys("orders:document:*")
        for lie in (b"", b"short", b"\0" * 16 + before, redis.get(key).replace(b"building", b"confirmd")):
            redis.set(key, lie)
            assert shown(client, order).content == before


def test_an_old_document_under_a_new_name_is_not_believed(client: Client, order: Order) -> None:
    shown(client, order)
    with Redis.from_url(str(order_cache.redis.location)) as redis:
        (key,) = redis.keys("orders:document:*")
        old = redis.get(key)
        advance(order, Status.SUBMITTED)
        redis.set(key.replace(b":3:1", b":4:1"), old)

    assert shown(client, order).json()["status"] == "submitted"


def test_a_mixed_reading_is_not_kept(order: Order) -> None:
    from orders.api.order_views import _detail_of

    earlier = Order.objects.get(pk=order.pk)
    advance(order, Status.SUBMITTED)

    assert _detail_of(earlier)[1] != Stamp.of(earlier)
    assert _detail_of(order)[1] == Stamp.of(order)


def test_an_indented_answer_is_still_to_be_had(client: Client, order: Order) -> None:
    shown(client, order)
    answer = client.get(f"/api/orders/{order.pk}", headers={"Accept": "application/json; indent=2"})

    assert answer.content.startswith(b'{\n  "orderId"')


def test_a_frozen_redis_costs_one_short_wait_and_then_none(
    client: Client, redis_server: TestRedis, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_cache, "redis", BriefRedis("read without the cache"))
    before = shown(client, order).content
    order_cache.redis.forget_failures()
    with redis_server.frozen():
        started = time.monotonic()
        assert shown(client, order).content == before
        assert order_cache.redis.away_until > started
        opened_until = order_cache.redis.away_until
        for _ in range(5):
            assert shown(client, order).content == before
        assert order_cache.redis.away_until == opened_until


def test_a_redis_that_is_down_is_not_asked_again_for_some_seconds(
    client: Client, redis_server: TestRedis, order: Order
) -> None:
    before = shown(client, order).content
    redis_server.stop()
    assert [shown(client, order).content for _ in range(3)] == [before] * 3
    assert order_cache.redis.away_until > time.monotonic()
    redis_server.start()
    order_cache.redis.forget_failures()
    shown(client, order)

    assert queries(client, order) == 1


@pytest.mark.django_db(transaction=True)
def test_readers_never_see_less_than_what_was_committed_before_they_asked(settings: Any) -> None:
    settings.ORDERS_PER_MINUTE = 0
    order = advance(OrderFactory(user=UserFactory(username="local")), Status.ROUTING)
    committed, wrong, reads, done = [order.version], [], [], threading.Event()

    def read() -> None:
        client = Client()
        try:
            while not done.is_set():
                least = committed[-1]
                body = shown(client, order).json()
                seen = body["events"][-1]["sequence"]
                reads.append(seen)
                if seen < least:
                    wrong.append((seen, least))
        finally:
            connection.close()

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        for _ in range(60):
            advance(order, Status.ROUTING)
            committed.append(order.version)
    finally:
        done.set()
        for reader in readers:
            reader.join(60)

    assert wrong == []
    assert len(set(reads)) > 5
