"""Prices on demand: pools move now, and back to what they had."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest

from dex.config import LOCALNET, tokens_of
from dex.localnet.chain import Chain
from dex.localnet.errors import RpcError
from dex.localnet.parameters import Parameters
from dex.localnet.scenario.mover import PoolMover
from dex.localnet.scenario.moves import PriceMoves
from dex.localnet.scenario.script import step_now
from dex.localnet.server import Localnet, open_chain
from tests.dex.localnet.network_swaps import options

TOKENS = tokens_of(LOCALNET)


@pytest.fixture
def chain() -> Iterator[Chain]:
    found = open_chain(options())
    yield found
    found.ledger.close()


def prices(chain: Chain) -> dict[tuple[str, str], Fraction]:
    """Of the pools of SOL and USDC, in USDC for a SOL."""
    step = step_now({"pair": "SOL/USDC", "price": "1"}, TOKENS)
    mover = PoolMover(chain, LOCALNET)
    opened = {pool.address: pool for _, pool in mover.pools(chain.bank, step)}
    found = mover.prices(chain.bank, step)
    return {
        (each.venue, str(each.pool)): 1000
        * (each.price if opened[each.pool].mints[0] == step.base else 1 / each.price)
        for each in found
    }


def call(moves: PriceMoves, chain: Chain, method: str, *parameters: object) -> object:
    return moves.methods()[method](chain, Parameters(list(parameters)))


def test_all_pools_of_a_pair_move_and_come_back(chain: Chain) -> None:
    moves, before = PriceMoves(chain, LOCALNET, TOKENS), prices(chain)
    call(moves, chain, "localnet_setPrice", {"pair": "SOL/USDC", "price": "150"})
    moved = prices(chain)
    call(moves, chain, "localnet_setPrice", {"pair": "SOL/USDC", "price": "171.5"})
    answer = call(moves, chain, "localnet_resetPrices")

    assert len(before) >= 6
    # Those of a range of prices stay at its end where it comes first.
    exact = [price for (venue, _), price in moved.items() if venue.startswith(("raydium", "orca"))]
    assert len(exact) >= 3
    assert all(abs(price - 150) < Fraction(1, 1000) for price in exact)
    after = prices(chain)
    assert after.keys() == before.keys()
    assert all(abs(after[pool] / before[pool] - 1) < Fraction(1, 10**6) for pool in before)
    assert isinstance(answer, dict)
    assert sorted(answer["value"]) == sorted(pool for _, pool in before)


def test_a_reset_without_a_move_changes_nothing(chain: Chain) -> None:
    before = prices(chain)
    answer = call(PriceMoves(chain, LOCALNET, TOKENS), chain, "localnet_resetPrices")
    assert isinstance(answer, dict)
    assert answer["value"] == []
    assert prices(chain) == before


@pytest.mark.parametrize(
    ("move", "why"),
    [
        ({"pair": "SOL/USDC", "price": 150}, "expected a decimal string above 0"),
        ({"pair": "SOL/EUR", "price": "150"}, "is not BASE/QUOTE of"),
        ({"pair": "SOL/USDC"}, "has no price"),
        ({"pair": "BONK/JUP", "price": "1"}, "no pool of this pair can be moved"),
    ],
)
def test_a_move_that_cannot_be_made_is_refused(chain: Chain, move: object, why: str) -> None:
    with pytest.raises(RpcError, match=why):
        call(PriceMoves(chain, LOCALNET, TOKENS), chain, "localnet_setPrice", move)


def test_a_network_without_prices_on_demand_lacks_the_method() -> None:
    for network, there in ((None, False), (LOCALNET, True)):
        localnet = Localnet(replace(options(), price_network=network))
        assert ("localnet_setPrice" in localnet._nodes[0].dispatcher._methods) is there
        localnet.chain.ledger.close()
