"""The admin's list of sniper orders: what each waits for, and a way to cancel it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from orders.intake.place import place_order
from orders.models import LaunchRules, Order
from orders.wire.request_parsing import parse_order
from tests.orders.order_runs import stored

pytestmark = pytest.mark.django_db
LIST = "/admin/orders/launchrules/"


@pytest.fixture
def admin_client(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root"))
    return client


def sniper(user: User, **fields: Any) -> Order:
    said = {"type": "sniper", "tokenIn": "SOL", "tokenOut": "any", "amountIn": "0.1", "maxOrders": 3}
    return place_order(user, parse_order({**said, **fields})).order


def test_sniper_orders_stand_with_what_they_wait_for(user: User, admin_client: Client) -> None:
    sniper(user, launch={"require": ["sellable"], "maxFeeBps": 300})
    order = sniper(user, tokenOut="USDC", maxOrders=None)
    LaunchRules.objects.filter(pk=order.pk).update(held_by="NOT_OPEN")
    page = admin_client.get(LIST).content.decode()
    for text in ("0 of 3", "maxFeeBps 300, sellable", "new pools", "The pool has not opened yet", "any"):
        assert text in page, text


def test_sniper_orders_are_cancelled_from_the_list(user: User, admin_client: Client) -> None:
    order = sniper(user)
    asked = {"action": "cancel_orders", "_selected_action": [str(order.pk)]}
    page = admin_client.post(LIST, asked, follow=True).content.decode()
    assert (stored(order).status, "1 cancelled." in page) == ("cancelled", True)
