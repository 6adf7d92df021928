"""Many orders in one message, over REST and WebSocket: one commit, and each stands for itself."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orders.models import Order
from orders.streaming.stream import in_database
from orders.wire.batches import BATCH_ANSWER
from tests.orders.rest import FIVE_SOL, place, refused
from tests.orders.sockets import opened
from tests.orders.wire.schemas import validator

pytestmark = pytest.mark.django_db


def send(client: Client, orders: Any, **headers: str) -> Any:
    body = {"orders": orders}
    return client.post("/api/orders/batch", body, content_type="application/json", headers=headers)


def savepoints(client: Client, count: int) -> int:
    """How many transactions inside the test's own a batch of so many orders took."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert send(client, [FIVE_SOL] * count).status_code == 207
    return sum(query["sql"].startswith("SAVEPOINT") for query in queries)


def test_a_hundred_orders_are_one_commit(client: Client) -> None:
    place(client)
    assert savepoints(client, 100) == savepoints(client, 1)
    assert Order.objects.count() == 102


def test_each_order_of_a_batch_stands_for_itself(client: Client) -> None:
    placed = place(client, {**FIVE_SOL, "clientOrderId": "before"}).json()
    answer = send(
        client,
        [
            FIVE_SOL,
            {**FIVE_SOL, "tokenOut": "XYZ"},
            {**FIVE_SOL, "clientOrderId": "before"},
            {**FIVE_SOL, "clientOrderId": "before", "amountIn": "6"},
            "SOL",
            {**FIVE_SOL, "clientOrderId": "twice"},
            {**FIVE_SOL, "clientOrderId": "twice"},
            {**FIVE_SOL, "expiresAt": "2020-01-01T00:00:00Z"},
            {**FIVE_SOL, "slipage": 5},
        ],
    )
    results = answer.json()["results"]

    assert answer.status_code == 207
    assert [result["status"] for result in results] == [201, 400, 200, 422, 400, 201, 200, 400, 400]
    codes = [result["error"]["code"] for result in results if "error" in result]
    assert codes == [
        *("UNKNOWN_TOKEN", "IDEMPOTENCY_MISMATCH", "MALFORMED_BODY", "INVALID_REQUEST", "INVALID_REQUEST"),
    ]
    assert results[2]["order"]["orderId"] == placed["orderId"]
    assert results[2]["replayed"] is True
    assert results[5]["order"]["orderId"] == results[6]["order"]["orderId"]
    assert Order.objects.count() == 3
    validator(BATCH_ANSWER).validate(answer.json())


def test_a_batch_sent_again_makes_no_order_twice(client: Client) -> None:
    orders = [{**FIVE_SOL, "clientOrderId": f"round-{number}"} for number in range(3)]
    first, again = (send(client, orders).json()["results"] for _ in range(2))
    assert [result["status"] for result in [*first, *again]] == [201] * 3 + [200] * 3
    assert [each["order"]["orderId"] for each in first] == [each["order"]["orderId"] for each in again]


def test_a_minute_holds_for_a_batch_too(client: Client, settings: Any) -> None:
    settings.ORDERS_PER_MINUTE = 2
    results = send(client, [FIVE_SOL] * 4).json()["results"]
    assert [result["status"] for result in results] == [201, 201, 429, 429]


@pytest.mark.parametrize("orders", [[], [FIVE_SOL] * 101, {}, None, "SOL"])
def test_a_batch_of_none_or_too_many_is_refused(client: Client, orders: object) -> None:
    refused(send(client, orders), 400, "INVALID_REQUEST", "orders")


def test_a_batch_takes_no_key_and_no_other_field(client: Client) -> None:
    answer = send(client, [FIVE_SOL], **{"Idempotency-Key": "one"})
    refused(answer, 400, "INVALID_REQUEST", "idempotencyKey")
    body = {"orders": [FIVE_SOL], "type": "market"}
    answer = client.post("/api/orders/batch", body, content_type="application/json")
    refused(answer, 400, "INVALID_REQUEST", "type")
    assert Order.objects.count() == 0


@pytest.mark.django_db(transaction=True)
async def test_a_batch_over_websocket_is_answered_and_followed() -> None:
    order = {**FIVE_SOL, "clientOrderId": "mine"}
    async with opened("/api/orders/connect") as socket:
        message = {"action": "execute_orders", "orders": [order, {**FIVE_SOL, "amountIn": 0}, order]}
        await socket.send_json_to({**message, "requestId": 9})
        answer = await socket.next()
        event = await socket.next()

    assert (answer["type"], answer["requestId"]) == ("batch", 9)
    assert [result["status"] for result in answer["results"]] == [201, 400, 200]
    assert (event["orderId"], event["sequence"]) == (answer["results"][0]["order"]["orderId"], 1)
    assert await in_database(Order.objects.count) == 1
