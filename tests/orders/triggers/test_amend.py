"""Amending, cancelling many, and groups, over REST and WebSocket."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from orders.models import Order, Trigger
from orders.records import open_orders
from orders.records.open_orders import Watermark
from tests.orders.chain import TestChain
from tests.orders.rest import place
from tests.orders.triggers.waiting_orders import ONLY, price_now, times

JSON = "application/json"
FIVE = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "5", **ONLY}


def amend(client: Client, order_id: str, **fields: Any) -> Any:
    return client.patch(f"/api/orders/{order_id}", fields, content_type=JSON)


@pytest.fixture
def client(user: User) -> Client:
    """The trader's own."""
    signed_in = Client()
    signed_in.force_login(user)
    return signed_in


@pytest.fixture
def limit(client: Client, chain: TestChain, user: User) -> dict[str, Any]:
    answer = place(client, FIVE | {"type": "limit", "limitPrice": "500"})
    assert answer.status_code == 201, answer.json()
    return dict(answer.json())


def test_an_open_order_is_amended(client: Client, limit: dict[str, Any]) -> None:
    answer = amend(client, limit["orderId"], version=limit["version"], limitPrice="400", amountIn="2")
    body = answer.json()
    assert answer.status_code == 200, body
    assert (body["status"], body["version"], body["limitPrice"]) == ("open", 2, "400")
    assert (body["amountInRaw"], body["floorAmountOutRaw"]) == ("2000000000", "800000000")
    assert body["trigger"]["firesAtOrAboveRaw"] == "800000000"
    stored = Order.objects.get()
    assert (stored.trigger.fires_at_or_above, stored.floor_amount_out) == (800_000_000, 800_000_000)
    assert stored.events.get(sequence=2).data["trigger"]["firesAtOrAbove"] == "800"


def test_an_old_version_is_refused_with_what_is_so_now(client: Client, limit: dict[str, Any]) -> None:
    amend(client, limit["orderId"], version=1, limitPrice="400")
    answer = amend(client, limit["orderId"], version=1, limitPrice="300")
    assert (answer.status_code, answer.json()["code"]) == (409, "CHANGED_MEANWHILE")
    assert answer.json()["details"] == {"version": 2, "status": "open"}
    assert Order.objects.get().limit_price == "400"


def test_an_order_that_is_not_open_is_not_amendable(client: Client, limit: dict[str, Any]) -> None:
    client.post(f"/api/orders/{limit['orderId']}/cancel")
    answer = amend(client, limit["orderId"], version=2, limitPrice="400")
    assert (answer.status_code, answer.json()["code"]) == (409, "NOT_AMENDABLE")
    assert answer.json()["details"] == {"status": "cancelled"}


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"limitPrice": "400"}, "version"),
        ({"version": 1}, "limitPrice"),
        ({"version": 1, "tokenIn": "USDC"}, "tokenIn"),
        ({"version": 1, "triggerPrice": "1"}, "triggerPrice"),
        ({"version": 1, "trailBps": 100}, "trailBps"),
        ({"version": 1, "slippageBps": "auto"}, "slippageBps"),
        ({"version": 1, "expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
    ],
)
def test_what_cannot_be_amended_is_named(
    client: Client, limit: dict[str, Any], fields: dict[str, Any], name: str
) -> None:
    answer = amend(client, limit["orderId"], **fields)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST")
    assert name in answer.json()["details"]
    assert Order.objects.get().version == 1


def test_a_stop_cannot_be_amended_to_fire_at_once(client: Client, chain: TestChain, user: User) -> None:
    now = price_now()
    stop = place(client, FIVE | {"type": "stop", "triggerPrice": times(now, 90)}).json()
    answer = amend(client, stop["orderId"], version=1, triggerPrice=times(now, 110))
    assert (answer.status_code, answer.json()["code"]) == (422, "WOULD_TRIGGER_NOW")
    assert Order.objects.get().version == 1


@pytest.fixture
def rounds(client: Client, chain: TestChain, user: User) -> dict[str, Any]:
    wanted = FIVE | {"type": "dca", "rounds": 5, "intervalSeconds": 3_600}
    wanted |= {"startAt": (timezone.now() + timedelta(days=1)).isoformat()}
    return dict(place(client, wanted).json())


def test_a_schedule_is_paused_cut_short_and_banded(client: Client, rounds: dict[str, Any]) -> None:
    answer = amend(client, rounds["orderId"], version=1, paused=True, rounds=3, minPrice="100")
    schedule = answer.json()["schedule"]
    assert answer.status_code == 200, answer.json()
    assert (schedule["paused"], schedule["lastRound"], schedule["minPrice"]) == (True, 3, "100")
    again = amend(client, rounds["orderId"], version=2, paused=False, minPrice=None).json()["schedule"]
    assert (again["paused"], again["lastRound"], again["minPrice"]) == (False, 3, None)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"rounds": 6}, "rounds"),
        ({"limitPrice": "100"}, "limitPrice"),
        ({"paused": "yes"}, "paused"),
        ({"minPrice": "3", "maxPrice": "2"}, "minPrice"),
    ],
)
def test_what_a_schedule_cannot_be_amended_to_is_named(
    client: Client, rounds: dict[str, Any], fields: dict[str, Any], name: str
) -> None:
    answer = amend(client, rounds["orderId"], version=1, **fields)
    assert (answer.status_code, list(answer.json()["details"])) == (400, [name])


