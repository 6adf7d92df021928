"""Limits that look at the quote: automatic slippage and an order's own bound on price impact."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from orders.lifecycle import Status
from orders.models import Order
from orders.pipeline import stages
from tests.orders.chain import TestChain
from tests.orders.rows import order_row

BODY = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "5"}
LARGE = 2_000 * 10**9


def place(client: Client, key: str = "", **fields: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return client.post("/api/orders/execute", BODY | fields, content_type="application/json", headers=headers)


def routed(order: Order) -> tuple[Order, int]:
    """The order after routing, and the price impact that it was told."""
    stages.route([order.pk])
    stored = Order.objects.get(pk=order.pk)
    assert stored.status == Status.BUILDING, stored.error_message
    return stored, stored.events.get(status="building").data["priceImpactBps"]


@pytest.mark.django_db
@pytest.mark.parametrize("amount", [10**6, 300 * 10**9])
def test_automatic_slippage_is_the_default_and_the_quotes_impact(
    user: User, chain: TestChain, settings: Any, amount: int
) -> None:
    settings.AUTO_SLIPPAGE_CAP_BPS = settings.MAX_PRICE_IMPACT_BPS = 4_000
    settings.DEFAULT_SLIPPAGE_BPS = 40
    order, impact = routed(order_row(user, amount_in=amount, slippage_is_auto=True, slippage_bps=4_000))
    assert order.slippage_bps == 40 + impact
    assert order.quoted_amount_out is not None
    assert order.min_amount_out == -(-order.quoted_amount_out * (10_000 - 40 - impact) // 10_000)


@pytest.mark.django_db
def test_automatic_slippage_stops_at_the_cap_and_at_the_most_of_any_order(
    user: User, chain: TestChain, settings: Any
) -> None:
    settings.MAX_PRICE_IMPACT_BPS = 10_000
    settings.AUTO_SLIPPAGE_CAP_BPS = 60
    settings.MAX_HOPS = settings.MAX_SPLITS = 1
    order, impact = routed(order_row(user, amount_in=LARGE, slippage_is_auto=True, slippage_bps=60))
    assert impact > 10
    assert order.slippage_bps == 60
    settings.MAX_SLIPPAGE_BPS = 55
    order, _ = routed(order_row(user, amount_in=LARGE, slippage_is_auto=True, slippage_bps=55))
    assert order.slippage_bps == 55


@pytest.mark.django_db
def test_a_slippage_that_was_named_stays_what_it_is(user: User, chain: TestChain) -> None:
    order, _ = routed(order_row(user, slippage_bps=7))
    assert order.slippage_bps == 7


@pytest.mark.django_db
def test_an_orders_own_bound_on_price_impact_ends_it(user: User, chain: TestChain, settings: Any) -> None:
    settings.MAX_PRICE_IMPACT_BPS = 10_000
    _, impact = routed(order_row(user, amount_in=LARGE))
    routed(order_row(user, amount_in=LARGE, max_price_impact_bps=impact))
    strict = order_row(user, amount_in=LARGE, max_price_impact_bps=impact - 1)
    stages.route([strict.pk])
    stored = Order.objects.get(pk=strict.pk)
    assert (stored.status, stored.error_code) == ("failed", "PRICE_IMPACT_TOO_HIGH")


@pytest.mark.django_db
def test_both_are_answered_and_part_of_what_a_key_stands_for(client: Client) -> None:
    plain = place(client).json()
    assert (plain["slippageBps"], plain["slippageAuto"], plain["maxPriceImpactBps"]) == (50, False, None)
    made = place(client, "one", slippageBps="auto", maxPriceImpactBps=25)
    body = made.json()
    assert made.status_code == 201
    assert (body["slippageBps"], body["slippageAuto"], body["maxPriceImpactBps"]) == (300, True, 25)
    assert place(client, "one", slippageBps="auto", maxPriceImpactBps=25).status_code == 200
    others: list[dict[str, Any]] = [
        {"slippageBps": 300, "maxPriceImpactBps": 25},
        {"slippageBps": "auto", "maxPriceImpactBps": 24},
        {"slippageBps": "auto"},
    ]
    assert [place(client, "one", **other).status_code for other in others] == [422, 422, 422]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("slippageBps", value) for value in ("AUTO", "", "50", 5_001, -1, 1.5, True, ["auto"])),
        *(("maxPriceImpactBps", value) for value in (1_001, -1, "5", "auto", 1.5, True, {})),
    ],
)
def test_other_values_are_refused(client: Client, field: str, value: object) -> None:
    answer = place(client, **{field: value})
    assert answer.status_code == 400
    assert answer.json()["code"] == "INVALID_REQUEST"
    assert list(answer.json()["details"]) == [field]
    assert not Order.objects.exists()
