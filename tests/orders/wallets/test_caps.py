"""Caps a day: counted where attempts are stored, so that no number of requests at once gets past them."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from orders.models import Attempt, DaySales, Order
from orders.pipeline import stages
from tests.orders.chain import TestChain
from tests.orders.order_runs import carry_out, settle, stored
from tests.orders.rows import order_row

pytestmark = pytest.mark.django_db

ONE_SOL = 10**9
CAPS = ("MAX_DAY_AMOUNTS_PER_USER", "MAX_DAY_AMOUNTS_PER_WALLET", "MAX_DAY_AMOUNTS")


def build(*orders: Order) -> None:
    ids = [order.pk for order in orders]
    stages.route(ids)
    stages.build(ids)


@pytest.mark.parametrize(("cap", "per"), [(CAPS[0], "user"), (CAPS[1], "wallet"), (CAPS[2], "engine")])
def test_an_order_beyond_the_cap_ends_at_once(
    user: User, chain: TestChain, settings: Any, cap: str, per: str
) -> None:
    setattr(settings, cap, {"SOL": "2.5", "USDC": "1"})
    build(order_row(user, amount_in=2 * ONE_SOL))
    late = order_row(user, amount_in=ONE_SOL)
    build(late)
    ended = stored(late)
    assert (ended.status, ended.error_code) == ("failed", "CAP_REACHED")
    assert ended.error_details == {"token": "SOL", "per": per, "cap": "2.5", "sold": "2"}
    build(order_row(user, amount_in=ONE_SOL // 2))
    assert Attempt.objects.count() == 2


def test_a_users_cap_is_not_used_up_by_others(user: User, chain: TestChain, settings: Any) -> None:
    settings.MAX_DAY_AMOUNTS_PER_USER = {"SOL": "1"}
    other = User.objects.create(username="other")
    build(order_row(user), order_row(other))
    assert Attempt.objects.count() == 2


def test_what_failed_on_chain_is_taken_off(user: User, chain: TestChain, settings: Any) -> None:
    settings.MAX_DAY_AMOUNTS = {"SOL": "1"}
    order = order_row(user)
    stages.route([order.pk])
    Order.objects.filter(pk=order.pk).update(min_amount_out=10**15)
    stages.build([order.pk])
    assert DaySales.objects.get().amount == ONE_SOL
    stages.submit([order.pk])
    settle([order.pk])
    assert DaySales.objects.get().amount == 0
    carry_out([order_row(user).pk])
    assert DaySales.objects.get().amount == ONE_SOL


def test_yesterdays_sales_do_not_count(user: User, chain: TestChain, settings: Any) -> None:
    settings.MAX_DAY_AMOUNTS = {"SOL": "1"}
    build(order_row(user))
    DaySales.objects.update(day=timezone.now().date() - timedelta(days=1))
    build(order_row(user))
    assert Attempt.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_sixty_workers_at_once_do_not_get_past_a_cap(user: User, chain: TestChain, settings: Any) -> None:
    settings.MAX_DAY_AMOUNTS_PER_USER = {"SOL": "0.05"}
    orders = [order_row(user, amount_in=10_000_000) for _ in range(60)]
    ids = [order.pk for order in orders]
    stages.route(ids)
    together = threading.Barrier(6, timeout=60)

    def work(mine: list[Any]) -> None:
        together.wait()
        for order_id in mine:
            stages.build([order_id])
        connection.close()

    workers = [threading.Thread(target=work, args=(ids[number::6],)) for number in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert Attempt.objects.count() == 5
    assert DaySales.objects.get().amount == 50_000_000
    codes = set(Order.objects.filter(status="failed").values_list("error_code", flat=True))
    assert codes == {"CAP_REACHED"}
