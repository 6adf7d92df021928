"""The load generator: connections, refusals, repeated posts."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from orders.proving.benchmark.load import ACCEPTED, LoadGenerator, LoadPlan, Sample, Swap
from tests.orders.scripted_engine import BREAK_OFF, ScriptedEngine, running

SWAPS = [Swap("SOL", "USDC", "0.01"), Swap("USDC", "SOL", "1.6")]


async def load(engine: ScriptedEngine, orders: int, clients: int = 1, batch: int = 1) -> list[Sample]:
    with running(engine):
        plan = LoadPlan(engine.url, orders, clients, SWAPS, run="bench-1-", batch=batch)
        return await LoadGenerator(plan).run()


async def test_clients_take_turns_with_the_swaps_on_connections_that_stay() -> None:
    engine = ScriptedEngine([(201, {"orderId": "a"})])
    samples = await load(engine, orders=6, clients=2)
    assert [sample.code for sample in samples] == [ACCEPTED] * 6
    assert engine.connections == 2
    bodies = sorted((body for _, body in engine.requests), key=lambda body: body["clientOrderId"])
    assert bodies[:2] == [
        {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "0.01", "clientOrderId": "bench-1-0"},
        {"tokenIn": "USDC", "tokenOut": "SOL", "amountIn": "1.6", "clientOrderId": "bench-1-1"},
    ]


async def test_refusals_are_counted_by_their_code() -> None:
    engine = ScriptedEngine([(429, {"code": "TOO_MANY_REQUESTS"}), (502, b"bad gateway")])
    samples = await load(engine, orders=2)
    assert [(sample.order_id, sample.code) for sample in samples] == [
        ("", "TOO_MANY_REQUESTS"),
        ("", "HTTP_502"),
    ]


async def test_a_batch_is_one_post_with_an_outcome_an_order() -> None:
    results = [
        {"status": 201, "order": {"orderId": "a"}},
        {"status": 429, "error": {"code": "TOO_MANY_REQUESTS"}},
    ]
    last = [{"status": 201, "order": {"orderId": "b"}}]
    engine = ScriptedEngine([(207, {"results": results}), (207, {"results": last})])
    samples = await load(engine, orders=3, batch=2)
    outcomes = [(sample.order_id, sample.code) for sample in samples]
    assert outcomes == [("a", ACCEPTED), ("", "TOO_MANY_REQUESTS"), ("b", ACCEPTED)]
    keys = [[order["clientOrderId"] for order in body["orders"]] for _, body in engine.requests]
    assert keys == [["bench-1-0", "bench-1-1"], ["bench-1-2"]]


async def test_a_batch_that_is_refused_counts_for_each_of_its_orders() -> None:
    engine = ScriptedEngine([(413, {"code": "PAYLOAD_TOO_LARGE"})])
    samples = await load(engine, orders=2, batch=2)
    assert [sample.code for sample in samples] == ["PAYLOAD_TOO_LARGE"] * 2


async def test_a_broken_connection_repeats_the_same_order() -> None:
    engine = ScriptedEngine([BREAK_OFF, (200, {"orderId": "a"})])
    [sample] = await load(engine, orders=1)
    assert (sample.order_id, sample.code) == ("a", ACCEPTED)
    assert [body["clientOrderId"] for _, body in engine.requests] == ["bench-1-0", "bench-1-0"]


async def test_a_server_that_always_breaks_off_is_unreachable() -> None:
    engine = ScriptedEngine([BREAK_OFF])
    [sample] = await load(engine, orders=1)
    assert (sample.order_id, sample.code, len(engine.requests)) == ("", "UNREACHABLE", 5)


async def test_settled_is_awaited_before_the_next_post() -> None:
    engine = ScriptedEngine([(201, {"orderId": "a"}), (201, {"orderId": "b"})])
    told: list[tuple[str, int]] = []

    async def settled(order_id: str) -> None:
        told.append((order_id, len(engine.requests)))

    with running(engine):
        plan = LoadPlan(engine.url, 2, 1, SWAPS, run="bench-1-")
        await LoadGenerator(plan, settled).run()
    assert told == [("a", 1), ("b", 2)]


@pytest.mark.parametrize(
    "argument",
    ["--orders=0", "--clients=-1", "--orders=many", "--pairs=SOL", "--pairs=SOL/", "--pairs=", "--batch=101"],
)
def test_arguments_that_mean_nothing_are_refused(argument: str) -> None:
    with pytest.raises(CommandError):
        call_command("bench", argument)


def test_bench_without_an_engine_ends_with_status_2() -> None:
    engine = ScriptedEngine([])
    with running(engine):
        pass
    with pytest.raises(CommandError, match="cannot measure") as refused:
        call_command("bench", "--url", engine.url, "--ready-timeout", "1", stderr=io.StringIO())
    assert refused.value.returncode == 2
