"""Routes that do not fit into one transaction give way to the next best that do."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from dex.routing.batch import Ask, route_batch
from dex.routing.fitting import Fitting
from dex.routing.search import Bounds, Candidates, find_routes
from dex.routing.way import Part
from dex.routing.ways import direct_ways
from dex.transactions.token_accounts import parse_token_account
from dex.types import Quotes, Route, Snapshot, SwapMode, VenueError
from dex.venues.base import Pool
from tests.dex.routing.market import MINT, ask, candidates, pools, snapshot

VENUES = ("raydium-cpmm", "meteora-damm-v2", "raydium-amm-v4", "orca-whirlpool")


class Refusing:
    """No route over all of these venues together fits; counts what it is asked."""

    def __init__(self, *refused: Collection[str]) -> None:
        self.refused = [frozenset(one) for one in refused]
        self.asked = 0

    def __call__(self, route: Route, _: Snapshot) -> bool:
        self.asked += 1
        return not any(one <= {leg.venue for leg in route.legs} for one in self.refused)


def found(whole: str, among: Candidates, refusing: Refusing, pair: Sequence[str] = ("SOL", "USDC")) -> Quotes:
    fitting = Fitting(refusing)
    return find_routes(ask(*pair, whole), among, snapshot(), Bounds(), fits=fitting.together)


def venues_of(quotes: Quotes) -> list[str]:
    return sorted(leg.venue for leg in quotes.quotes[0].legs)


def too_large(quotes: Quotes) -> list[VenueError]:
    return [error for error in quotes.errors if error.code == "ROUTE_TOO_LARGE"]


def test_the_best_two_that_fit_are_taken_where_three_do_not() -> None:
    among = Candidates(pools("SOL", "USDC", VENUES))
    best = found("20000", among, Refusing())
    assert len(best.quotes[0].paths) == 3
    first = set(venues_of(best))
    triples = [{*VENUES} - {left} for left in VENUES]
    two = found("20000", among, Refusing(*triples))

    assert len(two.quotes[0].paths) == 2
    assert two.quotes[0].amount_out < best.quotes[0].amount_out
    assert {error.venue for error in too_large(two)} <= first
    assert len(too_large(two)) == 1


def test_another_two_are_taken_where_the_best_two_do_not_fit() -> None:
    among = Candidates(pools("SOL", "USDC", VENUES))
    triples = [{*VENUES} - {left} for left in VENUES]
    best_two = venues_of(found("20000", among, Refusing(*triples)))
    other = found("20000", among, Refusing(*triples, best_two))

    assert len(other.quotes[0].paths) == 2
    assert venues_of(other) != best_two
    assert max(len(route.paths) for route in other.quotes) == 2


def test_an_amount_that_no_pool_gives_alone_comes_from_two_that_fit() -> None:
    among = Candidates(pools("SOL", "USDC", VENUES[:3]))
    held = sorted(reserve(pool, "USDC") for pool in among.direct)
    wanted = str((held[-1] + held[0] // 2) // 10**6)
    request = ask("SOL", "USDC", wanted, SwapMode.EXACT_OUT)
    free = find_routes(request, among, snapshot(), Bounds())
    refused = [{leg.venue for leg in route.legs} for route in free.quotes]
    fitting = Fitting(Refusing(*refused))
    quotes = find_routes(request, among, snapshot(), Bounds(), fits=fitting.together)

    assert min(len(route.paths) for route in free.quotes) == 2
    assert len(quotes.quotes[0].paths) == 2
    assert set(venues_of(quotes)) not in refused
    assert quotes.quotes[0].amount_out == request.amount


def reserve(pool: Pool, symbol: str) -> int:
    vault = pool.vaults[pool.mints.index(MINT[symbol])]
    return parse_token_account(snapshot().account(vault)).amount


def test_a_way_over_a_middle_token_gives_way_to_one_that_fits() -> None:
    among = candidates("BONK", "USDC", "SOL")
    best = found("1000000", among, Refusing(), ("BONK", "USDC"))
    over = [leg.venue for leg in best.quotes[0].legs]
    refused = Fitting(lambda route, _: [leg.venue for leg in route.legs] != over)
    request = ask("BONK", "USDC", "1000000")
    other = find_routes(request, among, snapshot(), Bounds(), fits=refused.together)

    assert len(other.quotes[0].legs) == 2
    assert [leg.venue for leg in other.quotes[0].legs] != over
    assert other.quotes[0].amount_out < best.quotes[0].amount_out
    assert [(error.venue, error.code) for error in too_large(other)] == [(over[0], "ROUTE_TOO_LARGE")]


def test_a_pool_that_does_not_fit_alone_is_not_offered() -> None:
    quotes = found("1", candidates("SOL", "USDC"), Refusing({"raydium-cpmm"}))

    assert [route.venue for route in quotes.quotes] == ["meteora-damm-v2"]
    assert [error.venue for error in too_large(quotes)] == ["raydium-cpmm"]


def test_the_same_pools_are_sized_once() -> None:
    refusing = Refusing()
    fitting = Fitting(refusing)
    among = candidates("SOL", "USDC")
    for whole in ("20000", "21000", "22000"):
        find_routes(ask("SOL", "USDC", whole), among, snapshot(), Bounds(), fits=fitting.together)

    # Each pool, and the two together.
    assert refusing.asked == 3


def test_what_turned_out_too_large_is_not_found_again() -> None:
    fitting = Fitting(lambda _route, _: True)
    among = candidates("SOL", "USDC")
    request = ask("SOL", "USDC", "20000")
    best = find_routes(request, among, snapshot(), Bounds(), fits=fitting.together).quotes[0]
    assert len(best.paths) == 2
    fitting.note_too_large(best)
    ways = {way.pools[0].address: way for way in direct_ways(snapshot(), request, among.direct)}
    parts: list[Part] = [(ways[path.legs[0].pool], path.amount_in) for path in best.paths]

    assert not fitting.together(parts)
    again = find_routes(request, among, snapshot(), Bounds(), fits=fitting.together)
    assert again.quotes[0].paths[0].legs != best.paths[0].legs


def test_orders_of_a_batch_are_quoted_behind_routes_that_fit() -> None:
    among = Candidates(pools("SOL", "USDC", VENUES[:2]))
    asks = [Ask(ask("SOL", "USDC", "20000"), among, Bounds())] * 2
    fitting = Fitting(Refusing(VENUES[:2]))

    first, second = route_batch(asks, snapshot(), lambda _: True, fitting.together)

    [taken] = first.quotes[0].legs
    used = {pool.address: pool for pool in among.direct}[taken.pool]
    after = find_routes(
        asks[1].request, among, used.after(snapshot(), taken), Bounds(), fits=fitting.together
    )
    assert [route.amount_out for route in second.quotes] == [route.amount_out for route in after.quotes]


def test_room_for_any_amount_is_asked_for_once() -> None:
    route = found("1", candidates("SOL", "USDC"), Refusing()).quotes[0]
    fitting = Fitting(Refusing())
    asked: list[Route] = []

    def ask_once(one: Route) -> bool:
        asked.append(one)
        return True

    assert fitting.has_room(route, ask_once)
    assert fitting.has_room(route, ask_once)
    assert asked == [route]


def test_looks_side_by_side_ask_for_their_own_pools_and_share_answers() -> None:
    among, known = Candidates(pools("SOL", "USDC", VENUES)), Fitting(Refusing())
    mine, others = Refusing(), Refusing()
    first, second = known.asking(mine), known.asking(others)
    for fitting in (first, second):
        find_routes(ask("SOL", "USDC", "20000"), among, snapshot(), Bounds(), fits=fitting.together)
    assert (mine.asked > 0, others.asked) == (True, 0)
