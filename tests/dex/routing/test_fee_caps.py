"""When a transfer fee with a maximum lets prices rise with the amount."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dex.config import TOKENS
from dex.localnet.genesis_tokens import FEE_TOKEN
from dex.routing.fee_caps import may_reach_a_maximum
from dex.types import Snapshot
from dex.venues.base import Pool
from tests.dex.plans import GENESIS, POOLS, genesis_snapshot

USDC = next(token.mint for token in TOKENS if token.symbol == "USDC")
SOL = next(token.mint for token in TOKENS if token.symbol == "SOL")
# The maximum of 5,000 tokens at half a percent.
FROM_WHERE_IT_HOLDS = 1_000_000 * 10**6


def between(one: object, other: object) -> list[Pool]:
    return [pool for pool in POOLS.values() if set(pool.mints) == {one, other}]


@pytest.mark.parametrize(
    ("sold", "reaches"), [(FROM_WHERE_IT_HOLDS - 200, False), (FROM_WHERE_IT_HOLDS, True)]
)
def test_what_is_sold_reaches_it_by_its_own_amount(sold: int, reaches: bool) -> None:
    pools = between(FEE_TOKEN.mint, USDC)

    assert pools
    assert may_reach_a_maximum(pools, genesis_snapshot(), FEE_TOKEN.mint, sold) is reaches


def test_what_is_bought_reaches_it_by_what_pools_hold() -> None:
    pools, snapshot = between(FEE_TOKEN.mint, USDC), genesis_snapshot()

    assert may_reach_a_maximum(pools, snapshot, USDC, 1)
    assert not may_reach_a_maximum(pools, with_little(pools, snapshot), USDC, 1)


def with_little(pools: list[Pool], snapshot: Snapshot) -> Snapshot:
    """The pools with 1,000 base units of each token."""
    vaults = [vault for pool in pools for vault in pool.vaults]
    little = {}
    for vault in vaults:
        account = snapshot.account(vault)
        little[vault] = replace(
            account, data=account.data[:64] + (1_000).to_bytes(8, "little") + account.data[72:]
        )
    return replace(snapshot, accounts={**GENESIS.accounts, **little})


def test_tokens_without_a_fee_reach_none() -> None:
    assert not may_reach_a_maximum(between(SOL, USDC), genesis_snapshot(), SOL, 2**64 - 1)


def test_a_vault_that_is_not_known_may_hold_anything() -> None:
    pools = between(FEE_TOKEN.mint, USDC)
    snapshot = with_little(pools, genesis_snapshot())
    vaults = {vault for pool in pools for vault in pool.vaults}
    unknown = replace(snapshot, accounts={k: v for k, v in snapshot.accounts.items() if k not in vaults})

    assert may_reach_a_maximum(pools, unknown, USDC, 1)
