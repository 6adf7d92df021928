"""No transaction is held while a node is asked: a slow node must not hold the database's locks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection as database

from orders import gateway
from orders.intake.place import place_order
from orders.lifecycle import Status
from orders.models import Order
from orders.pipeline import followed, settle, stages
from orders.pipeline.poller import Poller
from orders.platform.loop_thread import LoopThread
from orders.wire.requests import OrderIntent
from tests.orders.chain import TestChain, eventually
from tests.orders.fakes import FakeDispatcher

pytestmark = pytest.mark.django_db(transaction=True)

Asked = list[tuple[str, bool]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Each wait for the node: on which thread, and whether a transaction was open there."""
    seen: Asked = []
    run = LoopThread.run

    def watched(self: LoopThread, coroutine: Any, timeout_seconds: int) -> Any:
        if self._name == "solana":
            seen.append((threading.current_thread().name, database.in_atomic_block))
        return run(self, coroutine, timeout_seconds)

    monkeypatch.setattr(LoopThread, "run", watched)
    return seen


@pytest.fixture
def poller() -> Iterator[Poller]:
    """A poller that follows no order of another test."""
    running = Poller(FakeDispatcher().at_due_time)
    yield running
    running.stop()


def test_no_stage_asks_the_node_inside_a_transaction(chain: TestChain, asked: Asked, poller: Poller) -> None:
    user = User.objects.create(username="trader")
    order = place_order(user, OrderIntent("SOL", "USDC", None, amount_raw=10_000_000)).order
    steps = (stages.route, stages.build, stages.submit)
    for stage in steps:
        before = len(asked)
        outcome = stage([order.pk])
        poller.watch(outcome.sent)
        assert outcome.onward == [order.pk]
        assert len(asked) > before, f"{stage.__name__} asked nothing"
    eventually(lambda: Order.objects.filter(pk=order.pk, status=Status.CONFIRMED).exists())
    Order.objects.filter(pk=order.pk).update(confirmed_at="2026-01-01T00:00:00Z")
    chain.call("localnet_advance", {"slots": 40})
    followed.finalize(poller.watch)
    assert Order.objects.get(pk=order.pk).finalized_at is not None
    assert {name for name, _ in asked} >= {"MainThread", "settlement"}
    assert [name for name, in_transaction in asked if in_transaction] == []


def test_the_watch_would_notice(chain: TestChain, asked: Asked) -> None:
    from django.db import transaction

    with transaction.atomic():
        gateway.signature_statuses(["1" * 64])
    assert asked == [("MainThread", True)]
    assert settle.settle([]) == set()
