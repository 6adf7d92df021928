"""Offers without lookup tables: each fits into one transaction, and large amounts are split all the same."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from dex.types import QuoteRequest, Route, Snapshot
from orders import gateway
from orders.gateway.connection import connection
from orders.gateway.pools import with_known_pools
from orders.gateway.route_sizes import sizing_in
from orders.gateway.routes import pools_of, quote_routes, read_asks
from orders.lifecycle import Status
from orders.records import routes
from tests.orders.chain import TestChain
from tests.orders.order_runs import carry_out, stored
from tests.orders.rows import SOL, USDC, order_row

pytestmark = pytest.mark.django_db(transaction=True)


def request(sold: str, bought: str, whole: int) -> QuoteRequest:
    token_in, token_out = gateway.find_token(sold), gateway.find_token(bought)
    return QuoteRequest(token_in.mint, token_out.mint, whole * 10**token_in.decimals)


def bytes_of(asked: QuoteRequest, offered: tuple[Route, ...], snapshot: Snapshot) -> list[int]:
    asks, _, _ = connection().run(read_asks([asked], [()], ()))
    sizing = sizing_in(snapshot)
    return [sizing.bytes_of(route, pools_of(asks), snapshot) for route in offered]


@pytest.mark.parametrize(
    ("sold", "bought", "whole"),
    [("SOL", "USDC", 100_000), ("USDC", "SOL", 1_000_000), ("USDC", "USDT", 10_000_000)],
    ids=["SOL-USDC", "USDC-SOL", "USDC-USDT"],
)
def test_a_large_amount_is_split_over_pools_that_fit(
    chain: TestChain, sold: str, bought: str, whole: int
) -> None:
    asked = request(sold, bought, whole)
    [found], snapshot = with_known_pools().run(quote_routes([asked], [()], ()))
    best = found.quotes[0]
    singles = [route for route in found.quotes if len(route.legs) == 1]

    assert len(best.paths) == 2
    assert best.amount_out > max(route.amount_out for route in singles)
    assert max(bytes_of(asked, found.quotes, snapshot)) <= 1_232


def test_an_order_of_such_an_amount_is_confirmed(user: User, chain: TestChain) -> None:
    chain.hold(USDC, 1_000_000 * 10**6)
    order = order_row(user, token_in=USDC, token_out=SOL, amount_in=1_000_000 * 10**6)
    carry_out([order.pk])
    done = stored(order)

    assert (done.status, done.executed_amount_out) == (Status.CONFIRMED, done.quoted_amount_out)
    assert len(routes.of(done).paths) == 2
