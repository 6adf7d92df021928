"""Sniper orders buy in a new pool when their rules allow it, once, and say what they wait for until then."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from orders.launches.watcher import LaunchWatcher
from orders.models import LaunchRules, Order
from tests.orders.chain import TestChain
from tests.orders.launches.sniper_orders import launched, look, opened, snipe, sniping
from tests.orders.order_runs import stored
from tests.orders.triggers.waiting_orders import fill, statuses

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _all_launches(settings: Any) -> None:
    settings.LAUNCHES = "all"


def held_by(order: Order) -> str:
    return LaunchRules.objects.get(pk=order.pk).held_by


def test_an_order_waits_for_the_opening_and_then_buys(
    user: User, chain: TestChain, watcher: LaunchWatcher
) -> None:
    launch = launched(chain, watcher, venue="meteora-damm-v2", fee="flat", opensInSlots=1_000)
    order = snipe(user, launch.token_mint)
    assert (order.status, held_by(order)) == ("open", "NO_POOL")
    assert look() == []
    assert held_by(order) == "NOT_OPEN"
    opened(chain, watcher, launch)
    [released] = look()
    assert released.pk == order.pk
    done = fill(order)
    assert (done.status, done.pool, done.executed_amount_in) == ("confirmed", launch.pool, 100_000_000)
    assert done.executed_amount_out == done.first_quoted_amount_out
    assert statuses(order) == ["open", "open", "routing", "building", "submitted", "confirmed"]


@pytest.mark.parametrize("venue", ["raydium-clmm", "meteora-dlmm", "orca-whirlpool"])
def test_it_goes_in_the_slot_in_which_the_pool_opens(
    user: User, chain: TestChain, watcher: LaunchWatcher, venue: str
) -> None:
    """Before that slot is confirmed; nothing goes in the slot before."""
    launch = launched(chain, watcher, venue=venue, opensInSlots=4_000)
    order = snipe(user, launch.token_mint, launch={"require": ["sellable"]})
    [record] = [
        each for each in chain.call("localnet_launches")["value"] if each["mint"] == launch.token_mint
    ]
    opens = record["createdSlot"] + 4_000
    chain.call("surfnet_pauseClock")
    try:
        chain.call("surfnet_timeTravel", {"absoluteSlot": opens - 1})
        assert look() == []
        chain.call("surfnet_timeTravel", {"absoluteSlot": opens})
        assert [each.pk for each in look()] == [order.pk]
        assert chain.call("getSlot", {"commitment": "processed"}) == opens
    finally:
        chain.call("surfnet_resumeClock")
    assert fill(order).status == "confirmed"


@pytest.mark.parametrize(
    "venue",
    ["raydium-amm-v4", "meteora-damm-v2", "raydium-clmm", "meteora-dlmm", "orca-whirlpool"],
)
def test_it_buys_in_a_new_pool_of_each_venue(
    user: User, chain: TestChain, watcher: LaunchWatcher, venue: str
) -> None:
    fee = {"fee": "flat"} if venue == "meteora-damm-v2" else {}
    launch = launched(chain, watcher, venue=venue, opensInSlots=4, **fee)
    opened(chain, watcher, launch)
    order = snipe(user, launch.token_mint, launch={"require": ["sellable"]})
    [released] = look()
    done = fill(released)
    assert (stored(order).status, done.pool, done.venue) == ("confirmed", launch.pool, venue)


def test_two_looks_buy_once(user: User, chain: TestChain, watcher: LaunchWatcher) -> None:
    launch = opened(chain, watcher, launched(chain, watcher, opensInSlots=4))
    order = snipe(user, launch.token_mint)
    found: list[Order] = []
    workers = [sniping(found) for _ in range(2)]
    for worker in workers:
        worker.look()
    assert [each.pk for each in found] == [order.pk]
    assert fill(order).status == "confirmed"
    assert len(chain.swaps_of_wallet()) == 1


@pytest.mark.parametrize(
    ("rules", "hold"),
    [
        ({"minLiquidity": "1000000000"}, "LIQUIDITY_TOO_LOW"),
        ({"maxFeeBps": 0}, "FEE_TOO_HIGH"),
        ({"maxRoundTripBps": 1}, "ROUND_TRIP_LOSS"),
        ({"maxHolderShareBps": 0}, "HOLDER_TOO_LARGE"),
    ],
)
def test_it_says_which_rule_holds_it(
    user: User, chain: TestChain, watcher: LaunchWatcher, rules: dict[str, Any], hold: str
) -> None:
    launch = opened(chain, watcher, launched(chain, watcher, opensInSlots=4))
    order = snipe(user, launch.token_mint, launch={"require": [], **rules})
    assert look() == []
    assert (stored(order).status, held_by(order)) == ("open", hold)
    # Said once, however often it is looked at.
    assert look() == []
    assert statuses(order) == ["open", "open"]


def test_a_price_that_is_out_of_reach_is_not_paid(
    user: User, chain: TestChain, watcher: LaunchWatcher
) -> None:
    launch = opened(chain, watcher, launched(chain, watcher, opensInSlots=4))
    order = snipe(user, launch.token_mint, limitPrice="1000000000")
    assert (look(), held_by(order)) == ([], "PRICE_OUT_OF_REACH")


def test_a_blocked_creators_pool_is_left_alone(user: User, chain: TestChain, watcher: LaunchWatcher) -> None:
    launch = opened(chain, watcher, launched(chain, watcher, opensInSlots=4))
    order = snipe(user, launch.token_mint, launch={"require": [], "blockedCreators": [launch.creator]})
    assert (look(), held_by(order)) == ([], "CREATOR_BLOCKED")


def test_a_pool_that_opens_too_late_is_left_alone(
    user: User, chain: TestChain, watcher: LaunchWatcher
) -> None:
    launch = launched(chain, watcher, opensInSlots=50_000)
    order = snipe(user, launch.token_mint, launch={"require": [], "openWithinSeconds": 60})
    assert (look(), held_by(order)) == ([], "OPENS_TOO_LATE")


def test_what_the_wallet_lacks_is_waited_for(user: User, chain: TestChain, watcher: LaunchWatcher) -> None:
    launch = opened(chain, watcher, launched(chain, watcher, opensInSlots=4))
    order = snipe(user, launch.token_mint)
    chain.hold_sol(50_000_000)
    assert (look(), held_by(order)) == ([], "FUNDS")


@pytest.mark.parametrize(
    ("trap", "hold"),
    [
        ("freeze", "FREEZE_AUTHORITY"),
        ("transferFee", "FEE_AUTHORITY"),
        ("liquidityPulled", "LIQUIDITY_NOT_LOCKED"),
        ("transferHook", "TOKEN_REFUSED"),
        ("nonTransferable", "TOKEN_REFUSED"),
    ],
)
def test_the_default_rules_buy_in_no_trap(
    user: User, chain: TestChain, watcher: LaunchWatcher, trap: str, hold: str
) -> None:
    launch = launched(chain, watcher, opensInSlots=4, trap=trap)
    budget = snipe(user, "any", launch={}, maxOrders=1)
    opened(chain, watcher, launch)
    assert look() == []
    assert (stored(budget).status, budget.group and budget.group.orders.count()) == ("open", 1)
    if hold != "TOKEN_REFUSED":
        # What is refused by its mint is refused when it is named too.
        order = snipe(user, launch.token_mint, launch={})
        assert (look(), held_by(order)) == ([], hold)


def test_orders_of_several_sizes_look_at_one_pool(
    user: User, chain: TestChain, watcher: LaunchWatcher
) -> None:
    launch = opened(chain, watcher, launched(chain, watcher, opensInSlots=4, liquidity=500))
    orders = [snipe(user, launch.token_mint, amountIn=amount) for amount in ("2", "0.1", "1")]
    found = look()
    assert [order.pk for order in found] == [order.pk for order in orders]
    assert [fill(order).status for order in found] == ["confirmed"] * 3
