"""DCA: rounds are orders of their own, each placed once, and none in a burst."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone

from orders.errors import InvalidRequest
from orders.intake.place import place_order
from orders.models import Order, Schedule
from orders.records import open_orders
from orders.triggers import rounds
from tests.orders.chain import TestChain
from tests.orders.order_runs import carry_out, stored
from tests.orders.rows import SOL
from tests.orders.triggers.waiting_orders import intent, place, price_now, times


def schedule(user: User, **fields: Any) -> Order:
    return place(user, **{"type": "dca", "amountIn": "0.1", "rounds": 3, "intervalSeconds": 60, **fields})


def at_round(order: Order, number: int) -> datetime:
    """The moment of a round, a second late."""
    return order.created_at + timedelta(seconds=60 * (number - 1) + 1)


def test_rounds_share_the_amount_and_the_last_takes_the_rest(user: User, chain: TestChain) -> None:
    order = schedule(user)
    assert (order.status, order.type) == ("open", "dca")
    for number in (1, 2, 3):
        with time_machine.travel(at_round(order, number), tick=False):
            [placed] = rounds.place_due()
            assert rounds.place_due() == []
        assert placed.client_order_id == f"{order.pk}:{number}"
    amounts = [each.amount_in for each in Order.objects.filter(group_role="round").order_by("created_at")]
    assert amounts == [33_333_333, 33_333_333, 33_333_334]


def test_a_schedule_ends_with_what_its_rounds_have_moved(user: User, chain: TestChain) -> None:
    order = schedule(user, rounds=2)
    children = []
    for number in (1, 2):
        with time_machine.travel(at_round(order, number), tick=False):
            children += rounds.place_due()
    with time_machine.travel(at_round(order, 2)):
        carry_out([each.pk for each in children])
    with time_machine.travel(at_round(order, 3), tick=False):
        assert rounds.place_due() == []
    ended, filled = stored(order), [stored(each) for each in children]
    assert (ended.status, ended.executed_amount_in) == ("confirmed", 100_000_000)
    assert ended.executed_amount_out == sum(each.executed_amount_out or 0 for each in filled)
    assert ended.finalized_at is not None
    last = order.events.order_by("sequence").last()
    assert last is not None
    assert (last.data["txHash"], last.data["executedAmountIn"]) == (None, "0.1")


def test_a_stopped_engine_does_not_catch_up_in_a_burst(user: User, chain: TestChain) -> None:
    order = schedule(user, rounds=10)
    with time_machine.travel(order.created_at + timedelta(seconds=60 * 5 + 1), tick=False):
        assert rounds.place_due() == []
        [placed] = rounds.place_due()
    skipped = order.events.get(sequence=2).data
    assert (skipped["skippedRounds"], skipped["skippedBecause"]) == ([1, 2, 3, 4, 5], "MISSED")
    assert placed.client_order_id == f"{order.pk}:6"


def test_a_clock_that_jumps_an_hour_places_no_round_twice(user: User, chain: TestChain) -> None:
    order = schedule(user, rounds=100)
    hour = timedelta(hours=1)
    with time_machine.travel(at_round(order, 1), tick=False):
        assert len(rounds.place_due()) == 1
    with time_machine.travel(at_round(order, 2) - hour, tick=False):
        assert rounds.place_due() == []
    with time_machine.travel(at_round(order, 2), tick=False):
        assert len(rounds.place_due()) == 1
    with time_machine.travel(at_round(order, 3) + hour, tick=False):
        assert rounds.place_due() == []
        assert len(rounds.place_due()) == 1
    keys = Order.objects.filter(group_role="round").values_list("client_order_id", flat=True)
    assert len(set(keys)) == len(keys) == 3


def test_a_round_out_of_the_band_is_skipped_and_says_so(user: User, chain: TestChain) -> None:
    order = schedule(user, minPrice=times(price_now(), 110))
    with time_machine.travel(at_round(order, 1), tick=False):
        assert rounds.place_due() == []
    skipped = order.events.get(sequence=2).data
    assert (skipped["skippedRounds"], skipped["skippedBecause"]) == ([1], "PRICE_OUT_OF_BAND")
    assert stored(order).schedule.next_round == 2


def test_the_band_bounds_what_a_round_receives(user: User, chain: TestChain) -> None:
    order = schedule(user, rounds=2, minPrice="100")
    with time_machine.travel(at_round(order, 1), tick=False):
        [placed] = rounds.place_due()
    assert placed.floor_amount_out == 5_000_000


def test_a_paused_schedule_places_nothing(user: User, chain: TestChain) -> None:
    order = schedule(user)
    Schedule.objects.filter(pk=order.pk).update(is_paused=True)
    with time_machine.travel(at_round(order, 1), tick=False):
        assert rounds.place_due() == []


def test_who_comes_second_places_no_round(user: User, chain: TestChain) -> None:
    order = schedule(user)
    late = Schedule.objects.select_related("order").get(pk=order.pk)
    with time_machine.travel(at_round(order, 1), tick=False):
        assert len(rounds.place_due()) == 1
        assert rounds._step(late, timezone.now()) is None
    assert Order.objects.filter(group_role="round").count() == 1


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"rounds": None}, "rounds"),
        ({"intervalSeconds": None}, "intervalSeconds"),
        ({"limitPrice": "1"}, "limitPrice"),
        ({"minPrice": "2", "maxPrice": "1"}, "minPrice"),
        ({"type": "market"}, "rounds"),
    ],
)
def test_a_schedule_that_does_not_fit_is_refused(
    user: User, chain: TestChain, fields: dict[str, Any], name: str
) -> None:
    wanted = {"type": "dca", "amountIn": "0.1", "rounds": 3, "intervalSeconds": 60, **fields}
    with pytest.raises(InvalidRequest) as refused:
        place_order(user, intent(**wanted))
    assert name in refused.value.details


def test_what_open_orders_would_sell_together_is_shown(user: User, chain: TestChain) -> None:
    now = price_now()
    schedule(user)
    place(user, type="limit", limitPrice=times(now, 120))
    place(
        user,
        orderClass="oco",
        takeProfit={"limitPrice": times(now, 120)},
        stopLoss={"triggerPrice": times(now, 80)},
    )
    wallet = str(chain.wallet.pubkey())
    assert open_orders.needed(wallet) == {SOL: 10_100_000_000}


def test_a_key_that_is_taken_skips_its_round(user: User, chain: TestChain) -> None:
    order = schedule(user)
    place(user, amountIn="0.1", clientOrderId=f"{order.pk}:1")
    with time_machine.travel(at_round(order, 1), tick=False):
        assert rounds.place_due() == []
    skipped = order.events.get(sequence=2).data
    assert (skipped["skippedRounds"], skipped["skippedBecause"]) == ([1], "KEY_TAKEN")
