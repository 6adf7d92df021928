"""Routes of several pools from their rows to their settled amounts, and what the owner is told of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from django.contrib.auth.models import User
from django.test import Client
from solders.pubkey import Pubkey

from dex.config import TOKENS
from dex.types import Path, Quote, QuoteRequest, Quotes, Route, Snapshot, SwapMode
from dex.venues.base import Pool
from orders.gateway.connection import connection
from orders.lifecycle import Status
from orders.models import Attempt, Order
from orders.pipeline import stages
from orders.pipeline.pricing import is_unchanged, priced
from orders.records import journal, routes
from orders.records.transition import Transition
from orders.wire.orders import order_as_wire
from tests.orders.chain import TestChain
from tests.orders.order_runs import settle, stored
from tests.orders.rows import order_row

MINTS = {token.symbol: token.mint for token in TOKENS}
# Later than any quote of these tests grows old.
_LASTS = 1_000_000


def pools_of(sold: str, bought: str) -> tuple[dict[str, Pool], Snapshot]:
    """The constant-product pools of a pair by venue, and their accounts now."""
    chain = connection()

    async def read() -> tuple[dict[str, Pool], Snapshot]:
        found = await chain.directory.pools(MINTS[sold], MINTS[bought])
        wanted = {p.venue: p for p in found.pools if p.venue in ("raydium-cpmm", "meteora-damm-v2")}
        keys = [key for pool in wanted.values() for key in pool.accounts]
        snapshot, _ = await asyncio.gather(chain.rpc.snapshot(keys), chain.rpc.latest_blockhash())
        return wanted, snapshot

    return chain.run(read())


def quote(venue: str, sold: str, bought: str, amount: int, mode: SwapMode = SwapMode.EXACT_IN) -> Quote:
    pools, snapshot = pools_of(sold, bought)
    return pools[venue].quote(snapshot, QuoteRequest(MINTS[sold], MINTS[bought], amount, mode))


def split_of(sold: str, bought: str, amounts: Sequence[int]) -> Route:
    venues = ("raydium-cpmm", "meteora-damm-v2")
    legs = [quote(venue, sold, bought, amount) for venue, amount in zip(venues, amounts, strict=True)]
    paths = tuple(Path((leg,), leg.amount_in, leg.amount_out) for leg in legs)
    return with_minimum(Route(paths))


def two_hops_of(sold: str, middle: str, bought: str, amount: int) -> Route:
    between = quote("raydium-cpmm", sold, middle, amount).amount_out
    first = quote("raydium-cpmm", sold, middle, between, SwapMode.EXACT_OUT)
    second = quote("meteora-damm-v2", middle, bought, between)
    return with_minimum(Route((Path((first, second), amount, second.amount_out),)))


def with_minimum(route: Route) -> Route:
    least = -(-route.amount_out * 9_950 // 10_000)
    return Route(route.paths, min_amount_out=least, slippage_bps=50)


def executed(user: User, route: Route) -> Order:
    """An order that was routed so, built, sent and settled."""
    order = order_row(
        user, token_in=str(route.token_in), token_out=str(route.token_out), amount_in=route.amount_in
    )
    journal.record([Transition(order, Status.ROUTING)])
    request = QuoteRequest(route.token_in, route.token_out, route.amount_in)
    board = Quotes(request, route.slot + _LASTS, (route,))
    journal.record([priced(order, board)])
    for stage in (stages.build, stages.submit):
        assert stage([order.pk]).onward == [order.pk], stored(order).error_message
    settle([order.pk])
    return stored(order)


@pytest.mark.django_db(transaction=True)
def test_a_split_is_executed_in_one_transaction(user: User, chain: TestChain) -> None:
    route = split_of("SOL", "USDC", (300_000_000, 200_000_000))
    order = executed(user, route)
    assert order.status == Status.CONFIRMED
    assert (order.executed_amount_in, order.executed_amount_out) == (500_000_000, route.amount_out)
    assert (order.dex, order.venue) == ("raydium", "raydium-cpmm")
    assert routes.is_of(order, route)
    assert routes.of(order).path_amounts() == route.path_amounts()
    assert len(chain.swaps_of_wallet()) == 1


@pytest.mark.django_db(transaction=True)
def test_two_hops_are_executed_and_what_was_saved_stays(user: User, chain: TestChain) -> None:
    route = two_hops_of("JUP", "USDC", "USDT", 50_000_003)
    order = executed(user, route)
    [path] = route.paths
    assert order.status == Status.CONFIRMED
    assert (order.executed_amount_in, order.executed_amount_out) == (
        path.legs[0].amount_in,
        path.legs[1].amount_out,
    )
    assert order.amount_in == 50_000_003
    assert 50_000_003 - order.executed_amount_in in range(10)


@pytest.mark.django_db(transaction=True)
def test_the_owner_is_told_the_route(user: User, chain: TestChain) -> None:
    order = executed(user, split_of("USDC", "SOL", (30_000_000, 10_000_000)))
    told = order_as_wire(order)["route"]
    assert [path["shareBps"] for path in told] == [7_500, 2_500]
    assert [path["amountIn"] for path in told] == ["30", "10"]
    [first], [second] = (path["legs"] for path in told)
    assert (first["venue"], second["venue"]) == ("raydium-cpmm", "meteora-damm-v2")
    assert (first["tokenIn"], first["tokenOut"], first["amountIn"]) == ("USDC", "SOL", "30")
    assert order.events.get(status="building").data["route"] == told


@pytest.mark.django_db
def test_an_order_of_one_pool_has_a_route_of_one_leg(user: User, chain: TestChain, client: Client) -> None:
    order = order_row(user, amount_in=10_000_000)
    assert stages.route([order.pk]).onward == [order.pk]
    row = stored(order)
    [path] = order_as_wire(row)["route"]
    [leg] = path["legs"]
    assert (path["shareBps"], path["amountIn"]) == (10_000, "0.01")
    assert (leg["dex"], leg["venue"], leg["pool"]) == (row.dex, row.venue, row.pool)
    assert routes.of(row).legs[0].pool == Pubkey.from_string(row.pool)


@pytest.mark.django_db
def test_a_row_of_the_version_before_has_the_route_of_its_pool(user: User, chain: TestChain) -> None:
    order = order_row(user, amount_in=10_000_000)
    stages.route([order.pk])
    row = stored(order)
    quoted = routes.of(row)
    assert is_unchanged(row, Quotes(QuoteRequest(*_pair(row), row.amount_in), 1, (quoted,)))
    row.route = None
    old = routes.of(row)
    assert (old.pool, old.venue, old.amount_in, old.amount_out, old.min_amount_out) == (
        quoted.pool,
        quoted.venue,
        10_000_000,
        quoted.amount_out,
        quoted.min_amount_out,
    )
    assert order_as_wire(row)["route"] is None


@pytest.mark.django_db(transaction=True)
def test_each_attempt_keeps_the_random_seed_of_its_account(user: User, chain: TestChain) -> None:
    orders = [executed(user, split_of("SOL", "USDC", (3_000_000, 2_000_000))) for _ in range(2)]
    one, two = Attempt.objects.filter(order__in=orders)
    assert (len(one.account_seed), len(two.account_seed)) == (11, 11)
    assert one.account_seed != two.account_seed
    for attempt in (one, two):
        assert attempt.account_seed.encode() in bytes(attempt.signed_transaction)


def _pair(order: Order) -> tuple[Pubkey, Pubkey]:
    return Pubkey.from_string(order.token_in), Pubkey.from_string(order.token_out)