def test_an_amended_amount_takes_the_watermark_along(client: Client, chain: TestChain, user: User) -> None:
    placed = place(client, FIVE | {"type": "trailing_stop", "trailBps": 500}).json()
    order = Order.objects.get(pk=placed["orderId"])
    open_orders.raise_watermarks([Watermark(order.pk, 1, 1_000)])
    assert amend(client, placed["orderId"], version=1, amountIn="2").status_code == 200
    assert Trigger.objects.get(pk=order.pk).watermark == 400
    # One who has not seen the amendment yet speaks of the amount before.
    open_orders.raise_watermarks([Watermark(order.pk, 1, 1_010)])
    assert Trigger.objects.get(pk=order.pk).watermark == 400
    open_orders.raise_watermarks([Watermark(order.pk, 2, 404), Watermark(order.pk, 2, 403)])
    assert Trigger.objects.get(pk=order.pk).watermark == 404


def test_all_that_can_be_are_cancelled(client: Client, limit: dict[str, Any]) -> None:
    place(client, FIVE | {"type": "limit", "limitPrice": "600"})
    other = place(client, FIVE | {"type": "limit", "limitPrice": "700"}).json()
    Order.objects.filter(pk=other["orderId"]).update(status="submitted")
    answer = client.post("/api/orders/cancel?type=limit")
    assert (answer.status_code, answer.json()["cancelled"]) == (200, 2)
    assert answer.json()["notCancelled"] == [{"orderId": other["orderId"], "status": "submitted"}]
    assert sorted(Order.objects.values_list("status", flat=True)) == ["cancelled", "cancelled", "submitted"]


def test_what_is_cancelled_with_another_is_named(client: Client, chain: TestChain, user: User) -> None:
    now = price_now()
    exits = {"takeProfit": {"limitPrice": times(now, 120)}, "stopLoss": {"triggerPrice": times(now, 80)}}
    place(client, FIVE | {"orderClass": "oco", **exits})
    answer = client.post("/api/orders/cancel?type=limit").json()
    assert (answer["cancelled"], answer["notCancelled"]) == (2, [])
    assert {UUID(each) for each in answer["orderIds"]} == set(Order.objects.values_list("pk", flat=True))


def test_an_unknown_filter_cancels_nothing(client: Client, limit: dict[str, Any]) -> None:
    answer = client.post("/api/orders/cancel?typ=limit")
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST")
    assert Order.objects.get().status == "open"


def test_a_group_is_read_and_cancelled(client: Client, chain: TestChain, user: User) -> None:
    now = price_now()
    wanted = FIVE | {
        "orderClass": "oco",
        "takeProfit": {"limitPrice": times(now, 120)},
        "stopLoss": {"triggerPrice": times(now, 80)},
    }
    group_id = place(client, wanted).json()["groupId"]
    group = client.get(f"/api/groups/{group_id}").json()
    assert (group["kind"], group["status"]) == ("oco", "open")
    assert sorted(each["groupRole"] for each in group["orders"]) == ["stop_loss", "take_profit"]
    assert client.get(f"/api/orders?groupId={group_id}").json()["results"][0]["groupId"] == group_id
    cancelled = client.post(f"/api/groups/{group_id}/cancel").json()
    assert cancelled["status"] == "ended"
    assert {each["status"] for each in cancelled["orders"]} == {"cancelled"}
    again = client.post(f"/api/groups/{group_id}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "NOT_CANCELLABLE")


def test_another_users_group_is_not_found(client: Client, chain: TestChain, user: User) -> None:
    answer = client.get("/api/groups/00000000-0000-0000-0000-000000000000")
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


def test_a_sniper_order_is_amended_but_for_its_rules(client: Client, chain: TestChain, settings: Any) -> None:
    settings.LAUNCHES = "all"
    wanted = {"type": "sniper", "tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1", "minAmountOut": "3"}
    order = place(client, wanted).json()
    answer = amend(client, order["orderId"], version=1, amountIn="2", limitPrice="5", slippageBps=70)
    body = answer.json()
    assert answer.status_code == 200, body
    assert (body["version"], body["amountInRaw"], body["floorAmountOutRaw"]) == (2, "2000000000", "10000000")
    assert (body["slippageBps"], body["sniping"]["waitingFor"]) == (70, "NO_POOL")
    assert Order.objects.get().events.get(sequence=2).data["sniping"]["waitingFor"] == "NO_POOL"
    refused = amend(client, order["orderId"], version=2, confirmations=2, triggerPrice="3")
    assert set(refused.json()["details"]) == {"confirmations", "triggerPrice"}


def test_of_a_budget_slippage_and_expiry_are_amended(client: Client, chain: TestChain, settings: Any) -> None:
    settings.LAUNCHES = "all"
    wanted = {"type": "sniper", "tokenIn": "SOL", "tokenOut": "any", "amountIn": "1", "maxOrders": 2}
    order = place(client, wanted).json()
    assert amend(client, order["orderId"], version=1, slippageBps=70).json()["slippageBps"] == 70
    refused = amend(client, order["orderId"], version=2, amountIn="2", limitPrice="3", minAmountOut="1")
    assert set(refused.json()["details"]) == {"amountIn", "limitPrice", "minAmountOut"}
