"""Shares of an amount over several pools, against an optimiser that knows nothing of them."""

from __future__ import annotations

import pytest
from scipy.optimize import minimize_scalar

from dex.routing.split import best_splits, could_gain
from dex.routing.ways import direct_ways, ranked
from dex.types import SwapMode
from tests.dex.routing.market import ask, pools, snapshot


@pytest.mark.parametrize(
    "pair", [("SOL", "USDC"), ("USDC", "SOL"), ("JUP", "SOL"), ("USDC", "USDT")], ids="-".join
)
@pytest.mark.parametrize("whole", ["3000", "50000", "900000"])
def test_a_split_is_as_good_as_the_optimisers(pair: tuple[str, str], whole: str) -> None:
    request = ask(*pair, whole)
    ways = direct_ways(snapshot(), request, pools(*pair))
    one, other = ways

    def loss(share: float) -> float:
        part = min(request.amount - 1, max(1, round(share * request.amount)))
        return -((one.worth(part) or 0) + (other.worth(request.amount - part) or 0))

    oracle = -minimize_scalar(loss, bounds=(0, 1), method="bounded", options={"xatol": 1e-9}).fun
    singles = [way.worth(request.amount) or 0 for way in ways]
    best = max([*singles, *(shares.worth for shares in best_splits(ways, request.amount, 2))])

    # To a hundredth of a basis point.
    assert (oracle - best) * 10**6 <= oracle


def test_the_shares_of_a_split_are_the_whole_amount() -> None:
    request = ask("JUP", "SOL", "1234567")
    for shares in best_splits(direct_ways(snapshot(), request, pools("JUP", "SOL")), request.amount, 3):
        assert sum(shares.amounts) == request.amount
        assert min(shares.amounts) > 0
        assert shares.worth == sum(
            way.worth(part) or 0 for way, part in zip(shares.ways, shares.amounts, strict=True)
        )


def test_where_no_split_can_gain_none_is_looked_for() -> None:
    request = ask("SOL", "USDC", "1")
    ways = direct_ways(snapshot(), request, pools("SOL", "USDC"))
    best = ranked(ways, request.amount)[0].worth(request.amount) or 0

    assert not could_gain(ways, request.amount, best, 1)
    assert not could_gain(ways, 15, best, 1)
    large = ask("SOL", "USDC", "20000").amount
    assert could_gain(ways, large, ranked(ways, large)[0].worth(large) or 0, 1)


def test_a_pool_that_would_swap_a_part_only_has_no_quote() -> None:
    request = ask("SOL", "USDC", "1", SwapMode.EXACT_OUT)
    way = direct_ways(snapshot(), request, pools("SOL", "USDC"))[0]

    assert way.worth(10**18) is None
