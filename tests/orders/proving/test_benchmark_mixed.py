"""Orders of every kind, and the judgement whether each got its quote."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from solders.pubkey import Pubkey

from dex.config import TOKENS
from dex.localnet.genesis_tokens import FEE_TOKEN
from dex.types import Path, Quote, Route, SwapMode
from dex.venues.registry import venues_for
from orders.proving.benchmark.mixed import FEE_TOKEN as NAMED_FEE_TOKEN
from orders.proving.benchmark.mixed import SHAPES, mixed_swaps
from orders.proving.benchmark.quote_check import KINDS, KindCount, check_quotes, kinds_of
from orders.proving.benchmark.records import OrderRecord
from tests.orders.proving.test_benchmark_chain_check import BOUGHT

SOL, USDC, USDT = (token.mint for token in TOKENS[:3])
LEG = Quote(
    dex="raydium",
    venue="raydium-cpmm",
    pool=Pubkey.new_unique(),
    token_in=SOL,
    token_out=USDC,
    amount_in=1_000,
    amount_out=170,
    fee_amount=1,
    fee_mint=SOL,
    price_impact_bps=0,
    slot=1,
)
ONE = Route.of(LEG)
AROUND = replace(LEG, venue="meteora-dlmm", token_out=USDT, amount_in=990)
BEHIND = replace(LEG, token_in=USDT, amount_in=170)
TWO_HOPS = Route((Path((AROUND, BEHIND), 1_000, 170),))
SPLIT = Route((ONE.paths[0], TWO_HOPS.paths[0]), SwapMode.EXACT_OUT)


def checked(route: Route, moved: tuple[int, int], **changes: Any) -> tuple[list[KindCount], list[str]]:
    record: OrderRecord = replace(BOUGHT, **changes)
    counts, checks = check_quotes([record], {record.order_id: route}, {"sig-1": moved}, ["raydium-cpmm"])
    return [count for count in counts if count.orders], [check.name for check in checks if not check.passed]


def test_a_route_counts_for_every_kind_that_it_is_of() -> None:
    assert list(kinds_of(ONE)) == ["one pool", "raydium-cpmm"]
    assert list(kinds_of(TWO_HOPS)) == ["two hops", "meteora-dlmm", "raydium-cpmm"]
    assert list(kinds_of(SPLIT))[:3] == ["split", "two hops", "exact output"]
    taxed = Route.of(replace(LEG, transfer_fee_out=1))
    assert list(kinds_of(taxed))[1] == "token with a transfer fee"


def test_an_order_that_moved_its_quote_is_equal() -> None:
    counts, failed = checked(ONE, (1_000, 170))
    assert counts == [KindCount("one pool", 1, 1), KindCount("raydium-cpmm", 1, 1)]
    assert failed == ["orders of every kind and venue"]


def test_one_unit_is_a_difference() -> None:
    for moved in ((1_000, 169), (1_000, 171), (999, 170), (1_001, 170)):
        counts, failed = checked(ONE, moved)
        assert counts[0] == KindCount("one pool", 1, 0)
        assert "every quote was executed to the unit" in failed


def test_two_hops_pay_what_their_first_leg_asks() -> None:
    assert checked(TWO_HOPS, (990, 170))[0][0] == KindCount("two hops", 1, 1)
    assert checked(TWO_HOPS, (1_000, 170))[0][0] == KindCount("two hops", 1, 0)


def test_an_order_that_was_not_executed_is_named() -> None:
    counts, failed = checked(ONE, (1_000, 170), status="failed", error_code="NO_ROUTE")
    assert (counts, failed[0]) == ([], "every order was executed")


def test_the_orders_are_of_every_kind_and_venue() -> None:
    assert str(FEE_TOKEN.mint) == NAMED_FEE_TOKEN
    named = {str(value) for shape in SHAPES for name, value in shape.bounds if name == "venues"}
    assert named == {str([venue.name]) for venue in venues_for("localnet")}
    assert len(KINDS) == 5


def test_an_exact_output_may_cost_a_tenth_more_than_was_quoted() -> None:
    asked: list[dict[str, Any]] = []

    def quote(**query: Any) -> dict[str, Any]:
        asked.append(query)
        return {"best": {"amountOutRaw": "6000000000", "amountInRaw": "50"}}

    swaps = mixed_swaps(quote, 2 * len(SHAPES))
    first, back = swaps[:2]
    assert (first.token_in, first.token_out, back.token_in) == ("SOL", "USDC", "USDC")
    # 2,000 USDC, of which 1,000 buy 6 SOL.
    assert first.more == {
        "amountInRaw": "12000000000",
        "venues": ["raydium-cpmm"],
        "maxHops": 1,
        "maxSplits": 1,
    }
    assert back.more["amountInRaw"] == "2000000000"
    bought = next(swap for swap in swaps if "amountOutRaw" in swap.more)
    assert bought.more["maxAmountInRaw"] == "55"
    assert next(query for query in asked if query.get("swapMode") == "exactOut")["venues"] == "raydium-cpmm"
    assert len({str(query) for query in asked if "swapMode" not in query}) == 5
