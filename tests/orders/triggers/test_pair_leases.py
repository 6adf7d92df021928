"""Pairs are shared out over workers, taken over from one that died, and reported where they have no price."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from orders.models import WatchedPair, WorkerProcess
from orders.records import leases, watched_pairs
from orders.records.open_orders import Pair
from orders.triggers.watcher import Watcher
from tests.orders.chain import TestChain
from tests.orders.order_runs import stored
from tests.orders.triggers.waiting_orders import looks, move_price, place, price_now, statuses, times


class Workers:
    """Two processes, as far as leases know them apart."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch
        self.tokens = uuid4(), uuid4()
        for number, token in enumerate(self.tokens):
            WorkerProcess.objects.create(
                id=token, name=f"worker-{number}", pid=number, started=0, seen_at=timezone.now()
            )

    @contextmanager
    def process(self, number: int) -> Iterator[UUID]:
        """What is done within is done by this worker."""
        with self._patch.context() as patch:
            patch.setattr(leases, "first_token", lambda: self.tokens[number])
            yield self.tokens[number]

    def share(self, number: int) -> set[Pair]:
        with self.process(number):
            return watched_pairs.share({})


@pytest.fixture
def workers(db: None, monkeypatch: pytest.MonkeyPatch) -> Workers:
    return Workers(monkeypatch)


def run_out() -> None:
    """The leases of pairs have run out."""
    WatchedPair.objects.update(lease_until=timezone.now() - timedelta(milliseconds=1))


def two_pairs(user: User) -> set[Pair]:
    now = price_now()
    first = place(user, type="limit", limitPrice=times(now, 110))
    second = place(user, type="limit", tokenIn="USDC", tokenOut="SOL", amountIn="100", limitPrice="0.009")
    return {(order.token_in, order.token_out) for order in (first, second)}


def test_two_workers_share_the_pairs(user: User, chain: TestChain, workers: Workers) -> None:
    pairs = two_pairs(user)
    one, other = workers.share(0), workers.share(1)
    assert (len(one), len(other)) == (1, 1)
    assert one | other == pairs
    assert workers.share(0) == one


def test_pairs_of_a_dead_worker_are_taken_over(user: User, chain: TestChain, workers: Workers) -> None:
    pairs = two_pairs(user)
    workers.share(0)
    mine = workers.share(1)
    assert len(mine) == 1
    # The other is not seen any more, and its leases last 3 s: within 5 s, with the second between looks.
    assert watched_pairs.LEASE_SECONDS + 1 < 5
    WorkerProcess.objects.filter(pk=workers.tokens[0]).delete()
    assert workers.share(1) == mine
    run_out()
    assert workers.share(1) == pairs


def test_a_frozen_watcher_that_returns_fires_nothing_twice(
    user: User, chain: TestChain, workers: Workers
) -> None:
    order = place(user, type="limit", limitPrice=times(price_now(), 110))
    frozen, other = Watcher(), Watcher()
    with workers.process(0):
        assert looks(frozen, chain) == []
    run_out()
    WorkerProcess.objects.filter(pk=workers.tokens[0]).delete()
    move_price(chain, 130)
    with workers.process(1):
        assert [each.pk for each in looks(other, chain)] == [order.pk]
    with workers.process(0):
        assert looks(frozen, chain, 2) == []
    assert statuses(order) == ["open", "routing"]
    assert stored(order).attempts.count() == 0


def test_pairs_without_a_price_are_reported(user: User, chain: TestChain, client: Client) -> None:
    order = place(user, type="limit", limitPrice=times(price_now(), 110))
    watched_pairs.share({})
    assert checks(client) == (1, 0, 0)
    WatchedPair.objects.update(waits_since=timezone.now() - timedelta(seconds=60))
    count, pairs, seconds = checks(client)
    assert (count, pairs) == (1, 1)
    assert 60 <= seconds < 90
    pair = f'{{token_in="{order.token_in}",token_out="{order.token_out}"}}'
    lines = client.get("/metrics").content.decode().splitlines()
    assert "orders_open 1.0" in lines
    [late] = [line for line in lines if line.startswith(f"orders_pair_without_price_seconds{pair} ")]
    assert float(late.rpartition(" ")[2]) >= 60
    looks(Watcher(), chain)
    WatchedPair.objects.update(priced_at=timezone.now())
    assert checks(client) == (1, 0, 0)


def checks(client: Client) -> tuple[int, int, int]:
    found = client.get("/health").json()["checks"]
    return found["openOrders"], found["pairsWithoutPrice"], found["secondsWithoutPrice"]
