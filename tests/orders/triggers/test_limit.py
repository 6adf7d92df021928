"""Limit orders: they wait, fire at their price, and are never filled worse."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from orders.errors import InvalidRequest
from orders.intake.place import place_order
from orders.models import Order
from orders.triggers.watcher import Watcher
from orders.wire.request_parsing import parse_order
from tests.orders.chain import TestChain
from tests.orders.order_runs import stored
from tests.orders.triggers.waiting_orders import (
    ONLY,
    fill,
    intent,
    looks,
    move_price,
    place,
    price_now,
    rested,
    statuses,
    times,
)


def test_a_limit_order_waits_open_with_its_threshold(user: User, chain: TestChain) -> None:
    order = place(user, type="limit", limitPrice="200.5")
    first = order.events.get()
    assert (order.status, order.floor_amount_out) == ("open", 1_002_500_000)
    assert first.data["trigger"]["firesAtOrAbove"] == "1002.5"
    assert first.data["trigger"]["waitingFor"] == "PRICE"
    assert stored(order).trigger.fires_at_or_above == 1_002_500_000


def test_a_limit_out_of_reach_stays_open(user: User, chain: TestChain) -> None:
    order = place(user, type="limit", limitPrice=times(price_now(), 110))
    assert looks(Watcher(), chain, 3) == []
    assert (stored(order).status, order.attempts.count()) == ("open", 0)


def test_a_limit_is_filled_at_its_price_or_better(user: User, chain: TestChain) -> None:
    order = place(user, type="limit", limitPrice=times(price_now(), 110))
    watcher = Watcher()
    assert looks(watcher, chain) == []
    move_price(chain, 120)
    assert [each.pk for each in looks(watcher, chain)] == [order.pk]
    filled = fill(order)
    assert filled.status == "confirmed"
    assert filled.executed_amount_out is not None
    assert filled.executed_amount_out >= (order.floor_amount_out or 0)
    assert statuses(order) == ["open", "routing", "building", "submitted", "confirmed"]
    fired = order.events.get(status="routing").data
    assert int(fired["slot"]) > 0
    assert float(fired["quote"]["amountOut"]) * 1_000_000 >= (order.floor_amount_out or 0)


def test_a_limit_that_slips_away_waits_again_and_says_why(user: User, chain: TestChain) -> None:
    order = place(user, type="limit", limitPrice=times(price_now(), 99))
    watcher = Watcher()
    assert len(looks(watcher, chain)) == 1
    move_price(chain, 90)
    again = fill(order)
    assert (again.status, again.waits_for, again.retries) == ("open", "retry", 1)
    assert again.floor_amount_out == order.floor_amount_out
    last = order.events.order_by("sequence").last()
    assert last is not None
    assert (last.status, last.data["code"]) == ("open", "SLIPPAGE_EXCEEDED")
    assert (last.data["waitingFor"], 900 <= last.data["retryInMs"] <= 1000) == ("RETRY", True)
    move_price(chain, 115)
    assert looks(watcher, chain) == []
    rested(order)
    assert looks(Watcher(), chain)[0].pk == order.pk
    assert fill(order).status == "confirmed"


def test_a_failed_attempt_says_what_it_cost(user: User, chain: TestChain) -> None:
    from orders.pipeline import stages
    from tests.orders.order_runs import settle

    order = place(user, type="limit", limitPrice=times(price_now(), 99))
    assert len(looks(Watcher(), chain)) == 1
    stages.route([order.pk])
    stages.build([order.pk])
    move_price(chain, 80)
    stages.submit([order.pk])
    settle([order.pk])
    again = stored(order)
    assert (again.status, order.attempts.get().state) == ("open", "failed_onchain")
    assert order.attempts.get().network_fee == 5_000


def test_a_buyer_says_a_price_as_buyers_do(user: User, chain: TestChain) -> None:
    order = place(
        user,
        tokenIn="USDC",
        tokenOut="SOL",
        amountIn="900",
        type="limit",
        limitPrice="150",
        priceOf="tokenOut",
    )
    assert (order.floor_amount_out, order.prices_inverted) == (6_000_000_000, True)


def test_one_try_at_once_fails_out_of_reach(user: User, chain: TestChain) -> None:
    order = place(user, type="limit", limitPrice=times(price_now(), 110), timeInForce="IOC")
    assert order.status == "pending"
    ended = fill(order)
    assert (ended.status, ended.error_code) == ("failed", "SLIPPAGE_EXCEEDED")


def test_one_try_at_once_is_filled_in_reach(user: User, chain: TestChain) -> None:
    order = place(user, type="limit", limitPrice=times(price_now(), 95), timeInForce="fok")
    assert fill(order).status == "confirmed"


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"type": "limit"}, "limitPrice"),
        ({"type": "limit", "limitPrice": "1", "triggerPrice": "2"}, "triggerPrice"),
        ({"type": "limit", "limitPrice": "1", "timeInForce": "gtd"}, "expiresAt"),
        ({"type": "stop"}, "triggerPrice"),
        ({"type": "stop", "triggerPrice": "1", "limitPrice": "2"}, "limitPrice"),
        ({"type": "stop_limit", "triggerPrice": "1"}, "limitPrice"),
        ({"type": "trailing_stop"}, "trailBps"),
        ({"type": "market", "triggerPrice": "1"}, "triggerPrice"),
        ({"type": "market", "orderClass": "oco"}, "takeProfit"),
        ({"type": "market", "takeProfit": {"limitPrice": "1"}}, "takeProfit"),
    ],
)
def test_fields_that_do_not_go_together_are_refused(
    user: User, chain: TestChain, fields: dict[str, object], name: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        place_order(user, intent(**fields))
    assert name in refused.value.details
    assert Order.objects.count() == 0


def test_an_order_without_funds_says_so_once_a_try(user: User, chain: TestChain) -> None:
    order = place(user, type="limit", limitPrice=times(price_now(), 90))
    chain.hold_sol(1_000_000_000)
    watcher = Watcher()
    assert len(looks(watcher, chain)) == 1
    first = fill(order)
    assert (first.waits_for, first.retries) == ("funds", 1)
    assert looks(watcher, chain, 3) == []
    said = order.events.order_by("sequence").last()
    assert said is not None
    assert (said.data["waitingFor"], said.data["code"]) == ("FUNDS", "INSUFFICIENT_FUNDS")
    chain.hold_sol(100_000_000_000)
    assert [each.pk for each in looks(watcher, chain)] == [order.pk]
    assert fill(order).status == "confirmed"


def test_an_exact_output_waits_until_it_costs_no_more(user: User, chain: TestChain) -> None:
    dear = price_now() * 110 / 100
    order = place_order(
        user,
        parse_order(
            {
                "tokenIn": "SOL",
                "tokenOut": "USDC",
                "amountOut": "100",
                **ONLY,
                "type": "limit",
                "limitPrice": format(dear.quantize(Decimal("0.000001")), "f"),
            }
        ),
    ).order
    assert (order.mode, order.status) == ("exact_out", "open")
    assert stored(order).trigger.fires_at_or_below == order.amount_in
    watcher = Watcher()
    assert looks(watcher, chain, 2) == []
    move_price(chain, 120)
    assert [each.pk for each in looks(watcher, chain)] == [order.pk]
    filled = fill(order)
    assert (filled.status, filled.executed_amount_out) == ("confirmed", 100_000_000)
    assert filled.executed_amount_in is not None
    assert filled.executed_amount_in <= order.amount_in


def test_an_exact_output_that_became_too_dear_waits_again(user: User, chain: TestChain) -> None:
    order = place_order(
        user,
        parse_order(
            {
                "tokenIn": "SOL",
                "tokenOut": "USDC",
                "amountOut": "100",
                **ONLY,
                "type": "limit",
                "limitPrice": times(price_now(), 99),
            }
        ),
    ).order
    assert len(looks(Watcher(), chain)) == 1
    move_price(chain, 90)
    again = fill(order)
    assert (again.status, again.waits_for, again.amount_in) == ("open", "retry", order.amount_in)
