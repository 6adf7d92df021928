"""A budget over launches: one order a token, no more than it may, each with its own exits."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from orders.launches.watcher import LaunchWatcher
from orders.models import LaunchRules, Order
from orders.records import open_orders
from tests.orders.chain import TestChain
from tests.orders.launches.sniper_orders import NOTHING, launched, look, opened, snipe, sniping
from tests.orders.order_runs import stored
from tests.orders.rows import SOL
from tests.orders.triggers.waiting_orders import fill, statuses

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _all_launches(settings: Any) -> None:
    settings.LAUNCHES = "all"


def budget_of(user: User, **fields: Any) -> Order:
    return snipe(user, "any", **{"maxOrders": 2, **fields})


def three_launches(chain: TestChain, watcher: LaunchWatcher) -> list[str]:
    found = [opened(chain, watcher, launched(chain, watcher, opensInSlots=4)) for _ in range(3)]
    return [launch.token_mint for launch in found]


def test_each_token_is_bought_once_and_no_more_than_asked(
    user: User, chain: TestChain, watcher: LaunchWatcher
) -> None:
    budget = budget_of(user)
    assert open_orders.needed(budget.wallet) == {SOL: 200_000_000}
    mints = three_launches(chain, watcher)
    placed = look()
    assert [each.client_order_id for each in placed] == [f"{budget.pk}:{mint}" for mint in mints[:2]]
    assert [each.token_out for each in placed] == mints[:2]
    assert look() == []
    assert statuses(budget) == ["open", "open", "open"]
    assert LaunchRules.objects.get(pk=budget.pk).placed == 2


def test_two_workers_place_one_order_a_token(user: User, chain: TestChain, watcher: LaunchWatcher) -> None:
    budget_of(user, maxOrders=1)
    three_launches(chain, watcher)
    found: list[Order] = []
    for worker in [sniping(found) for _ in range(2)]:
        worker.look()
    assert len(found) == 1


def test_a_budget_ends_with_what_its_purchases_have_spent(
    user: User, chain: TestChain, watcher: LaunchWatcher
) -> None:
    budget = budget_of(user)
    three_launches(chain, watcher)
    filled = [fill(each) for each in look()]
    assert {each.status for each in filled} == {"confirmed"}
    assert look() == []
    ended = stored(budget)
    assert (ended.status, ended.executed_amount_in) == ("confirmed", 200_000_000)
    data = budget.events.order_by("sequence").last().data  # type: ignore[union-attr]
    assert (data["executedAmountIn"], data["executedAmountOut"]) == ("0.2", None)


def test_a_budget_buys_nothing_that_was_there_before_it(
    user: User, chain: TestChain, watcher: LaunchWatcher
) -> None:
    three_launches(chain, watcher)
    budget_of(user)
    assert look() == []


def test_exits_of_a_purchase_are_sized_by_what_it_received(
    user: User, chain: TestChain, watcher: LaunchWatcher
) -> None:
    levels = {"takeProfit": {"gainBps": 4_000}, "stopLoss": {"lossBps": 2_000}, "afterSeconds": 600}
    budget = budget_of(user, maxOrders=1, exit=levels, launch=NOTHING)
    three_launches(chain, watcher)
    [placed] = look()
    done = fill(placed)
    assert done.group is not None
    assert (done.group.kind, done.group.parent_id) == ("bracket", budget.group_id)
    profit, loss = done.group.orders.exclude(pk=done.pk).order_by("-group_role")
    assert (profit.type, profit.amount_in, profit.floor_amount_out) == (
        "limit",
        done.executed_amount_out,
        140_000_000,
    )
    assert (loss.type, loss.amount_in, loss.trigger.fires_at_or_below) == (
        "stop",
        done.executed_amount_out,
        80_000_000,
    )
    assert (profit.token_in, profit.token_out) == (done.token_out, SOL)
    assert loss.trigger.fires_at is not None
