"""Compute-unit limits by simulation, and by what the quotes of the legs say."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from dex.rpc.node import SolanaRpc
from dex.transactions.swap_transaction import build_message, compute_units
from dex.transactions.units import UnitLimits
from dex.types import Route
from tests.dex.plans import at_least, check_message, leg, route_plan, swap_plan


def node(*values: Any) -> tuple[UnitLimits, list[list[Any]]]:
    """Limits of a node that answers these values in turn, and what it was asked."""
    asked: list[list[Any]] = []
    answers = iter(values)

    def handle(request: httpx2.Request) -> httpx2.Response:
        call = json.loads(request.content)
        assert call["method"] == "simulateTransaction"
        asked.append(call["params"])
        value = next(answers)
        if isinstance(value, httpx2.Response):
            return value
        result = {"context": {"slot": 1}, "value": value}
        return httpx2.Response(200, json={"jsonrpc": "2.0", "id": 0, "result": result})

    return UnitLimits(SolanaRpc("http://node.test", transport=httpx2.MockTransport(handle))), asked


@pytest.mark.parametrize(("consumed", "limit"), [(1_000, 11_200), (300_000, 370_000), (1_300_000, 1_400_000)])
async def test_a_limit_is_a_fifth_and_some_above_the_simulation(consumed: int, limit: int) -> None:
    plan = swap_plan("SOL", "USDC")
    limits, asked = node({"err": None, "unitsConsumed": consumed})
    simulated = await limits.simulated(plan)
    assert compute_units(simulated) == limit
    check_message(build_message(simulated), simulated)
    [[text, config]] = asked
    assert (config["sigVerify"], config["replaceRecentBlockhash"]) == (False, True)
    assert isinstance(text, str)


async def test_a_pool_and_direction_is_simulated_once() -> None:
    limits, asked = node(*[{"err": None, "unitsConsumed": 300_000}] * 3)
    there, back = swap_plan("SOL", "USDC"), swap_plan("USDC", "SOL")
    for plan in (there, at_least(there, 7), back, swap_plan("SOL", "USDC", "meteora"), back):
        assert compute_units(await limits.simulated(plan)) == 370_000
    assert len(asked) == 3


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(503),
        {"err": {"InstructionError": [3, "Custom"]}, "unitsConsumed": 900_000},
        {"err": None},
        {"err": None, "unitsConsumed": "many"},
    ],
)
async def test_without_a_usable_answer_the_measured_limit_stays_and_the_next_order_asks(answer: Any) -> None:
    limits, asked = node(answer, {"err": None, "unitsConsumed": 300_000})
    plan = swap_plan("SOL", "USDC")
    assert await limits.simulated(plan) == plan
    assert compute_units(await limits.simulated(plan)) == 370_000
    assert len(asked) == 2


async def test_a_simulation_goes_not_below_what_the_quote_of_this_amount_needs() -> None:
    limits, _ = node({"err": None, "unitsConsumed": 20_000})
    crossing = replace(leg("raydium", "SOL", "USDC", 5_000_000, 1_000), compute_units=90_000)
    plan = route_plan(replace(Route.of(crossing), min_amount_out=1_000))
    assert compute_units(await limits.simulated(plan)) == 90_000
