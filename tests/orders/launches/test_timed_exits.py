"""An exit after so many seconds sells whatever the price is, once, and its sibling is cancelled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone

from orders.launches.watcher import LaunchWatcher
from orders.models import Order
from orders.triggers import timed
from tests.orders.chain import TestChain
from tests.orders.launches.sniper_orders import launched, look, opened, snipe
from tests.orders.order_runs import stored
from tests.orders.triggers.waiting_orders import fill

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _all_launches(settings: Any) -> None:
    settings.LAUNCHES = "all"


def position(user: User, chain: TestChain, watcher: LaunchWatcher, **terms: Any) -> list[Order]:
    """The exits of a purchase that was filled."""
    launch = opened(chain, watcher, launched(chain, watcher, opensInSlots=4))
    order = snipe(user, launch.token_mint, exit=terms)
    assert [each.pk for each in look()] == [order.pk]
    entry = fill(order)
    assert entry.group is not None
    return list(entry.group.orders.exclude(pk=entry.pk).order_by("-group_role"))


def test_a_position_is_sold_when_its_time_has_come(
    user: User, chain: TestChain, watcher: LaunchWatcher
) -> None:
    [exit_] = position(user, chain, watcher, afterSeconds=60)
    assert timed.release_due() == []
    with time_machine.travel(timezone.now() + timedelta(seconds=61)):
        [released] = timed.release_due()
        assert (released.pk, timed.release_due()) == (exit_.pk, [])
        done = fill(exit_)
    assert (done.status, done.executed_amount_in) == ("confirmed", exit_.amount_in)


def test_its_sibling_is_cancelled_with_it(user: User, chain: TestChain, watcher: LaunchWatcher) -> None:
    profit, loss = position(user, chain, watcher, takeProfit={"gainBps": 5_000}, afterSeconds=60)
    with time_machine.travel(timezone.now() + timedelta(seconds=61), tick=False):
        assert [each.pk for each in timed.release_due()] == [loss.pk]
    assert (stored(profit).status, stored(profit).error_code) == ("cancelled", "SIBLING_FIRED")


def test_a_cancelled_exit_is_not_sold(user: User, chain: TestChain, watcher: LaunchWatcher) -> None:
    [exit_] = position(user, chain, watcher, afterSeconds=60)
    Order.objects.filter(pk=exit_.pk).update(status="cancelled")
    with time_machine.travel(timezone.now() + timedelta(seconds=61), tick=False):
        assert timed.release_due() == []
