"""The best routes over localnet's first pools: one pool, two hops, splits."""

from __future__ import annotations

import pytest

from dex.routing.search import Bounds, Candidates, find_routes, reads
from dex.types import QuoteRequest, Quotes, Route, SwapMode
from tests.dex.routing.market import MINT, ask, candidates, pools, snapshot


def found(request: QuoteRequest, among: Candidates, bounds: Bounds | None = None) -> Quotes:
    return find_routes(request, among, snapshot(), bounds or Bounds())


def test_a_small_order_takes_one_pool_and_keeps_the_loser() -> None:
    quotes = found(ask("SOL", "USDC", "1"), candidates("SOL", "USDC"))

    assert [len(route.legs) for route in quotes.quotes] == [1, 1]
    assert [route.venue for route in quotes.quotes] == ["raydium-cpmm", "meteora-damm-v2"]
    assert quotes.quotes[0].amount_out > quotes.quotes[1].amount_out


def test_a_large_order_is_split_and_beats_every_single_pool() -> None:
    quotes = found(ask("SOL", "USDC", "20000"), candidates("SOL", "USDC"))
    best, *others = quotes.quotes

    assert {leg.venue for leg in best.legs} == {"raydium-cpmm", "meteora-damm-v2"}
    assert best.amount_in == 20_000 * 10**9
    singles = [route for route in others if len(route.legs) == 1]
    assert len(singles) == 2
    assert best.amount_out > max(route.amount_out for route in singles) * 1.001


def test_no_other_shares_of_a_split_pay_more() -> None:
    request = ask("SOL", "USDC", "20000")
    best = found(request, candidates("SOL", "USDC")).quotes[0]
    one, other = best.paths
    by_address = {pool.address: pool for pool in pools("SOL", "USDC")}

    for moved in (10**6, 10**9, 10**11):
        for sign in (1, -1):
            legs = [(one, one.amount_in + sign * moved), (other, other.amount_in - sign * moved)]
            total = sum(
                by_address[path.legs[0].pool]
                .quote(snapshot(), QuoteRequest(request.token_in, request.token_out, amount))
                .amount_out
                for path, amount in legs
            )
            assert total <= best.amount_out


def test_two_hops_leave_nothing_of_the_middle_token() -> None:
    route = found(ask("BONK", "USDC", "1000000"), candidates("BONK", "USDC", "SOL")).quotes[0]
    first, last = route.legs

    assert route.middles == (MINT["SOL"],)
    assert (first.mode, last.mode) == (SwapMode.EXACT_OUT, SwapMode.EXACT_IN)
    assert first.amount_out == last.amount_in
    assert first.amount_in <= route.amount_in == 1_000_000 * 10**5
    assert route.amount_out == last.amount_out


def test_two_hops_for_an_exact_output_buy_at_least_that_much() -> None:
    request = ask("BONK", "USDC", "100", SwapMode.EXACT_OUT)
    route = found(request, candidates("BONK", "USDC", "SOL")).quotes[0]
    first, last = route.legs

    assert route.mode is SwapMode.EXACT_OUT
    assert last.amount_out >= 100 * 10**6
    assert first.amount_out == last.amount_in
    assert route.amount_in == first.amount_in


def test_an_exact_output_is_split_where_that_costs_less() -> None:
    request = ask("SOL", "USDC", "3000000", SwapMode.EXACT_OUT)
    best, *others = found(request, candidates("SOL", "USDC")).quotes

    assert len(best.paths) == 2
    assert best.amount_out == 3_000_000 * 10**6
    assert best.amount_in < min(route.amount_in for route in others)


@pytest.mark.parametrize(
    ("bounds", "most_legs"), [(Bounds(most_hops=1), 1), (Bounds(most_hops=2), 2)], ids=["one hop", "two"]
)
def test_bounds_of_hops_are_kept(bounds: Bounds, most_legs: int) -> None:
    quotes = found(ask("JUP", "SOL", "1000"), candidates("JUP", "SOL", "USDC"), bounds)

    assert max(len(path.legs) for route in quotes.quotes for path in route.paths) == most_legs


def test_a_split_of_one_path_is_no_split() -> None:
    quotes = found(ask("SOL", "USDC", "20000"), candidates("SOL", "USDC"), Bounds(most_paths=1))

    assert {len(route.paths) for route in quotes.quotes} == {1}


def test_paths_of_one_route_share_no_pool() -> None:
    quotes = found(ask("JUP", "SOL", "30000000"), candidates("JUP", "SOL", "USDC"), Bounds())
    splits = [route for route in quotes.quotes if len(route.paths) > 1]

    assert splits
    for route in splits:
        addresses = [leg.pool for leg in route.legs]
        assert len(set(addresses)) == len(addresses)


def test_the_same_snapshot_gives_the_same_routes() -> None:
    def ask_again() -> tuple[Route, ...]:
        return found(ask("JUP", "SOL", "30000000"), candidates("JUP", "SOL", "USDC")).quotes

    assert ask_again() == ask_again()


@pytest.mark.parametrize("mode", list(SwapMode))
def test_pools_on_the_way_say_why_there_is_no_route(mode: SwapMode) -> None:
    amount = 1 if mode is SwapMode.EXACT_IN else 10**15
    request = QuoteRequest(MINT["BONK"], MINT["USDC"], amount, mode)
    quotes = found(request, candidates("BONK", "USDC", "SOL"))

    assert quotes.quotes == ()
    code = "AMOUNT_TOO_SMALL" if mode is SwapMode.EXACT_IN else "INSUFFICIENT_LIQUIDITY"
    assert {error.code for error in quotes.errors} == {code}
    assert all(error.pool is not None for error in quotes.errors)


def test_a_pair_without_pools_has_no_route_and_no_error() -> None:
    quotes = found(ask("BONK", "USDC", "1"), Candidates(()))

    assert (quotes.quotes, quotes.errors) == ((), ())


def test_every_candidate_is_named_for_reading() -> None:
    request, among = ask("BONK", "USDC", "1000"), candidates("BONK", "USDC", "SOL")

    named = list(reads(request, among, snapshot()))

    assert {pool.address for _, pool in named} == {
        pool.address for pool in (*pools("BONK", "SOL"), *pools("SOL", "USDC"))
    }
    assert {(asked.token_in, asked.token_out) for asked, _ in named} == {
        (MINT["BONK"], MINT["SOL"]),
        (MINT["SOL"], MINT["USDC"]),
    }
