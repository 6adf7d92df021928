"""Bounds on a route hold from the request through every quote to the signature."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from dex.types import NO_BOUNDS, RouteBounds
from orders import gateway
from orders.gateway import SwapToSign
from orders.lifecycle import FailureReason, Status
from orders.models import Order
from orders.pipeline import stages
from orders.records import journal, routes
from orders.records.transition import Transition
from tests.orders.chain import TestChain
from tests.orders.rest import FIVE_SOL, place, refused
from tests.orders.rows import order_row

pytestmark = pytest.mark.django_db

LARGE = 2_000_000_000_000
EXCLUDED = {"excludeVenues": ["raydium", "orca-whirlpool"], "maxHops": 1, "maxSplits": 1}


def routed(order: Order) -> Order:
    stages.route([order.pk])
    return Order.objects.get(pk=order.pk)


def test_an_answer_repeats_the_bounds_in_lower_case(client: Client) -> None:
    asked = {"venues": ["Raydium", "meteora-dlmm"], "maxHops": 1, "maxSplits": 2}
    answer = place(client, FIVE_SOL | asked).json()
    assert {name: answer[name] for name in asked} == asked | {"venues": ["raydium", "meteora-dlmm"]}
    assert answer["excludeVenues"] is None


@pytest.mark.parametrize(
    ("bounds", "field"),
    [
        ({"venues": ["uniswap"]}, "venues"),
        ({"venues": []}, "venues"),
        ({"venues": [7]}, "venues"),
        ({"excludeVenues": ["raydium", "meteora", "orca"]}, "excludeVenues"),
        ({"maxHops": 3}, "maxHops"),
        ({"maxHops": True}, "maxHops"),
        ({"maxSplits": 0}, "maxSplits"),
        ({"maxSplits": 1.5}, "maxSplits"),
    ],
)
def test_bounds_that_mean_nothing_are_refused(client: Client, bounds: dict[str, Any], field: str) -> None:
    answer = place(client, FIVE_SOL | bounds)
    refused(answer, 400, "INVALID_REQUEST", field)


def test_another_request_under_one_key_is_refused_for_its_bounds(client: Client) -> None:
    named = FIVE_SOL | {"clientOrderId": "one"}
    first = place(client, named | {"venues": ["raydium", "orca"]}).json()
    assert place(client, named | {"venues": ["orca", "raydium"]}).json()["orderId"] == first["orderId"]
    for other in (named, named | {"venues": ["orca"]}):
        refused(place(client, other), 422, "IDEMPOTENCY_MISMATCH")


def test_a_retry_keeps_the_bounds(user: User, chain: TestChain) -> None:
    order = routed(order_row(user, route_bounds=EXCLUDED))
    for _ in range(2):
        [leg] = routes.of(order).legs
        assert leg.venue in {"meteora-damm-v2", "meteora-dlmm"}
        journal.record([Transition(order, Status.ROUTING)])
        order = routed(order)


def test_hops_and_splits_are_bounded(user: User, chain: TestChain) -> None:
    free = routed(order_row(user, amount_in=LARGE, slippage_bps=5_000))
    assert len(routes.of(free).paths) > 1
    one = routed(order_row(user, amount_in=LARGE, slippage_bps=5_000, route_bounds={"maxSplits": 1}))
    assert len(routes.of(one).paths) == 1
    direct = routed(order_row(user, amount_in=LARGE, slippage_bps=5_000, route_bounds={"maxHops": 1}))
    assert {len(path.legs) for path in routes.of(direct).paths} == {1}


def test_orders_of_one_batch_have_each_their_own_venues(user: User, chain: TestChain) -> None:
    brands = ("raydium", "meteora", "orca")
    rows = [order_row(user, route_bounds={"venues": [brand]}) for brand in brands]
    stages.route([row.pk for row in rows])
    assert [Order.objects.get(pk=row.pk).dex for row in rows] == list(brands)


def test_the_signer_refuses_a_leg_beyond_the_bounds(user: User, chain: TestChain) -> None:
    order = routed(order_row(user))
    swap = stages._swap_to_sign(order, 0)
    assert swap.bounds == NO_BOUNDS
    [failure] = gateway.sign_swaps([_bounded(swap, order.venue)])
    assert isinstance(failure, gateway.Failure)
    assert failure.reason is FailureReason.POLICY_VIOLATION


def _bounded(swap: SwapToSign, venue: str) -> SwapToSign:
    return replace(swap, bounds=RouteBounds(exclude_venues=(venue,)))


def test_quotes_take_the_bounds(client: Client, chain: TestChain) -> None:
    asked = "/api/quotes?tokenIn=SOL&tokenOut=USDC&amount=5"
    found = client.get(f"{asked}&venues=orca,meteora-dlmm&maxHops=1&maxSplits=1").json()
    assert {quote["venue"] for quote in found["quotes"]} <= {
        *("orca-whirlpool", "orca-whirlpool-immutable", "meteora-dlmm")
    }
    assert {error["code"] for error in found["errors"]} == {"VENUE_EXCLUDED"}
    for wrong in ("venues=uniswap", "maxHops=3", "maxSplits=x"):
        refused(client.get(f"{asked}&{wrong}"), 400, "INVALID_REQUEST")


def test_an_exact_output_is_quoted_cheapest_first(client: Client, chain: TestChain) -> None:
    found = client.get("/api/quotes?tokenIn=SOL&tokenOut=USDC&amount=100&swapMode=exactOut&slippageBps=100")
    assert found.status_code == 200, found.content
    board = found.json()
    assert board["swapMode"] == "exactOut"
    assert board["amountInRaw"] == board["best"]["amountInRaw"]
    costs = [int(quote["amountInRaw"]) for quote in board["quotes"]]
    assert costs == sorted(costs)
    for quote, cost in zip(board["quotes"], costs, strict=True):
        assert quote["amountOutRaw"] == quote["minAmountOutRaw"] == "100000000"
        assert int(quote["maxAmountInRaw"]) == cost * 10_100 // 10_000


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("amount=1&swapMode=sideways", "swapMode"),
        ("amountIn=1&swapMode=exactOut", "amountIn"),
        ("amountOut=1", "amountOut"),
        ("amountOut=1&amount=1&swapMode=exactOut", "amountOut"),
        ("swapMode=exactOut", "amountOut"),
    ],
)
def test_a_quote_of_no_one_amount_is_refused(client: Client, query: str, field: str) -> None:
    answer = client.get(f"/api/quotes?tokenIn=SOL&tokenOut=USDC&{query}")
    assert field in refused(answer, 400, "INVALID_REQUEST")["details"]


def test_the_five_sol_of_the_tests_are_placed_without_bounds(client: Client) -> None:
    answer = place(client).json()
    assert Order.objects.get(pk=answer["orderId"]).route_bounds is None
