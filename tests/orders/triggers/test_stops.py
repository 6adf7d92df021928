"""Stop, stop limit, take profit and trailing stop: when they fire, and that they are tried until filled."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from orders.errors import WouldTriggerNow
from orders.intake.place import place_order
from orders.models import Order, Trigger
from orders.triggers.watcher import Watcher
from orders.wire.waiting import trigger_as_wire
from tests.orders.chain import TestChain, eventually
from tests.orders.order_runs import stored
from tests.orders.triggers.waiting_orders import (
    fill,
    intent,
    looks,
    move_price,
    place,
    price_now,
    statuses,
    times,
)


def test_a_stop_fires_after_its_slots_in_a_row_and_sells(user: User, chain: TestChain) -> None:
    order = place(user, type="stop", triggerPrice=times(price_now(), 95))
    watcher = Watcher()
    assert looks(watcher, chain) == []
    move_price(chain, 90)
    assert looks(watcher, chain) == []
    assert [each.pk for each in looks(watcher, chain)] == [order.pk]
    filled = fill(order)
    assert (filled.status, filled.slippage_bps) == ("confirmed", 2_000)
    assert statuses(order) == ["open", "routing", "building", "submitted", "confirmed"]


def test_one_odd_slot_does_not_fire_a_stop(user: User, chain: TestChain) -> None:
    order = place(user, type="stop", triggerPrice=times(price_now(), 95))
    watcher = Watcher()
    looks(watcher, chain)
    move_price(chain, 90)
    assert looks(watcher, chain) == []
    move_price(chain, 112)
    assert looks(watcher, chain) == []
    move_price(chain, 89)
    assert looks(watcher, chain) == []
    assert (stored(order).status, order.attempts.count()) == ("open", 0)


@pytest.mark.parametrize(
    ("fields", "percent"),
    [({"type": "stop"}, 101), ({"type": "stop_limit"}, 101), ({"type": "take_profit"}, 99)],
)
def test_a_trigger_on_the_wrong_side_is_refused(
    user: User, chain: TestChain, fields: dict[str, Any], percent: int
) -> None:
    price = times(price_now(), percent)
    limit = {"limitPrice": price} if fields["type"] == "stop_limit" else {}
    with pytest.raises(WouldTriggerNow) as refused:
        place_order(user, intent(triggerPrice=price, **limit, **fields))
    assert "now" in refused.value.details
    assert Order.objects.count() == 0


def test_a_stop_that_no_price_judged_is_judged_by_the_first(user: User, chain: TestChain) -> None:
    chain.fault("getMultipleAccounts", "unavailable", 5)
    order = place(user, type="stop", triggerPrice="100000")
    assert Trigger.objects.get(order=order).judged is False
    watcher = Watcher()
    eventually(lambda: looks(watcher, chain) or stored(order).status == "failed")
    assert stored(order).error_code == "WOULD_TRIGGER_NOW"


def test_a_fired_stop_is_tried_again_whatever_the_price(user: User, chain: TestChain) -> None:
    order = place(user, type="stop", triggerPrice=times(price_now(), 95), confirmations=1)
    watcher = Watcher()
    move_price(chain, 90)
    assert len(looks(watcher, chain)) == 1
    chain.hold_sol(1_000_000_000)
    waiting = fill(order)
    assert (waiting.status, waiting.waits_for) == ("open", "funds")
    assert waiting.fired_at is not None
    move_price(chain, 120)
    assert looks(watcher, chain, 2) == []
    chain.hold_sol(100_000_000_000)
    assert [each.pk for each in looks(watcher, chain)] == [order.pk]
    assert fill(order).status == "confirmed"


def test_a_fired_stop_below_its_floor_ends_there(user: User, chain: TestChain) -> None:
    now = price_now()
    order = place(
        user, type="stop", triggerPrice=times(now, 95), minAmountOut=times(now * 5, 93), confirmations=1
    )
    move_price(chain, 90)
    assert len(looks(Watcher(), chain)) == 1
    ended = fill(order)
    assert (ended.status, ended.error_code) == ("failed", "SLIPPAGE_EXCEEDED")


def test_a_stop_limit_waits_for_its_limit_once_fired(user: User, chain: TestChain) -> None:
    now = price_now()
    order = place(
        user, type="stop_limit", triggerPrice=times(now, 95), limitPrice=times(now, 92), confirmations=1
    )
    watcher = Watcher()
    move_price(chain, 85)
    assert looks(watcher, chain) == []
    fired = stored(order)
    assert (fired.status, fired.fired_at is not None, fired.attempts.count()) == ("open", True, 0)
    waits_for = trigger_as_wire(fired) or {}
    assert waits_for["firesAtOrAboveRaw"] == str(order.floor_amount_out)
    assert "firesAtOrBelow" not in waits_for
    # Its event says the same, and which quote fired it.
    said = order.events.get(sequence=2).data
    assert said["trigger"]["firesAtOrAboveRaw"] == str(order.floor_amount_out)
    assert "firesAtOrBelow" not in said["trigger"]
    assert {"quote", "slot"} <= said.keys()
    move_price(chain, 110)
    assert [each.pk for each in looks(watcher, chain, 2)] == [order.pk]
    filled = fill(order)
    assert filled.status == "confirmed"
    assert filled.executed_amount_out is not None
    assert filled.executed_amount_out >= (order.floor_amount_out or 0)


def test_a_take_profit_fires_at_its_price(user: User, chain: TestChain) -> None:
    order = place(user, type="take_profit", triggerPrice=times(price_now(), 105))
    watcher = Watcher()
    assert looks(watcher, chain) == []
    move_price(chain, 110)
    assert [each.pk for each in looks(watcher, chain)] == [order.pk]
    assert fill(order).status == "confirmed"


def test_a_trailing_stop_follows_the_price_up_only(user: User, chain: TestChain) -> None:
    order = place(user, type="trailing_stop", trailBps=1_000, confirmations=1)
    watcher = Watcher()
    assert looks(watcher, chain) == []
    first = stored(order).trigger.watermark
    move_price(chain, 120)
    assert looks(watcher, chain) == []
    raised = stored(order).trigger.watermark
    assert first is not None
    assert raised is not None
    assert raised > first * 118 // 100
    move_price(chain, 95)
    assert looks(watcher, chain) == []
    assert stored(order).trigger.watermark == raised
    assert stored(order).version == 1
    # What it has reached survives a restart.
    move_price(chain, 90)
    assert [each.pk for each in looks(Watcher(), chain)] == [order.pk]
    assert fill(order).status == "confirmed"


def test_a_trailing_stop_begins_at_its_activation_price(user: User, chain: TestChain) -> None:
    order = place(
        user,
        type="trailing_stop",
        trailBps=500,
        confirmations=1,
        activationPrice=times(price_now(), 110),
    )
    watcher = Watcher()
    move_price(chain, 80)
    assert looks(watcher, chain) == []
    assert stored(order).trigger.watermark is None
    move_price(chain, 140)
    assert looks(watcher, chain) == []
    assert stored(order).trigger.watermark is not None
    move_price(chain, 94)
    assert [each.pk for each in looks(watcher, chain)] == [order.pk]


def test_a_price_far_from_the_last_minutes_holds_a_stop_back(
    user: User, chain: TestChain, settings: Any
) -> None:
    settings.STOP_GUARD_BPS = 500
    order = place(user, type="stop", triggerPrice=times(price_now(), 95), confirmations=1)
    watcher = Watcher()
    looks(watcher, chain)
    remember_prices(watcher, 60)
    move_price(chain, 90)
    assert looks(watcher, chain) == []
    held = order.events.order_by("sequence").last()
    assert held is not None
    assert (held.status, held.data["code"]) == ("open", "PRICE_GUARD")
    settings.STOP_GUARD_SECONDS = 0
    assert [each.pk for each in looks(watcher, chain)] == [order.pk]


def remember_prices(watcher: Watcher, count: int) -> None:
    """As if the watcher had looked at the price of now for so many seconds."""
    [samples] = watcher._evaluation._history._samples.values()
    at, price = samples[-1]
    samples.clear()
    samples.extend((at - 100 + number, price) for number in range(count))
