"""How much one user may ask for: orders and calls a minute, connections, subscriptions."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone
from redis import Redis

from orders.access.throttles import CallCounts, call_counts
from orders.errors import TooManyRequests
from orders.intake import group_commit, order_rate
from orders.intake.place import place_order
from orders.lifecycle import Status
from orders.models import Order
from orders.platform.redis_client import BriefRedis
from orders.streaming.stream import OrderStream, in_database
from orders.wire.requests import OrderIntent
from tests.conftest import TestRedis
from tests.factories import OrderFactory, UserFactory
from tests.orders.sockets import Socket, moved, new_order, opened

pytestmark = pytest.mark.django_db(transaction=True)
FIVE_SOL = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "5"}


@pytest.fixture(autouse=True)
def _no_calls_counted_yet() -> None:
    cache.clear()
    call_counts.forget()


def place(client: Client, **headers: str) -> Any:
    return client.post(
        "/api/orders/execute", json.dumps(FIVE_SOL), content_type="application/json", headers=headers
    )


def test_the_order_after_the_last_of_a_minute_is_refused_until_there_is_room(
    client: Client, settings: Any
) -> None:
    settings.ORDERS_PER_MINUTE = 2
    assert [place(client).status_code for _ in range(3)] == [201, 201, 429]
    refusal = place(client)
    body = refusal.json()
    assert (body["code"], body["retryable"]) == ("TOO_MANY_REQUESTS", True)
    assert body["details"] == {"retryAfterSeconds": int(refusal["Retry-After"]), "ordersPerMinute": 2}
    assert 55 <= int(refusal["Retry-After"]) <= 60
    assert Order.objects.count() == 2

    oldest = Order.objects.order_by("created_at")[0]
    Order.objects.filter(pk=oldest.pk).update(created_at=timezone.now() - timedelta(seconds=60))
    assert [place(client).status_code for _ in range(2)] == [201, 429]


def test_a_repeated_request_is_answered_where_a_new_order_would_be_too_many(
    client: Client, settings: Any
) -> None:
    settings.ORDERS_PER_MINUTE = 1
    first = place(client, **{"Idempotency-Key": "once"})
    again = place(client, **{"Idempotency-Key": "once"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["orderId"] == first.json()["orderId"]
    assert place(client, **{"Idempotency-Key": "other"}).status_code == 429


def test_each_user_has_a_limit_of_their_own_and_zero_is_none(settings: Any) -> None:
    busy, quiet = UserFactory(), UserFactory()
    OrderFactory.create_batch(3, user=busy)
    settings.ORDERS_PER_MINUTE = 3
    with pytest.raises(TooManyRequests):
        order_rate.require_room(busy.pk)
    order_rate.require_room(quiet.pk)
    settings.ORDERS_PER_MINUTE = 0
    order_rate.require_room(busy.pk)


def test_the_wait_is_until_the_oldest_of_them_is_a_minute_old(settings: Any) -> None:
    settings.ORDERS_PER_MINUTE = 2
    user = UserFactory()
    now = timezone.now()
    for age in (50, 20.5, 10):
        OrderFactory(user=user, created_at=now - timedelta(seconds=age))
    with pytest.raises(TooManyRequests) as refused:
        order_rate.require_room(user.pk)
    assert refused.value.details["retryAfterSeconds"] == 40


async def test_orders_over_a_websocket_count_too_and_the_connection_stays(settings: Any) -> None:
    settings.ORDERS_PER_MINUTE = 1
    await new_order()
    async with opened("/api/orders/connect") as socket:
        await socket.send_json_to({"action": "execute_order", **FIVE_SOL, "requestId": 7})
        refusal = await socket.next()
        assert (refusal["type"], refusal["code"], refusal["requestId"]) == ("error", "TOO_MANY_REQUESTS", 7)
        assert 55 <= refusal["details"]["retryAfterSeconds"] <= 60
        await socket.send_json_to({"action": "ping"})
        assert await socket.next() == {"type": "pong"}


def test_the_call_after_the_last_of_a_minute_is_refused(client: Client, settings: Any) -> None:
    settings.REQUESTS_PER_MINUTE = 3
    # In one window of the clock, or the first calls of the next one.
    answers = [client.get("/api/orders") for _ in range(8)]
    codes = [answer.status_code for answer in answers]
    assert codes.count(429) >= 2
    refusal = next(answer for answer in answers if answer.status_code == 429)
    assert refusal.json()["code"] == "TOO_MANY_REQUESTS"
    assert 1 <= int(refusal["Retry-After"]) <= 60
    # What is not counted so: health, and orders, which have their own limit.
    assert client.get("/health/live").status_code == 200
    assert place(client).status_code == 201


def patient_counts() -> CallCounts:
    """Those of a process that waits for Redis also on a busy machine."""
    return CallCounts(BriefRedis("calls are not counted", patience_seconds=5))


def test_calls_are_counted_for_all_processes_together() -> None:
    one, other = patient_counts(), patient_counts()
    assert [one.count("user:1", 7), other.count("user:1", 7), one.count("user:1", 7)] == [1, 2, 3]
    assert [one.count("user:2", 7), one.count("user:1", 8)] == [1, 1]


def test_a_count_ends_with_its_minute() -> None:
    counts = patient_counts()
    counts.count("user:1", 7)
    with Redis.from_url(counts.redis.location) as redis:
        assert 60 < redis.ttl("requests:user:1:7") <= 120


def test_without_redis_each_process_counts_for_itself(redis_server: TestRedis) -> None:
    one, other = patient_counts(), patient_counts()
    assert [one.count("user:1", 7), other.count("user:1", 7)] == [1, 2]
    redis_server.stop()
    assert [one.count("user:1", 7), other.count("user:1", 7)] == [2, 2]
    redis_server.start()
    one.redis.forget_failures()
    # Redis has forgotten what came before; the process has not.
    assert one.count("user:1", 7) == 3


def test_without_redis_the_limit_holds_all_the_same(
    client: Client, settings: Any, redis_server: TestRedis
) -> None:
    settings.REQUESTS_PER_MINUTE = 3
    redis_server.stop()
    codes = [client.get("/api/orders").status_code for _ in range(8)]
    assert (codes[:3], set(codes)) == ([200] * 3, {200, 429})


def test_a_frozen_redis_costs_one_call_a_short_wait_and_the_others_none(
    client: Client, settings: Any, redis_server: TestRedis
) -> None:
    settings.REQUESTS_PER_MINUTE = 1000
    assert client.get("/api/orders").status_code == 200
    with redis_server.frozen():
        waits = [seconds_until_given_up(client) for _ in range(3)]
        given_up_until = call_counts.redis.away_until
        assert [client.get("/api/orders").status_code for _ in range(5)] == [200] * 5
        assert call_counts.redis.away_until == given_up_until
    # The least of three: what else the machine does is no wait for Redis.
    assert 0.05 <= min(waits) < 0.5


def seconds_until_given_up(client: Client) -> float:
    call_counts.redis.forget_failures()
    started = time.monotonic()
    assert client.get("/api/orders").status_code == 200
    assert call_counts.redis.away_until > started
    return time.monotonic() - started


async def test_one_connection_too_many_is_told_why_and_closed(settings: Any) -> None:
    settings.SOCKETS_PER_USER = 2
    async with opened("/api/orders/ws"), opened("/api/orders/connect"):
        late = Socket("/api/orders/ws")
        assert (await late.connect(5))[0]
        refusal = await late.next()
        assert (refusal["type"], refusal["code"]) == ("error", "TOO_MANY_REQUESTS")
        assert refusal["details"] == {"mostConnections": 2}
        assert await late.closing_code() == 4429
        await late.disconnect()
    async with opened("/api/orders/ws"), opened("/api/orders/connect") as socket:
        await socket.send_json_to({"action": "ping"})
        assert await socket.next() == {"type": "pong"}
    assert OrderStream.connections._open == {}


async def test_one_subscription_too_many_is_refused_and_the_others_go_on(settings: Any) -> None:
    settings.SUBSCRIPTIONS_PER_SOCKET = 1
    followed, refused = await new_order(), await new_order()
    async with opened("/api/orders/connect") as socket:
        await socket.send_json_to({"action": "subscribe", "orderId": str(followed.pk)})
        assert (await socket.next())["orderId"] == str(followed.pk)
        await socket.send_json_to({"action": "subscribe", "orderId": str(refused.pk)})
        refusal = await socket.next()
        assert (refusal["code"], refusal["details"]) == ("TOO_MANY_REQUESTS", {"mostOrders": 1})

        # The same one again is no further one; and an order at its end leaves room.
        await socket.send_json_to({"action": "subscribe", "orderId": str(followed.pk), "after": 0})
        assert (await socket.next())["sequence"] == 1
        await moved(followed, Status.CANCELLED)
        assert (await socket.next())["status"] == "cancelled"
        await socket.send_json_to({"action": "subscribe", "orderId": str(refused.pk)})
        assert (await socket.next())["orderId"] == str(refused.pk)


async def test_orders_of_the_connection_itself_are_no_subscriptions(settings: Any) -> None:
    settings.SUBSCRIPTIONS_PER_SOCKET = 1
    async with opened("/api/orders/connect") as socket:
        for _ in range(3):
            await socket.send_json_to({"action": "execute_order", **FIVE_SOL})
            assert (await socket.next())["status"] == "pending"
    assert await in_database(Order.objects.count) == 3


@pytest.mark.django_db(transaction=True)
def test_sixty_requests_at_once_do_not_get_past_the_limit(settings: Any) -> None:
    settings.ORDERS_PER_MINUTE = 5
    user = UserFactory()
    together = threading.Barrier(20, timeout=60)
    answers: list[bool] = []

    def ask() -> None:
        together.wait()
        for _ in range(3):
            try:
                place_order(user, OrderIntent("SOL", "USDC", Decimal("1")))
            except TooManyRequests:
                answers.append(False)
            else:
                answers.append(True)
        connection.close()

    group = group_commit.GroupCommit()
    group_commit.use(group)
    try:
        threads = [threading.Thread(target=ask) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    finally:
        group_commit.use(None)
        group.stop()
    assert (len(answers), sum(answers), Order.objects.count()) == (60, 5, 5)


def test_a_batch_of_one_user_is_counted_whole(settings: Any) -> None:
    settings.ORDERS_PER_MINUTE = 3
    user = UserFactory()
    OrderFactory.create_batch(2, user=user)
    order_rate.require_room(user.pk, 1)
    with pytest.raises(TooManyRequests):
        order_rate.require_room(user.pk, 2)
