"""The floor: whatever happens to an order on its way, it never receives less than its owner allowed."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from orders import gateway
from orders.lifecycle import AttemptState, Status
from orders.models import Attempt, Order
from orders.pipeline import settle, stages, sweeper
from orders.records import kill_switch
from tests.orders.chain import TestChain, eventually
from tests.orders.fakes import FakePoller
from tests.orders.lone_pools import alone, set_price
from tests.orders.order_runs import stored
from tests.orders.rows import order_row

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _the_pools_of_the_pair_alone(chain: TestChain, settings: Any) -> None:
    """Over another token the price would be what it was."""
    settings.MAX_HOPS = settings.MAX_SPLITS = 1
    settings.QUOTE_LASTS_SLOTS = 500


AMOUNT = 3_000_000_000
Setback = Callable[[TestChain, Order, Callable[[], None]], None]


def let_quotes_age(chain: TestChain) -> None:
    chain.call("localnet_advance", {"slots": 1_000})


def make_due(order: Order) -> None:
    Order.objects.filter(pk=order.pk).update(due_at=order.created_at)


def settle_open_attempt(order: Order) -> None:
    attempt = order.attempts.get(state=AttemptState.OPEN)
    one = settle.Watched(attempt, gateway.dead_check(attempt.last_valid_block_height), time.monotonic(), 0)

    def settled() -> bool:
        one.check_at = one.resend_at = 0
        return attempt.signature in settle.settle([one])

    eventually(settled, seconds=30)


def sent_into_a_moved_market(chain: TestChain, order: Order, sell: Callable[[], None]) -> None:
    stages.build([order.pk])
    sell()
    stages.submit([order.pk])
    settle_open_attempt(order)


def expired_while_lost(chain: TestChain, order: Order, sell: Callable[[], None]) -> None:
    stages.build([order.pk])
    chain.fault("sendTransaction", "swallow", 1_000)
    stages.submit([order.pk])
    chain.call("localnet_advance", {"slots": 200})
    settle_open_attempt(order)
    chain.call("localnet_resetFaults")
    sell()


def refused_by_the_node_while_building(chain: TestChain, order: Order, sell: Callable[[], None]) -> None:
    chain.fault("getMultipleAccounts", "unavailable", 100)
    stages.build([order.pk])
    chain.call("localnet_resetFaults")
    sell()
    let_quotes_age(chain)


def held_back_while_trading_was_off(chain: TestChain, order: Order, sell: Callable[[], None]) -> None:
    kill_switch.switch(on=False)
    stages.build([order.pk])
    kill_switch.switch(on=True)
    sell()


SETBACKS: list[tuple[Setback, str]] = [
    (sent_into_a_moved_market, "SLIPPAGE_EXCEEDED"),
    (expired_while_lost, "TRANSACTION_EXPIRED"),
    (refused_by_the_node_while_building, "CHAIN_UNAVAILABLE"),
    (held_back_while_trading_was_off, "TRADING_HALTED"),
]


@pytest.mark.parametrize(("setback", "code"), SETBACKS)
@pytest.mark.parametrize("is_auto", [False, True], ids=["named", "auto"])
def test_a_retry_never_goes_below_the_floor(
    user: User, chain: TestChain, setback: Setback, code: str, is_auto: bool
) -> None:
    order, pool = alone(user, amount_in=AMOUNT, slippage_bps=300 if is_auto else 10, slippage_is_auto=is_auto)
    stages.route([order.pk])
    first = stored(order)
    setback(chain, order, lambda: set_price(chain, pool, percent=96))
    assert order.events.latest("sequence").data["code"] == code

    def goes_on() -> bool:
        # A node that failed is left alone for a while, and the order waits for it where it stands.
        make_due(order)
        sweeper.run_stages(FakePoller().watch, Status(stored(order).status), [order.pk])
        return stored(order).status not in (Status.ROUTING, Status.BUILDING)

    eventually(goes_on)
    ended = stored(order)
    assert (ended.status, ended.error_code) == ("failed", "SLIPPAGE_EXCEEDED")
    assert ended.floor_amount_out == first.min_amount_out
    assert ended.executed_amount_out is None
    assert not order.attempts.filter(state=AttemptState.OPEN).exists()


def test_a_quote_too_old_to_sign_is_made_again(user: User, chain: TestChain) -> None:
    order, pool = alone(user, amount_in=AMOUNT, slippage_bps=1_500)
    stages.route([order.pk])
    first = stored(order)
    set_price(chain, pool, percent=96)
    let_quotes_age(chain)
    assert stages.build([order.pk]).onward == [order.pk]
    again = stored(order)
    assert again.quoted_amount_out is not None
    assert first.quoted_amount_out is not None
    assert again.quoted_amount_out < first.quoted_amount_out
    assert again.first_quoted_amount_out == first.quoted_amount_out
    assert again.min_amount_out == again.floor_amount_out == first.min_amount_out
    assert list(order.events.values_list("status", flat=True)) == [
        *("pending", "routing", "building", "building")
    ]


def test_an_order_left_at_building_in_an_outage_is_quoted_again(user: User, chain: TestChain) -> None:
    order, pool = alone(user, amount_in=AMOUNT, slippage_bps=10)
    stages.route([order.pk])
    set_price(chain, pool, percent=96)
    let_quotes_age(chain)
    Order.objects.filter(pk=order.pk).update(due_at=timezone.now() - timedelta(minutes=5))
    sweeper.run_stages(FakePoller().watch, Status.BUILDING, [order.pk])
    ended = stored(order)
    assert (ended.status, ended.error_code) == ("failed", "SLIPPAGE_EXCEEDED")
    assert not Attempt.objects.filter(order=order).exists()


def test_an_unmoved_market_costs_an_old_quote_no_event(user: User, chain: TestChain) -> None:
    order = order_row(user)
    stages.route([order.pk])
    let_quotes_age(chain)
    stages.build([order.pk])
    assert list(order.events.values_list("status", flat=True)) == ["pending", "routing", "building"]
    assert Attempt.objects.filter(order=order).count() == 1


def test_a_better_quote_raises_what_the_transaction_asks_for(user: User, chain: TestChain) -> None:
    order, pool = alone(user, amount_in=AMOUNT, slippage_bps=50)
    stages.route([order.pk])
    first = stored(order)
    set_price(chain, pool, percent=102)
    let_quotes_age(chain)
    stages.build([order.pk])
    again = stored(order)
    assert first.min_amount_out is not None
    assert again.min_amount_out is not None
    assert again.min_amount_out > first.min_amount_out == again.floor_amount_out


def test_slippage_is_realised_against_the_first_quote(user: User, chain: TestChain) -> None:
    order, pool = alone(user, amount_in=AMOUNT, slippage_bps=1_500)
    stages.route([order.pk])
    set_price(chain, pool, percent=96)
    let_quotes_age(chain)
    for stage in (stages.build, stages.submit):
        stage([order.pk])
    settle_open_attempt(order)
    done = stored(order)
    assert done.status == "confirmed"
    assert done.executed_amount_out == done.quoted_amount_out
    first, executed = done.first_quoted_amount_out, done.executed_amount_out
    assert first is not None
    assert executed is not None
    client = Client()
    client.force_login(user)
    told = client.get(f"/api/orders/{order.pk}").json()
    assert told["slippageRealisedBps"] == -((executed - first) * 10_000 // first) > 100


def test_a_floor_that_no_pool_reaches_ends_the_order(user: User, chain: TestChain) -> None:
    order = order_row(user, floor_amount_out=166_000_000)
    stages.route([order.pk])
    ended = stored(order)
    assert (ended.status, ended.error_code) == ("failed", "SLIPPAGE_EXCEEDED")
    assert "164.718348 USDC" in ended.error_message
    assert "166 at least" in ended.error_message


@pytest.mark.parametrize(("given", "expected"), [(164_500_000, 164_500_000), (100_000_000, 163_894_757)])
def test_the_higher_of_floor_and_slippage_holds(
    user: User, chain: TestChain, given: int, expected: int
) -> None:
    order = order_row(user, floor_amount_out=given)
    stages.route([order.pk])
    assert stored(order).min_amount_out == stored(order).floor_amount_out == expected
