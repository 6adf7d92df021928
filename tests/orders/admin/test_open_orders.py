"""Open orders, groups and watched pairs in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from orders.admin.open_orders import distance_bps
from orders.lifecycle import Status
from orders.models import Order, OrderGroup, Trigger, WatchedPair
from tests.factories import SOL, USDC, OrderFactory
from tests.orders.chain import TestChain
from tests.orders.plans import explained
from tests.orders.rest import place
from tests.orders.triggers.waiting_orders import ONLY, price_now, times

LIST = "/admin/orders/trigger/"
FIVE = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "5", **ONLY}


@pytest.fixture
def trader(user: User) -> Client:
    """Who places the orders."""
    signed_in = Client()
    signed_in.force_login(user)
    return signed_in


def placed(trader: Client, **fields: Any) -> dict[str, Any]:
    answer = place(trader, FIVE | fields)
    assert answer.status_code == 201, answer.json()
    return dict(answer.json())


def pair(trader: Client) -> dict[str, Any]:
    now = price_now()
    exits = {"takeProfit": {"limitPrice": times(now, 110)}, "stopLoss": {"triggerPrice": times(now, 90)}}
    return placed(trader, type="limit", orderClass="oco", **exits)


def shown(staff: Client, **query: Any) -> list[Trigger]:
    return list(staff.get(LIST, query).context["cl"].result_list)


def run(staff: Client, path: str, action: str, *ids: Any) -> str:
    chosen = {"action": action, "_selected_action": [str(each) for each in ids]}
    return staff.post(path, chosen, follow=True).content.decode()


def test_the_list_says_what_an_order_waits_for(staff: Client, trader: Client, chain: TestChain) -> None:
    order = placed(trader, type="limit", limitPrice="500")
    page = staff.get(LIST).content.decode()

    assert f"/admin/orders/order/{order['orderId']}/change/" in page
    assert "≥ 2500 USDC" in page
    [trigger] = shown(staff)
    value = trigger.value_now  # type: ignore[attr-defined]
    assert f"{(2_500_000_000 - value) * 10_000 // value / 100:.2f} %" in page


def test_without_a_node_the_distance_is_unknown(staff: Client, trader: Client, chain: TestChain) -> None:
    placed(trader, type="limit", limitPrice="500")
    chain.fault("getMultipleAccounts", "unavailable", count=20)

    [trigger] = shown(staff)
    assert trigger.value_now is None  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("levels", "bps"),
    [
        ({"fires_at_or_above": 1_100}, 1_000),
        ({"fires_at_or_above": 900}, -1_000),
        ({"fires_at_or_below": 900}, 1_000),
        ({"trail_bps": 500, "watermark": 1_000}, 500),
        ({"trail_bps": 500}, None),
    ],
)
def test_a_distance_is_of_the_price_of_now(levels: dict[str, int], bps: int | None) -> None:
    assert distance_bps(Trigger(order=Order(type="stop"), **levels), 1_000) == bps


def test_the_list_is_narrowed_by_type_and_group(staff: Client, trader: Client, chain: TestChain) -> None:
    placed(trader, type="limit", limitPrice="500")
    placed(trader, type="trailing_stop", trailBps=500)
    pair(trader)

    assert len(shown(staff)) == 4
    assert [each.order.type for each in shown(staff, type="trailing_stop")] == ["trailing_stop"]
    assert {each.order.type for each in shown(staff, group="oco")} == {"limit", "stop"}
    assert len(shown(staff, group="none")) == 2


def test_what_has_ended_is_not_listed(staff: Client, trader: Client, chain: TestChain) -> None:
    order = placed(trader, type="limit", limitPrice="500")
    assert trader.post(f"/api/orders/{order['orderId']}/cancel").status_code == 200

    assert shown(staff) == []


@pytest.mark.parametrize("path", [LIST, "/admin/orders/order/"])
def test_two_that_are_tied_are_cancelled_together(
    staff: Client, trader: Client, chain: TestChain, path: str
) -> None:
    pair(trader)
    page = run(staff, path, "cancel_orders", *Order.objects.values_list("pk", flat=True))

    assert {order.status for order in Order.objects.all()} == {Status.CANCELLED}
    assert "not cancelled" not in page


def test_a_group_shows_its_orders_and_is_cancelled(staff: Client, trader: Client, chain: TestChain) -> None:
    order = pair(trader)
    group = OrderGroup.objects.get()
    page = staff.get(f"/admin/orders/ordergroup/{group.pk}/change/").content.decode()
    for each in Order.objects.all():
        assert f"/admin/orders/order/{each.pk}/change/" in page
    run(staff, "/admin/orders/ordergroup/", "cancel_groups", group.pk)

    assert Order.objects.get(pk=order["orderId"]).status == Status.CANCELLED
    listed = staff.get("/admin/orders/ordergroup/").content.decode()
    assert "of 2" in listed


def test_an_orders_page_shows_trigger_and_group(staff: Client, trader: Client, chain: TestChain) -> None:
    order = pair(trader)
    page = staff.get(f"/admin/orders/order/{order['orderId']}/change/").content.decode()

    assert "<dt>Fires at</dt>" in page
    assert f'<a class="oe-link" href="/admin/orders/ordergroup/{order["groupId"]}/change/">oco</a>' in page
    assert "fires at or above" in page


@pytest.mark.django_db
def test_watched_pairs_can_be_read_and_not_changed(staff: Client) -> None:
    pair = WatchedPair.objects.create(network="localnet", token_in=SOL, token_out=USDC)
    page = staff.get("/admin/orders/watchedpair/").content.decode()

    assert "SOL → USDC" in page
    assert "by nobody" in page
    assert staff.post(f"/admin/orders/watchedpair/{pair.pk}/change/", {"network": "x"}).status_code == 403


@pytest.mark.parametrize(("order_by", "found"), [("6", ["near", "far"]), ("-6", ["far", "near"])])
def test_the_list_is_sorted_by_distance(
    staff: Client, trader: Client, chain: TestChain, order_by: str, found: list[str]
) -> None:
    ids = {"far": placed(trader, type="limit", limitPrice="500")["orderId"]}
    ids["near"] = placed(trader, type="limit", limitPrice="400")["orderId"]
    placed(trader, type="limit", limitPrice="600")
    Trigger.objects.filter(pk=ids["far"]).update(distance_bps=900)
    Trigger.objects.filter(pk=ids["near"]).update(distance_bps=20)

    # One that has no price is not among them.
    assert [str(trigger.pk) for trigger in shown(staff, o=order_by)] == [ids[each] for each in found]
    assert "Open orders" in staff.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("query", "index"),
    [({"o": "6"}, "trigger_distance"), ({"o": "-6"}, "trigger_distance"), ({}, "order_open_changed")],
)
def test_many_open_orders_are_sorted_through_an_index(
    staff: Client, user: User, chain: TestChain, query: dict[str, str], index: str
) -> None:
    many_open(user, 3_000)
    with explained() as plans:
        assert len(shown(staff, **query)) == 50
    assert index in plans.indexes
    # The count stops at its bound.
    assert [each for each in plans.whole_tables if "COUNT(" not in each] == []


def many_open(user: User, count: int) -> None:
    orders = [
        OrderFactory.build(user=user, type="limit", status=Status.OPEN, network="localnet", limit_price="500")
        for _ in range(count)
    ]
    Order.objects.bulk_create(orders)
    Trigger.objects.bulk_create(
        Trigger(order=order, fires_at_or_above=10**12, distance_bps=number)
        for number, order in enumerate(orders)
    )
    # On SQLite nobody keeps statistics.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
