"""What a swap bids: percentiles of what others paid, bounds, and what a node that errs costs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence

import httpx2
import pytest
from solders.pubkey import Pubkey

from dex.rpc.node import SolanaRpc
from dex.rpc.priority_fees import FeeBid, FeeLevel, FeeMarket, percentile, read_fee_level
from dex.transactions.swap_transaction import written_accounts
from tests.dex.plans import swap_plan


def market(answer: Callable[[list[str]], httpx2.Response], asked: list[list[str]]) -> FeeMarket:
    def handle(request: httpx2.Request) -> httpx2.Response:
        call = json.loads(request.content)
        assert call["method"] == "getRecentPrioritizationFees"
        asked.append(call["params"][0])
        return answer(asked[-1])

    return FeeMarket(SolanaRpc("http://node.test", transport=httpx2.MockTransport(handle)))


def fees(*prices: int) -> httpx2.Response:
    result = [{"slot": 100 + number, "prioritizationFee": price} for number, price in enumerate(prices)]
    return httpx2.Response(200, json={"jsonrpc": "2.0", "id": 0, "result": result})


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ((), 50, 0),
        ((7,), 1, 7),
        ((3, 1, 2), 50, 2),
        ((4, 3, 2, 1), 50, 2),
        ((4, 3, 2, 1), 51, 3),
        ((4, 3, 2, 1), 100, 4),
        (range(1, 101), 95, 95),
        ((2**64 - 1, 0), 75, 2**64 - 1),
    ],
)
def test_a_percentile_is_one_of_the_values(values: Sequence[int], percent: int, expected: int) -> None:
    assert percentile(values, percent) == expected


@pytest.mark.parametrize(
    ("level", "prices"),
    [
        (FeeLevel.LOW, [25, 25, 25, 25]),
        (FeeLevel.MEDIUM, [50, 50, 50, 50]),
        (FeeLevel.HIGH, [75, 75, 75, 75]),
        (FeeLevel.AUTO, [50, 75, 95, 95]),
        (FeeLevel.MAX, [1_000, 1_000, 1_000, 1_000]),
        (12_345, [12_345] * 4),
    ],
)
def test_a_level_bids_its_percentile_and_auto_more_with_each_attempt(
    level: FeeLevel | int, prices: list[int]
) -> None:
    bid = FeeBid(level, floor=0, cap=1_000)
    assert [bid.price(range(1, 101), attempt) for attempt in (1, 2, 3, 4)] == prices


def test_a_level_stays_between_floor_and_cap() -> None:
    bid = FeeBid(FeeLevel.HIGH, floor=10, cap=20)
    assert [bid.price(recent, 1) for recent in ((), (5, 5), (15, 15), (2**64, 2**64))] == [10, 10, 15, 20]


@pytest.mark.parametrize("text", ["", "fast", "-1", "1.5", "1e3", "AUTO", "٣", "1_000"])
def test_what_is_no_level_and_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_fee_level(text)


def test_levels_and_numbers_are_read() -> None:
    assert [read_fee_level(text) for text in ("auto", "low", "0", "5000")] == ["auto", "low", 0, 5_000]


@pytest.mark.parametrize("dex", ["raydium", "meteora"])
def test_the_accounts_asked_for_are_the_written_ones_of_others(dex: str) -> None:
    plan = swap_plan("SOL", "USDC", dex)
    written = written_accounts(plan)
    assert plan.route.pool in written
    program = plan.venues[plan.route.venue].program_id
    assert not {plan.payer, plan.account_in, plan.account_out, plan.token_in, program} & set(written)
    assert len(written) >= 3


async def test_a_pool_is_asked_for_once_in_two_seconds() -> None:
    asked: list[list[str]] = []
    prices = market(lambda _: fees(5, 6), asked)
    first, other = swap_plan("SOL", "USDC"), swap_plan("SOL", "USDC", "meteora")
    assert [list(await prices.recent_prices(plan)) for plan in (first, first, other)] == [[5, 6]] * 3
    assert len(asked) == 2
    assert [str(first.route.pool) in asked[0], str(other.route.pool) in asked[1]] == [True, True]


class SetClock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Node:
    """Prices that rise by one with each question."""

    asked = 0

    async def recent_prioritization_fees(self, written: Sequence[Pubkey], /) -> Sequence[int]:
        self.asked += 1
        return [self.asked]


async def test_prices_that_are_not_new_are_bid_by_while_newer_ones_come() -> None:
    node, clock = Node(), SetClock()
    prices, plan = FeeMarket(node, monotonic=clock), swap_plan("SOL", "USDC")
    assert await prices.recent_prices(plan) == [1]
    clock.now += 2
    assert await prices.recent_prices(plan) == [1]
    await asyncio.sleep(0)
    assert await prices.recent_prices(plan) == [2]
    clock.now += 20
    assert await prices.recent_prices(plan) == [3]


@pytest.mark.parametrize(
    "answer",
    [
        httpx2.Response(503),
        httpx2.Response(429),
        httpx2.Response(200, text="<html>"),
        httpx2.Response(
            200, json={"jsonrpc": "2.0", "id": 0, "error": {"code": -32601, "message": "no such method"}}
        ),
        httpx2.Response(200, json={"jsonrpc": "2.0", "id": 0, "result": [{"slot": 1}]}),
        httpx2.Response(200, json={"jsonrpc": "2.0", "id": 0, "result": [{"prioritizationFee": 1.5}]}),
    ],
)
async def test_a_node_that_errs_costs_the_floor_and_is_asked_again(answer: httpx2.Response) -> None:
    asked: list[list[str]] = []
    answers = iter([answer, fees(7)])
    prices = market(lambda _: next(answers), asked)
    bid = FeeBid(FeeLevel.MEDIUM, floor=3, cap=9)
    assert bid.price(await prices.recent_prices(swap_plan("SOL", "USDC")), 1) == 3
    assert bid.price(await prices.recent_prices(swap_plan("SOL", "USDC")), 1) == 7
