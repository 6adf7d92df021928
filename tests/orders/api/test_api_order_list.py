"""The list of orders: order, pages, filters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from orders.lifecycle import Status
from tests.factories import (
    CREATED_AT,
    POOL,
    SOL,
    OrderFactory,
    UserFactory,
)
from tests.orders.rest import path_of

pytestmark = pytest.mark.django_db


def test_the_list_holds_the_callers_orders_newest_first(client: Client) -> None:
    local = UserFactory(username="local")
    older = OrderFactory(user=local, created_at=CREATED_AT)
    newer = OrderFactory(user=local, created_at=CREATED_AT + timedelta(seconds=1))
    OrderFactory()

    body = client.get("/api/orders").json()

    assert [order["orderId"] for order in body["results"]] == [str(newer.pk), str(older.pk)]
    assert (body["next"], body["previous"]) == (None, None)
    assert "events" not in body["results"][0]


def test_pages_lead_through_equal_times_and_back_again(client: Client) -> None:
    local = UserFactory(username="local")
    made = [OrderFactory(user=local, created_at=CREATED_AT) for _ in range(7)]
    expected = [str(order.pk) for order in sorted(made, key=lambda order: order.pk.hex, reverse=True)]

    pages, url = [], "/api/orders?limit=3&type=market"
    while url:
        body = client.get(url).json()
        pages.append([order["orderId"] for order in body["results"]])
        last, url = body, body["next"] and path_of(body["next"])
    assert pages == [expected[:3], expected[3:6], expected[6:]]

    back = client.get(path_of(last["previous"])).json()
    assert [order["orderId"] for order in back["results"]] == expected[3:6]
    first = client.get(path_of(back["previous"])).json()
    assert [order["orderId"] for order in first["results"]] == expected[:3]
    assert first["previous"] is None
    assert "type=market" in first["next"]


def test_a_new_order_does_not_shift_the_pages(client: Client) -> None:
    local = UserFactory(username="local")
    made = [OrderFactory(user=local, created_at=CREATED_AT + timedelta(seconds=n)) for n in range(3)]
    first = client.get("/api/orders?limit=2").json()
    OrderFactory(user=local)

    second = client.get(path_of(first["next"])).json()
    assert [order["orderId"] for order in second["results"]] == [str(made[0].pk)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=pending", {"a"}),
        ("status=PENDING,confirmed", {"a", "b"}),
        ("type=market", {"a", "b"}),
        ("type=limit", {"c"}),
        ("dex=Raydium", {"b"}),
        ("token=usdc", {"a", "b"}),
        (f"token={POOL}", None),
        ("token=JUP", {"c"}),
        ("since=2026-01-03T00:00:00Z", {"b", "c"}),
        ("until=2026-01-03T00:00:00Z", {"a"}),
        ("since=2026-01-03T00:00:00Z&until=2026-01-04T00:00:00%2B00:00", {"b"}),
        ("clientOrderId=c", {"c"}),
        ("status=failed", set()),
    ],
)
def test_the_list_is_filtered(client: Client, query: str, found: set[str] | None) -> None:
    local = UserFactory(username="local")
    jup = "JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN"
    days = [datetime(2026, 1, day, tzinfo=UTC) for day in (2, 3, 4)]
    OrderFactory(user=local, client_order_id="a", created_at=days[0])
    OrderFactory(user=local, client_order_id="b", created_at=days[1], status=Status.CONFIRMED, dex="raydium")
    OrderFactory(
        user=local,
        client_order_id="c",
        created_at=days[2],
        type="limit",
        token_in=jup,
        token_out=SOL,
        status=Status.OPEN,
    )

    answer = client.get(f"/api/orders?{query}")

    if found is None:
        assert (answer.status_code, answer.json()["code"]) == (400, "UNKNOWN_TOKEN")
    else:
        assert {order["clientOrderId"] for order in answer.json()["results"]} == found
