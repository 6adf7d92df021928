"""What nodes remember, and what they cannot know.

Statuses leave the recent cache, ledgers are pruned, several nodes or networks are behind one address.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.contrib.auth.models import User

from dex.errors import WrongNetwork
from dex.rpc.absence import APART_SLOTS
from orders import gateway
from orders.lifecycle import AttemptState
from orders.models import Attempt, Order
from orders.pipeline import followed, settle, stages
from orders.pipeline.settle import Watched
from tests.balanced_node import balanced_node
from tests.orders.chain import TestChain, eventually, running_chain, use_chain
from tests.orders.fakes import FakePoller
from tests.orders.rows import order_row

pytestmark = pytest.mark.django_db

# Beyond the 300 slots that a node's status cache remembers.
PAST_STATUS_CACHE_SLOTS = 400
EVERYTHING = ("getGenesisHash", "getEpochInfo", "getBlockHeight", "getSlot", "getSignatureStatuses")


def submitted(user: User, **columns: object) -> Order:
    order = order_row(user, **columns)
    for stage in (stages.route, stages.build, stages.submit):
        stage([order.pk])
    return Order.objects.get(pk=order.pk)


def watched(order: Order) -> Watched:
    attempt = order.attempts.get(state=AttemptState.OPEN)
    now = time.monotonic()
    return Watched(attempt, gateway.dead_check(attempt.last_valid_block_height), now + 60, now)


def settle_until_done(one: Watched) -> None:
    def settled() -> bool:
        one.check_at = 0
        return one.attempt.signature in settle.settle([one])

    eventually(settled)


def test_a_swap_that_landed_while_all_workers_were_away_for_long_is_found(
    user: User, chain: TestChain
) -> None:
    order = submitted(user)
    chain.call("localnet_advance", {"slots": PAST_STATUS_CACHE_SLOTS})
    settle_until_done(watched(order))
    assert Order.objects.get(pk=order.pk).status == "confirmed"
    assert Attempt.objects.get(order=order).state == "landed"
    assert len(chain.swaps_of_wallet()) == 1


def forget_all(chain: TestChain) -> None:
    """Time passes while nobody asks, more than any node is sure to remember; then ledgers are pruned."""
    for _ in range(3):
        chain.call("localnet_advance", {"slots": 10_000})
    chain.call("localnet_forget", {"slots": 50})


def test_an_attempt_that_no_node_remembers_is_not_taken_for_dead(user: User, chain: TestChain) -> None:
    order = submitted(user)
    assert len(chain.swaps_of_wallet()) == 1
    forget_all(chain)
    one = watched(order)
    for _ in range(4):
        one.check_at = 0
        assert settle.settle([one]) == set()
        chain.call("localnet_advance", {"slots": APART_SLOTS})
    stored = Order.objects.get(pk=order.pk)
    assert (stored.status, Attempt.objects.get(order=order).state) == ("submitted", "open")


def test_an_attempt_that_never_landed_is_dead_also_long_after(user: User, chain: TestChain) -> None:
    chain.fault("sendTransaction", "swallow", 1_000)
    order = submitted(user)
    for _ in range(3):
        chain.call("localnet_advance", {"slots": 10_000})
    settle_until_done(watched(order))
    assert Order.objects.get(pk=order.pk).status == "routing"


def test_a_confirmed_order_whose_block_was_pruned_before_it_was_final_is_left_alone(
    user: User, chain: TestChain
) -> None:
    order = submitted(user)
    settle_until_done(watched(order))
    forget_all(chain)
    Order.objects.filter(pk=order.pk).update(confirmed_at=order.created_at - timedelta(days=3))
    assert followed.finalize(FakePoller().watch) == 1
    stored = Order.objects.get(pk=order.pk)
    assert (stored.status, stored.finalized_at is not None) == ("confirmed", True)
    assert Attempt.objects.get(order=order).state == "landed"


@contextmanager
def two_nodes_behind_one_address(settings: Any, folder: Path) -> Iterator[tuple[TestChain, str]]:
    """Heights come from the first node, all else from the second, whose own address is given too.

    Slots close when the test says so.
    """
    with running_chain(folder, "--nodes", "2", "--slot-ms", "3600000") as chain:
        host, _, port = chain.url.rpartition(":")
        second = f"{host}:{int(port) + 2}"
        with balanced_node(chain.url, second, {"getBlockHeight", "getEpochInfo"}) as balancer:
            use_chain(settings, chain)
            settings.SOLANA_RPC_URL = balancer.url
            yield chain, second


def test_the_height_of_one_node_and_the_statuses_of_one_behind_it_prove_nothing(
    user: User, settings: Any, tmp_path: Path
) -> None:
    with two_nodes_behind_one_address(settings, tmp_path) as (chain, second):
        chain.call("localnet_advance", {"slots": 40})
        ask(second, "localnet_setFault", {"method": "sendTransaction", "kind": "swallow"})
        order = submitted(user)
        one = watched(order)
        ask(second, "localnet_setLag", {"slots": 300})
        chain.call("localnet_advance", {"slots": 100})
        one.resend_at = 0
        settle.settle([one])
        assert chain.swaps_of_wallet() == [one.attempt.signature]
        # The second node has not come to that block yet, and goes on.
        chain.call("localnet_advance", {"slots": 203})
        for _ in range(3):
            one.check_at = 0
            assert settle.settle([one]) == set()
            chain.call("localnet_advance", {"slots": APART_SLOTS})
        assert Order.objects.get(pk=order.pk).status == "submitted"
        ask(second, "localnet_setLag", {"slots": 0})
        settle_until_done(one)
        assert Order.objects.get(pk=order.pk).status == "confirmed"


def ask(url: str, method: str, *params: object) -> Any:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return httpx2.post(url, json=body, timeout=60).json()["result"]


def test_another_network_that_answers_at_the_address_proves_nothing(
    user: User, chain: TestChain, settings: Any, tmp_path: Path
) -> None:
    with running_chain(tmp_path, "--seed", "7") as other:
        other.call("localnet_advance", {"slots": 1_000})
        with balanced_node(other.url, chain.url, ()) as balancer:
            settings.SOLANA_RPC_URL = balancer.url
            order = submitted(user)
            one = watched(order)
            balancer.to_first = frozenset(EVERYTHING)
            for _ in range(3):
                one.check_at = 0
                with pytest.raises(WrongNetwork):
                    settle.settle([one])
                other.call("localnet_advance", {"slots": APART_SLOTS})
            balancer.to_first = frozenset()
            settle_until_done(one)
    assert Order.objects.get(pk=order.pk).status == "confirmed"
