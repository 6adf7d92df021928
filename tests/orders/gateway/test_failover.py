"""Several nodes: one localnet behind lines that are cut, slow or silent, and beside nodes that lag or lie."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.db import connection as database
from django.test import Client

from dex.rpc.absence import APART_SLOTS
from dex.rpc.nodes import node_names
from orders import gateway
from orders.lifecycle import AttemptState, Status
from orders.models import Attempt, Order
from orders.pipeline import stages
from orders.proving.soak.proxy import TcpProxy
from tests.balanced_node import balanced_node
from tests.lagging_node import lagging_node
from tests.orders.chain import TestChain, eventually, running_chain
from tests.orders.order_runs import execute, execute_with_retries, require_each_swapped_once, stored
from tests.orders.rows import order_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines(chain: TestChain, settings: Any) -> Iterator[list[TcpProxy]]:
    """Three lines to the one chain, each a node to the engine."""
    port = urlsplit(chain.url).port
    assert port is not None
    proxies = [TcpProxy(f"node-{number}", port) for number in range(3)]
    for proxy in proxies:
        proxy.start()
    settings.SOLANA_RPC_URL = ",".join(f"http://127.0.0.1:{proxy.port}/?key=secret" for proxy in proxies)
    yield proxies
    for proxy in proxies:
        proxy.stop()


def states() -> dict[str, str]:
    return {node.name: node.state.value for node in gateway.chain_health().nodes}


def test_nodes_are_named_by_host_and_port_alone() -> None:
    urls = ["https://user:pw@one.example/key", "https://one.example/?api-key=k", "http://10.0.0.1:8899"]
    assert node_names(urls) == ["one.example", "one.example#2", "10.0.0.1:8899"]


def test_orders_confirm_through_whichever_node_answers(
    user: User, chain: TestChain, lines: list[TcpProxy], client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    orders = execute(user)
    lines[0].reset()
    orders += execute(user)
    first, second, third = (f"127.0.0.1:{proxy.port}" for proxy in lines)
    assert states()[first] == "failing"
    assert (states()[second], states()[third]) == ("ok", "ok")
    lines[1].reset()
    orders += execute(user)
    lines[0].pass_through()
    lines[2].reset()
    orders += execute(user)
    require_each_swapped_once(chain, orders)
    told = client.get("/health").content.decode() + client.get("/metrics").content.decode() + caplog.text
    assert f'orders_node_ok{{node="{second}"}} 0.0' in told
    assert "secret" not in told


def test_a_node_that_was_left_is_asked_again(user: User, chain: TestChain, lines: list[TcpProxy]) -> None:
    execute(user)
    lines[0].reset()
    execute(user)
    first = f"127.0.0.1:{lines[0].port}"
    assert states()[first] == "failing"
    lines[0].pass_through()
    eventually(lambda: states()[first] == "ok", seconds=15)


@pytest.mark.parametrize("trouble", ["blackhole", "slow"])
def test_a_silent_or_slow_node_holds_nobody_up_for_long(
    user: User, chain: TestChain, lines: list[TcpProxy], trouble: str
) -> None:
    orders = execute(user)
    if trouble == "slow":
        lines[0].delay(6_000)
    else:
        lines[0].blackhole()
    require_each_swapped_once(chain, orders + execute(user, 2))


def test_what_one_node_does_not_keep_is_read_from_another(
    user: User, chain: TestChain, settings: Any, tmp_path: Path
) -> None:
    with (
        running_chain(tmp_path, "--seed", "7") as stranger,
        balanced_node(stranger.url, chain.url, {"getTransaction"}) as keeps_nothing,
    ):
        settings.SOLANA_RPC_URL = f"{keeps_nothing.url},{chain.url}"
        settings.SOLANA_MAX_SLOTS_BEHIND = 1_000_000
        require_each_swapped_once(chain, execute(user, 2))


def test_a_node_whose_answers_never_end_holds_nobody_up_for_long(
    user: User, chain: TestChain, settings: Any
) -> None:
    with balanced_node(chain.url, chain.url, ()) as dripping:
        settings.SOLANA_RPC_URL = f"{dripping.url},{chain.url}"
        orders = execute(user)
        dripping.drips = True
        orders += execute(user, 2)
    require_each_swapped_once(chain, orders)


@pytest.mark.parametrize("kind", ["busy", "unavailable", "garbage", "behind"])
def test_a_node_that_fails_some_calls_costs_nobody_a_retry(
    user: User, chain: TestChain, settings: Any, tmp_path: Any, kind: str
) -> None:
    with lagging_node(chain.url) as other:
        settings.SOLANA_RPC_URL = f"{chain.url},{other.url}"
        execute(user)
        fault = {"method": "getMultipleAccounts", "kind": kind, "count": 1}
        chain.call("localnet_setFault", fault)
        (order,) = execute(user)
    assert (stored(order).retries, stored(order).attempt) == (0, 1)


def test_a_lagging_node_is_passed_over_and_proves_nothing(
    user: User, chain: TestChain, settings: Any
) -> None:
    with lagging_node(chain.url) as behind:
        settings.SOLANA_RPC_URL = f"{behind.url},{chain.url}"
        assert gateway.chain_health().reachable
        frozen_at = behind.freeze()
        chain.call("localnet_advance", {"slots": 60})
        name = node_names([behind.url])[0]
        eventually(lambda: states()[name] == "lagging", seconds=15)
        (order,) = execute(user)
        signature = stored(order).signature
        behind.asked.clear()
        # Past its last valid height: anyone who asked the lagging node alone would call it dead.
        chain.call("localnet_advance", {"slots": 200})
        check = gateway.dead_check(Attempt.objects.get(order=order).last_valid_block_height)
        for _ in range(3):
            (check,) = gateway.prove_dead([(signature, check)])
            chain.call("localnet_advance", {"slots": APART_SLOTS})
        assert not gateway.is_dead(check)
        assert "getEpochInfo" not in behind.asked

        settings.SOLANA_RPC_URL = behind.url
        check = gateway.dead_check(frozen_at + 1)
        for _ in range(3):
            (check,) = gateway.prove_dead([(signature, check)])
        assert not gateway.is_dead(check)
    require_each_swapped_once(chain, [order])


def test_a_node_that_falls_behind_unnoticed_only_delays_a_proof(
    user: User, chain: TestChain, settings: Any
) -> None:
    settings.SOLANA_MAX_SLOTS_BEHIND = 1_000_000
    unknown = "1" * 64
    with lagging_node(chain.url) as behind:
        settings.SOLANA_RPC_URL = f"{chain.url},{behind.url}"
        assert gateway.chain_health().reachable
        frozen_at = behind.freeze()
        chain.call("localnet_advance", {"slots": 60})
        assert gateway.chain_health().slot is not None
        eventually(lambda: states()[node_names([behind.url])[0]] == "ok")
        check = gateway.dead_check(frozen_at)
        for _ in range(3):
            (check,) = gateway.prove_dead([(unknown, check)])
            chain.call("localnet_advance", {"slots": APART_SLOTS})
        assert "getEpochInfo" in behind.asked
        assert not gateway.is_dead(check)
    settings.SOLANA_RPC_URL = chain.url
    for _ in range(3):
        (check,) = gateway.prove_dead([(unknown, check)])
        chain.call("localnet_advance", {"slots": APART_SLOTS})
    assert gateway.is_dead(check)


def test_bytes_that_one_node_swallows_land_by_another(user: User, chain: TestChain, settings: Any) -> None:
    with lagging_node(chain.url) as swallowing:
        settings.SOLANA_RPC_URL = f"{swallowing.url},{chain.url}"
        settings.SOLANA_MAX_SLOTS_BEHIND = 1_000_000
        eventually(lambda: set(states().values()) == {"ok"})
        swallowing.freeze()
        order = order_row(user)
        for stage in (stages.route, stages.build, stages.submit):
            stage([order.pk])
        signature = stored(order).signature
        eventually(lambda: chain.swaps_of_wallet() == [signature])
        eventually(lambda: "sendTransaction" in swallowing.asked)


def test_a_node_of_another_network_is_never_asked(
    user: User, chain: TestChain, settings: Any, tmp_path: Any
) -> None:
    with ExitStack() as stack:
        foreign = stack.enter_context(running_chain(tmp_path, "--play", "devnet"))
        settings.SOLANA_RPC_URL = f"{foreign.url},{chain.url}"
        orders = execute(user)
        eventually(lambda: states()[node_names([foreign.url])[0]] == "wrong network")
    require_each_swapped_once(chain, orders)


@pytest.mark.django_db(transaction=True)
def test_orders_in_flight_survive_nodes_that_come_and_go(
    user: User, chain: TestChain, lines: list[TcpProxy], client: Client
) -> None:
    execute(user)
    orders: list[Order] = []
    failed: list[str] = []

    def work() -> None:
        try:
            for _ in range(6):
                orders.extend(execute_with_retries(user, 3))
        except AssertionError as error:
            failed.append(str(error))
        finally:
            database.close()

    thread = threading.Thread(target=work)
    thread.start()
    turn = 0
    while thread.is_alive():
        broken, restored = lines[turn % 3], lines[(turn - 1) % 3]
        restored.pass_through()
        broken.reset()
        turn += 1
        thread.join(0.5)
    for line in lines:
        line.pass_through()

    assert failed == []
    assert Attempt.objects.exclude(state=AttemptState.LANDED).count() == 0
    assert Order.objects.exclude(status=Status.CONFIRMED).count() == 0
    require_each_swapped_once(chain, list(Order.objects.all()))
    assert json.loads(client.get("/health").content)["checks"]["chain"] == "ok"
