"""Requests of one batch: each is quoted against the state that the ones before it leave."""

from __future__ import annotations

from dex.routing.batch import Ask, route_batch
from dex.routing.search import Bounds, Candidates
from dex.types import QuoteRequest, Route, Snapshot, VenueError
from tests.dex.routing.market import ask, candidates, pools, snapshot

ONE_POOL = Bounds(most_hops=1, most_paths=1)


def test_the_second_order_pays_the_price_that_the_first_leaves() -> None:
    cpmm, _ = pools("SOL", "USDC")
    among = Candidates((cpmm,))
    request = ask("SOL", "USDC", "1000")

    first, second = route_batch([Ask(request, among, ONE_POOL)] * 2, snapshot(), lambda _: True)

    left = cpmm.after(snapshot(), first.quotes[0].legs[0])
    assert second.quotes[0].amount_out == cpmm.quote(left, request).amount_out
    assert second.quotes[0].amount_out < first.quotes[0].amount_out


def test_an_order_that_does_not_go_on_moves_no_price() -> None:
    asks = [Ask(ask("SOL", "USDC", "1000"), candidates("SOL", "USDC"), ONE_POOL)] * 2

    first, second = route_batch(asks, snapshot(), lambda _: False)

    assert first == second


def test_an_order_in_the_other_direction_gets_the_better_price() -> None:
    cpmm, _ = pools("SOL", "USDC")
    among = Candidates((cpmm,))
    back = ask("USDC", "SOL", "100000")
    alone = route_batch([Ask(back, among, ONE_POOL)], snapshot(), lambda _: True)[0]

    _, behind = route_batch(
        [Ask(ask("SOL", "USDC", "1000"), among, ONE_POOL), Ask(back, among, ONE_POOL)],
        snapshot(),
        lambda _: True,
    )

    assert behind.quotes[0].amount_out > alone.quotes[0].amount_out


def test_answers_come_in_the_order_of_the_requests_with_their_errors() -> None:
    busy = VenueError("raydium-clmm", "CHAIN_BUSY", "429")
    among = Candidates(pools("SOL", "USDC"), errors=(busy,))
    requests: list[QuoteRequest] = [ask("SOL", "USDC", amount) for amount in ("2", "1", "3")]

    batch = route_batch([Ask(one, among, ONE_POOL) for one in requests], snapshot(), lambda _: True)

    assert [quotes.request for quotes in batch] == requests
    assert all(quotes.errors == (busy,) for quotes in batch)


def test_a_batch_quotes_as_each_request_alone_over_its_own_state() -> None:
    between = [
        ("SOL", "USDC", "3"),
        ("SOL", "USDC", "3"),
        ("USDC", "SOL", "900"),
        ("SOL", "USDC", "3"),
        ("JUP", "SOL", "50"),
        ("SOL", "USDC", "3"),
    ]
    asks = [Ask(ask(*each), candidates(*each[:2]), Bounds()) for each in between]
    state, alone = snapshot(), []
    for number, one in enumerate(asks):
        [found] = route_batch([one], state, lambda _: False)
        alone.append(found)
        state = state_after(found.quotes[0], state, asks[number + 1 :])

    assert route_batch(asks, snapshot(), lambda _: True) == alone


def state_after(route: Route, state: Snapshot, later: list[Ask]) -> Snapshot:
    pools_of_later = {pool.address: pool for one in later for pool in one.candidates.pools()}
    for leg in route.legs:
        if leg.pool in pools_of_later:
            state = pools_of_later[leg.pool].after(state, leg)
    return state
