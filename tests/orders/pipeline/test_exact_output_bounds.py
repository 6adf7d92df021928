"""What an exact output may cost all its life: by its maximum, a limit price, the first quote's slippage."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from orders.amounts import MAX_AMOUNT
from orders.lifecycle import FailureReason, Status
from orders.models import Order
from orders.pipeline import stages
from orders.records import routes
from orders.wire.orders import order_as_wire
from tests.orders.chain import TestChain
from tests.orders.lone_pools import alone, set_price
from tests.orders.order_runs import carry_out, stored

BOUGHT = 10_000_000
BODY = {"tokenIn": "SOL", "tokenOut": "USDC", "amountOut": "10"}
BY_SLIPPAGE: dict[str, Any] = {
    "mode": "exact_out",
    "floor_amount_out": BOUGHT,
    "amount_in": MAX_AMOUNT,
    "is_bound_by_slippage": True,
    "slippage_bps": 100,
    "route_bounds": {"venues": ["raydium-cpmm"], "maxHops": 1},
}


def placed(staff: Client, **fields: Any) -> Order:
    answer = staff.post("/api/orders/execute", BODY | fields, content_type="application/json")
    assert answer.status_code == 201, answer.content
    return Order.objects.get(pk=answer.json()["orderId"])


@pytest.mark.django_db
def test_a_limit_price_bounds_what_is_paid_rounded_down(staff: Client) -> None:
    # 10 / 160.3 = 0.06238303...
    order = placed(staff, limitPrice="160.3")
    assert (order.amount_in, order.floor_amount_out, order.limit_price) == (62_383_031, BOUGHT, "160.3")
    assert not order.is_bound_by_slippage
    assert order_as_wire(order)["amountIn"] == "0.062383031"


@pytest.mark.django_db
def test_the_lower_of_two_bounds_holds(staff: Client) -> None:
    assert placed(staff, limitPrice="160", maxAmountIn="0.06").amount_in == 60_000_000
    assert placed(staff, limitPrice="160", maxAmountIn="0.07").amount_in == 62_500_000


@pytest.mark.django_db
def test_a_limit_price_at_which_it_costs_nothing_is_refused(staff: Client) -> None:
    answer = staff.post(
        "/api/orders/execute", BODY | {"limitPrice": "100000000000"}, content_type="application/json"
    )
    assert (answer.status_code, list(answer.json()["details"])) == (400, ["limitPrice"])


@pytest.mark.django_db
def test_without_a_bound_nothing_is_known_before_the_first_quote(staff: Client) -> None:
    order = placed(staff)
    assert (order.amount_in, order.is_bound_by_slippage, order.slippage_bps) == (MAX_AMOUNT, True, 50)
    told = order_as_wire(order)
    assert (told["amountIn"], told["amountInRaw"]) == (None, None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("slippage_bps", [0, 25, 300])
def test_the_first_quote_and_the_slippage_bound_it(
    staff: Client, chain: TestChain, slippage_bps: int
) -> None:
    order = placed(staff, slippageBps=slippage_bps)
    carry_out([order.pk])
    done = stored(order)
    assert (done.status, done.executed_amount_out) == (Status.CONFIRMED, BOUGHT)
    assert done.quoted_amount_in is not None
    most = done.quoted_amount_in * (10_000 + slippage_bps) // 10_000
    assert done.amount_in == most
    assert sum(path.max_amount_in for path in routes.of(done).path_amounts()) <= most
    assert done.executed_amount_in == done.quoted_amount_in


@pytest.mark.django_db
def test_an_automatic_slippage_bounds_it_too(staff: Client, chain: TestChain) -> None:
    order = placed(staff, slippageBps="auto")
    stages.route([order.pk])
    quoted = stored(order)
    assert quoted.quoted_amount_in is not None
    assert quoted.amount_in == quoted.quoted_amount_in * (10_000 + quoted.slippage_bps) // 10_000
    assert quoted.slippage_bps >= 50


@pytest.mark.django_db
@pytest.mark.parametrize(("most", "expected"), [("0.0608", 60_800_000), ("0.9", None)])
def test_slippage_beside_a_maximum_can_only_lower_it(
    staff: Client, chain: TestChain, most: str, expected: int | None
) -> None:
    order = placed(staff, maxAmountIn=most, slippageBps=100)
    stages.route([order.pk])
    quoted = stored(order)
    assert quoted.quoted_amount_in is not None
    assert quoted.amount_in == (expected or quoted.quoted_amount_in * 10_100 // 10_000)


@pytest.mark.django_db
def test_no_retry_pays_more_than_the_first_quote_allowed(user: User, chain: TestChain) -> None:
    order, pool = alone(user, **BY_SLIPPAGE)
    stages.route([order.pk])
    most = stored(order).amount_in
    assert most < MAX_AMOUNT
    set_price(chain, pool, 98)
    Order.objects.filter(pk=order.pk).update(status=Status.ROUTING, due_at=timezone.now())
    stages.route([order.pk])
    ended = stored(order)
    assert (ended.status, ended.error_code) == (Status.FAILED, FailureReason.SLIPPAGE_EXCEEDED.value)
    assert ended.amount_in == most


@pytest.mark.django_db
def test_a_better_price_later_does_not_move_the_bound(user: User, chain: TestChain) -> None:
    order, pool = alone(user, **BY_SLIPPAGE)
    stages.route([order.pk])
    first = stored(order)
    set_price(chain, pool, 104)
    Order.objects.filter(pk=order.pk).update(status=Status.ROUTING, due_at=timezone.now())
    assert stages.route([order.pk]).onward == [order.pk]
    again = stored(order)
    assert again.quoted_amount_in is not None
    assert first.quoted_amount_in is not None
    assert again.quoted_amount_in < first.quoted_amount_in
    assert again.amount_in == first.amount_in


@pytest.mark.django_db
def test_a_cap_holds_once_the_price_is_known(staff: Client, chain: TestChain, settings: Any) -> None:
    settings.MAX_ORDER_AMOUNTS = {"SOL": "0.05"}
    order = placed(staff)
    outcome = stages.route([order.pk])
    ended = stored(order)
    # Quoting finds it: nothing is brought to the signer.
    assert ([one.pk for one in outcome.ended], outcome.onward) == ([order.pk], [])
    assert (ended.status, ended.error_code) == (Status.FAILED, FailureReason.POLICY_VIOLATION.value)
    assert "more than 50000000 base units" in ended.error_message


@pytest.mark.django_db
def test_what_the_slippage_adds_counts_for_the_cap(staff: Client, chain: TestChain, settings: Any) -> None:
    probe = placed(staff, slippageBps=0)
    stages.route([probe.pk])
    cost = stored(probe).amount_in
    settings.MAX_ORDER_AMOUNTS = {"SOL": f"{cost // 10**9}.{cost % 10**9:09}"}
    exact, loose = placed(staff, slippageBps=0), placed(staff, slippageBps=100)
    stages.route([exact.pk, loose.pk])

    assert stored(exact).status == Status.BUILDING
    assert stored(loose).error_code == FailureReason.POLICY_VIOLATION.value
