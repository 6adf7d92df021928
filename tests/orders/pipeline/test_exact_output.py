"""Exact output: just what was asked for is bought, for no more than the order allows."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from orders.lifecycle import FailureReason, Status
from orders.models import Order
from orders.pipeline import stages
from orders.records import routes
from orders.wire.orders import order_as_wire
from tests.orders.chain import TestChain
from tests.orders.order_runs import carry_out, stored
from tests.orders.rows import order_row

# 10 USDC cost some 0.0607 SOL.
BOUGHT = 10_000_000
MOST = 62_000_000
BODY = {"tokenIn": "SOL", "tokenOut": "USDC", "amountOut": "10", "maxAmountIn": "0.062"}


def exact_output(user: User, most: int = MOST) -> Order:
    return order_row(user, mode="exact_out", amount_in=most, floor_amount_out=BOUGHT)


@pytest.mark.django_db(transaction=True)
def test_just_what_was_asked_for_is_bought(user: User, chain: TestChain) -> None:
    order = exact_output(user)
    carry_out([order.pk])
    done = stored(order)
    assert (done.status, done.executed_amount_out) == (Status.CONFIRMED, BOUGHT)
    assert done.quoted_amount_in == done.executed_amount_in
    assert done.executed_amount_in is not None
    assert 60_000_000 < done.executed_amount_in <= MOST
    assert routes.of(done).path_amounts()[0].max_amount_in == MOST
    told = order_as_wire(done)
    assert (told["swapMode"], told["amountIn"], told["floorAmountOut"]) == ("exactOut", "0.062", "10")
    assert told["quotedPrice"] == told["executedPrice"]


@pytest.mark.django_db
def test_what_costs_more_than_the_order_allows_is_not_signed(user: User, chain: TestChain) -> None:
    order = exact_output(user, most=50_000_000)
    assert stages.route([order.pk]).onward == []
    ended = stored(order)
    assert (ended.status, ended.error_code) == (Status.FAILED, FailureReason.SLIPPAGE_EXCEEDED.value)
    assert ended.error_message.startswith("The best offer costs 0.06")
    assert ended.error_message.endswith("the order allows 0.05 at most")


@pytest.mark.django_db
def test_an_exact_output_is_accepted_with_its_most(user: User, client: Client) -> None:
    client.force_login(User.objects.create_superuser("boss"))
    answer = client.post("/api/orders/execute", BODY, content_type="application/json")
    assert answer.status_code == 201, answer.content
    order = Order.objects.get(pk=answer.json()["orderId"])
    assert (order.mode, order.amount_in, order.floor_amount_out) == ("exact_out", MOST, BOUGHT)
    assert answer.json()["swapMode"] == "exactOut"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"amountOut": None}, "amountOut"),
        ({"amountIn": "1"}, "amountIn"),
        ({"minAmountOut": "1"}, "minAmountOut"),
        ({"amountOutRaw": "5"}, "amountOutRaw"),
        ({"maxAmountInRaw": "5"}, "maxAmountInRaw"),
        ({"maxAmountIn": "0.0000000001"}, "maxAmountIn"),
        ({"amountOut": "0.0000001"}, "amountOut"),
    ],
)
@pytest.mark.django_db
def test_what_says_nothing_of_an_exact_output_is_refused(
    client: Client, change: dict[str, Any], named: str
) -> None:
    client.force_login(User.objects.create_superuser("boss"))
    body = {name: value for name, value in (BODY | change).items() if value is not None}
    answer = client.post("/api/orders/execute", body, content_type="application/json")
    assert answer.status_code == 400
    assert named in answer.json()["details"]
