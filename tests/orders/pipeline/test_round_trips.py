"""How often an order waits for the node, counted by a node in between: a far one is paid for by the trip."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User

from orders.gateway.connection import connection
from orders.models import Order
from orders.pipeline import stages
from tests.counting_node import CountingNode, counting_node
from tests.orders.chain import TestChain, running_chain, use_chain
from tests.orders.rows import order_row

pytestmark = pytest.mark.django_db

# A machine with much to do must not make what was kept too old.
LONG_SECONDS = 600


@pytest.fixture(scope="module")
def slow_chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestChain]:
    with running_chain(tmp_path_factory.mktemp("slow"), "--slot-ms", "4000") as running:
        yield running


@pytest.fixture(scope="module")
def counting(slow_chain: TestChain) -> Iterator[CountingNode]:
    with counting_node(slow_chain.url) as node:
        yield node


@pytest.fixture
def node(
    slow_chain: TestChain, counting: CountingNode, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> CountingNode:
    """The only way to the chain; nothing that is kept grows old meanwhile."""
    for kept in ("dex.rpc.kept_blockhash", "dex.rpc.priority_fees"):
        monkeypatch.setattr(f"{kept}._FRESH_SECONDS", LONG_SECONDS)
    use_chain(settings, slow_chain)
    settings.SOLANA_RPC_URL = counting.url
    settings.QUOTED_STATE_LASTS_MS = LONG_SECONDS * 1_000
    # Pools are looked up anew beside orders, which do not wait for it.
    monkeypatch.setattr(connection().directory, "_monotonic", lambda: 0.0)
    return counting


def sent_orders_requests(user: User, node: CountingNode) -> list[list[frozenset[str]]]:
    """What each stage asks for, of an order that comes behind another one of its kind."""
    first = order_row(user)
    stages.route([first.pk])
    stages.build([first.pk])
    second, requests = order_row(user), []
    node.taken()
    for stage in (stages.route, stages.build, stages.submit):
        stage([second.pk])
        requests.append(node.taken())
    assert Order.objects.get(pk=second.pk).status == "submitted"
    return requests


ONE_READ = [[frozenset({"getMultipleAccounts"})], [], [frozenset({"sendTransaction"})]]


def test_one_read_before_the_signature_and_one_send(user: User, node: CountingNode) -> None:
    assert sent_orders_requests(user, node) == ONE_READ


def test_priority_fees_and_simulated_units_cost_no_trip(
    user: User, node: CountingNode, settings: Any
) -> None:
    settings.PRIORITY_FEE = "auto"
    settings.SIMULATE_COMPUTE_UNITS = True
    assert sent_orders_requests(user, node) == ONE_READ


def test_accounts_that_are_too_old_are_read_again(user: User, node: CountingNode, settings: Any) -> None:
    settings.QUOTED_STATE_LASTS_MS = 0
    read = [frozenset({"getMultipleAccounts"})]
    assert sent_orders_requests(user, node) == [read, read, [frozenset({"sendTransaction"})]]
