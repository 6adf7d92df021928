"""Orders that a test takes from their row to their end, stage by stage, as workers do."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import User
from django.utils import timezone

from dex.errors import DexError
from orders import gateway
from orders.lifecycle import Status
from orders.models import Attempt, Order
from orders.pipeline import settle as settlement
from orders.pipeline import stages
from tests.orders.chain import TestChain, eventually
from tests.orders.rows import order_row


def stored(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def execute(user: User, count: int = 1) -> list[Order]:
    orders = [order_row(user, amount_in=10_000_000) for _ in range(count)]
    carry_out([order.pk for order in orders])
    return orders


def carry_out(order_ids: list[UUID]) -> None:
    """Every stage, as workers run them."""
    for stage in (stages.route, stages.build, stages.submit):
        assert sorted(stage(order_ids).onward) == sorted(order_ids)
    settle(order_ids)


def execute_with_retries(user: User, count: int) -> list[Order]:
    """As `execute`, where every node may break at the same moment and cost a retry."""
    orders = [order_row(user, amount_in=10_000_000) for _ in range(count)]
    ids = [order.pk for order in orders]

    def all_sent() -> bool:
        Order.objects.filter(pk__in=ids, status=Status.ROUTING).update(due_at=timezone.now(), retries=0)
        for stage in (stages.route, stages.build, stages.submit):
            stage(ids)
        return Order.objects.filter(pk__in=ids, status=Status.SUBMITTED).count() == count

    eventually(all_sent, seconds=30)
    settle(ids)
    return orders


def settle(order_ids: list[UUID]) -> None:
    attempts = Attempt.objects.filter(order__in=order_ids)
    watched = [
        settlement.Watched(attempt, gateway.dead_check(attempt.last_valid_block_height), 0, 0)
        for attempt in attempts
    ]
    open_ones = {one.attempt.signature: one for one in watched}

    def all_done() -> bool:
        try:
            done = settlement.settle(list(open_ones.values()))
        except DexError:
            return False
        for signature in done:
            del open_ones[signature]
        return not open_ones

    eventually(all_done, seconds=40)


def require_each_swapped_once(chain: TestChain, orders: list[Order]) -> None:
    assert {stored(order).status for order in orders} == {"confirmed"}
    signatures = sorted(Attempt.objects.filter(order__in=orders).values_list("signature", flat=True))
    assert len(signatures) == len(orders)
    assert sorted(chain.swaps_of_wallet()) == signatures
