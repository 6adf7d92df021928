"""Prices that make no sense: a pool that stands alone, fees that impact leaves out."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from orders.models import Attempt, Order
from orders.pipeline import stages
from tests.orders.chain import TestChain
from tests.orders.lone_pools import alone, set_fee, set_price
from tests.orders.order_runs import stored
from tests.orders.rest import FIVE_SOL, place, refused
from tests.orders.rows import USDC

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _the_pools_of_the_pair_alone(settings: Any) -> None:
    """Over another token the price would be what it was."""
    settings.MAX_HOPS = settings.MAX_SPLITS = 1


def test_a_lone_pool_at_half_the_price_is_out_of_line(user: User, chain: TestChain) -> None:
    order, pool = alone(user)
    set_price(chain, pool, percent=50)
    stages.route([order.pk])
    ended = stored(order)
    assert (ended.status, ended.error_code) == ("failed", "PRICE_OUT_OF_LINE")
    assert ended.error_details is not None
    assert 82 < float(ended.error_details["price"]) < 83
    assert 163 < float(ended.error_details["otherPrice"]) < 166
    assert not Attempt.objects.filter(order=order).exists()


def test_a_lone_pool_within_the_bound_is_used(user: User, chain: TestChain) -> None:
    order, _ = alone(user)
    stages.route([order.pk])
    assert stored(order).status == "building"


def test_a_fee_of_half_the_amount_is_too_dear(user: User, chain: TestChain) -> None:
    order, pool = alone(user, max_price_impact_bps=5)
    set_fee(chain, pool, millionths=500_000)
    stages.route([order.pk])
    ended = stored(order)
    assert (ended.status, ended.error_code) == ("failed", "PRICE_IMPACT_TOO_HIGH")
    limits = {"maxPriceImpactBps": "5", "maxCostBps": "1500"}
    assert ended.error_details == {"priceImpactBps": "1", "feeBps": "5000", **limits}


@pytest.mark.parametrize(("most", "status"), [(20, "failed"), (100, "building")])
def test_an_orders_own_bound_counts_impact_and_fees(
    user: User, chain: TestChain, most: int, status: str
) -> None:
    order, _ = alone(user, max_cost_bps=most)
    stages.route([order.pk])
    assert stored(order).status == status


def test_a_bound_on_the_cost_is_kept_and_answered(client: Client) -> None:
    assert place(client, FIVE_SOL | {"maxCostBps": 120}).json()["maxCostBps"] == 120
    refused(place(client, FIVE_SOL | {"maxCostBps": 1_501}), 400, "INVALID_REQUEST", "maxCostBps")
    refused(place(client, FIVE_SOL | {"maxCostBps": "5"}), 400, "INVALID_REQUEST", "maxCostBps")
    assert Order.objects.get().token_out == USDC
