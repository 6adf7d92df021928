"""OCO and bracket: of two orders at most one is ever filled, and exits sell what the entry received."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from orders.errors import InvalidRequest
from orders.intake.cancel import cancel_order
from orders.intake.place import place_order
from orders.models import Order, OrderGroup
from orders.pipeline import stages
from orders.records import open_orders
from orders.triggers.entries import entry_of
from orders.triggers.release import Fired, release
from orders.triggers.watcher import Watcher
from tests.orders.chain import TestChain
from tests.orders.order_runs import settle, stored
from tests.orders.triggers.waiting_orders import (
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


def pair(user: User, above: int = 110, below: int = 90, **stop: Any) -> tuple[Order, Order]:
    """The take profit and the stop loss of an OCO, so many percent of the price of now."""
    now = price_now()
    first = place(
        user,
        orderClass="oco",
        takeProfit={"limitPrice": times(now, above)},
        stopLoss={"triggerPrice": times(now, below), "confirmations": 1, **stop},
    )
    return first, Order.objects.exclude(pk=first.pk).get(group_id=first.group_id)


def test_an_oco_is_two_open_orders_of_one_group(user: User, chain: TestChain) -> None:
    first, second = pair(user)
    assert (first.type, first.group_role, first.status) == ("limit", "take_profit", "open")
    assert (second.type, second.group_role, second.status) == ("stop", "stop_loss", "open")
    assert OrderGroup.objects.get().kind == "oco"
    assert first.amount_in == second.amount_in == 5_000_000_000


def test_the_one_that_fires_cancels_the_other(user: User, chain: TestChain) -> None:
    first, second = pair(user)
    watcher = Watcher()
    move_price(chain, 120)
    assert [each.pk for each in looks(watcher, chain)] == [first.pk]
    cancelled = stored(second)
    assert (cancelled.status, cancelled.error_code) == ("cancelled", "SIBLING_FIRED")
    assert second.events.get(status="cancelled").data["details"] == {"orderId": str(first.pk)}
    assert fill(first).status == "confirmed"
    assert stored(second).status == "cancelled"
    assert chain.swaps_of_wallet() == [stored(first).signature]


def fired(order: Order) -> Fired:
    """As a watcher sees it that has read the order while it was open."""
    [row] = [row for row in open_orders.read([(order.token_in, order.token_out)]) if row.pk == order.pk]
    return Fired(entry_of(row), None, 1)


def test_both_that_fire_in_one_slot_release_one(user: User, chain: TestChain) -> None:
    first, second = pair(user)
    released = release([fired(first), fired(second)])
    assert [each.pk for each in released] == [first.pk]
    assert (stored(first).status, stored(second).status) == ("routing", "cancelled")


def test_two_watchers_that_fire_one_each_release_one(user: User, chain: TestChain) -> None:
    first, second = pair(user)
    seen_by_one, seen_by_other = fired(second), fired(first)
    assert [each.pk for each in release([seen_by_one])] == [second.pk]
    assert release([seen_by_other]) == []
    assert (stored(first).status, stored(second).status) == ("cancelled", "routing")


@pytest.mark.django_db(transaction=True)
def test_watchers_that_race_release_one_of_each_pair(user: User, chain: TestChain) -> None:
    pairs = [pair(user) for _ in range(8)]
    sides = [[fired(each) for each in side] for side in zip(*pairs, strict=True)]
    start = threading.Barrier(2, timeout=60)

    def race(side: list[Fired]) -> list[UUID]:
        start.wait()
        try:
            return [order.pk for each in side for order in release([each])]
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        released = [pk for found in pool.map(race, sides) for pk in found]
    assert len(released) == 8
    for one, other in pairs:
        assert sorted([stored(one).status, stored(other).status]) == ["cancelled", "routing"]


def test_the_other_returns_when_the_first_has_moved_nothing(user: User, chain: TestChain) -> None:
    first, second = pair(user)
    move_price(chain, 120)
    assert len(looks(Watcher(), chain)) == 1
    stages.route([first.pk])
    stages.build([first.pk])
    move_price(chain, 70)
    stages.submit([first.pk])
    assert stored(second).status == "cancelled"
    settle([first.pk])
    assert (stored(first).status, stored(second).status) == ("open", "open")
    assert statuses(second) == ["open", "cancelled", "open"]
    rested(first)
    assert [each.pk for each in looks(Watcher(), chain, 2)] == [second.pk]
    assert fill(second).status == "confirmed"
    assert stored(first).status == "cancelled"


def test_the_other_returns_when_the_first_ends_unfilled(user: User, chain: TestChain) -> None:
    first, second = pair(user)
    move_price(chain, 120)
    assert len(looks(Watcher(), chain)) == 1
    Order.objects.filter(pk=first.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    stages.route([first.pk])
    assert (stored(first).status, stored(second).status) == ("expired", "open")


def test_who_cancels_one_cancels_both(user: User, chain: TestChain) -> None:
    first, second = pair(user)
    cancel_order(user, second.pk)
    assert (stored(first).status, stored(second).status) == ("cancelled", "cancelled")


def test_a_stop_above_the_profit_is_refused(user: User, chain: TestChain) -> None:
    with pytest.raises(InvalidRequest) as refused:
        place_order(
            user,
            intent(orderClass="oco", takeProfit={"limitPrice": "100"}, stopLoss={"triggerPrice": "150"}),
        )
    assert "stopLoss" in refused.value.details
    assert Order.objects.count() == 0


def bracket(user: User, **entry: Any) -> Order:
    now = price_now()
    return place(
        user,
        tokenIn="USDC",
        tokenOut="SOL",
        amountIn="500",
        priceOf="tokenOut",
        orderClass="bracket",
        takeProfit={"limitPrice": times(now, 110)},
        stopLoss={"triggerPrice": times(now, 90), "confirmations": 1},
        **entry,
    )


def test_exits_sell_what_the_entry_received(user: User, chain: TestChain) -> None:
    entry = bracket(user)
    assert (entry.status, entry.group_role) == ("pending", "entry")
    filled = fill(entry)
    assert filled.status == "confirmed"
    exits = Order.objects.filter(group_id=entry.group_id).exclude(pk=entry.pk).order_by("group_role")
    assert [(each.group_role, each.type, each.status) for each in exits] == [
        ("stop_loss", "stop", "open"),
        ("take_profit", "limit", "open"),
    ]
    assert {each.amount_in for each in exits} == {filled.executed_amount_out}
    stop, profit = exits
    move_price(chain, 120)
    assert [each.pk for each in looks(Watcher(), chain)] == [profit.pk]
    assert fill(profit).status == "confirmed"
    assert stored(stop).status == "cancelled"


def test_a_stop_above_the_entrys_limit_is_refused(user: User, chain: TestChain) -> None:
    now = price_now()
    with pytest.raises(InvalidRequest) as refused:
        place_order(
            user,
            intent(
                tokenIn="USDC",
                tokenOut="SOL",
                amountIn="500",
                type="limit",
                limitPrice=times(now, 80),
                priceOf="tokenOut",
                orderClass="bracket",
                takeProfit={"limitPrice": times(now, 110)},
                stopLoss={"triggerPrice": times(now, 90)},
            ),
        )
    assert refused.value.details == {
        "stopLoss": "its triggerPrice must be worse than the limitPrice of the entry"
    }


def test_a_class_that_is_said_as_a_type_is_named(user: User, chain: TestChain) -> None:
    with pytest.raises(InvalidRequest) as refused:
        place_order(user, intent(type="OCO"))
    assert refused.value.details["type"].endswith("; oco is an orderClass")


def test_exits_keep_to_the_largest_slippage_of_now(user: User, chain: TestChain, settings: Any) -> None:
    entry = bracket(user)
    settings.MAX_SLIPPAGE_BPS = 300
    fill(entry)
    exits = Order.objects.filter(group_id=entry.group_id).exclude(pk=entry.pk)
    assert list(exits.values_list("slippage_bps", flat=True)) == [300, 300]
    # Else the signer's policy would refuse it for good.
    move_price(chain, 80)
    [stop] = looks(Watcher(), chain)
    assert fill(stop).status == "confirmed"


def test_exits_are_made_once(user: User, chain: TestChain) -> None:
    entry = bracket(user)
    fill(entry)
    again = stored(entry)
    Order.objects.filter(pk=entry.pk).update(status="submitted", finalized_at=None)
    settle([again.pk])
    assert Order.objects.filter(group_id=entry.group_id).count() == 3


def test_an_entry_that_fails_makes_no_exits(user: User, chain: TestChain) -> None:
    entry = bracket(user, minAmountOut="100000")
    assert fill(entry).status == "failed"
    assert Order.objects.count() == 1


def test_a_repeated_key_gives_the_same_pair(user: User, chain: TestChain) -> None:
    first, _ = pair(user)
    wanted = intent(
        clientOrderId="once",
        orderClass="oco",
        takeProfit={"limitPrice": "100000"},
        stopLoss={"triggerPrice": "0.001"},
    )
    placed = place_order(user, wanted)
    again = place_order(user, wanted)
    assert (placed.replayed, again.replayed, again.order.pk) == (False, True, placed.order.pk)
    assert (Order.objects.count(), OrderGroup.objects.count()) == (4, 2)
    assert first.group_id != placed.order.group_id
