"""Whether transfer fees with a maximum let the price of an amount rise with its size. Pure.

A pool's price falls with the amount, and so does that of any route over pools. A fee of Token-2022 that no
longer grows at its maximum weighs less on a larger transfer: then neither holds.
"""

from __future__ import annotations

from collections.abc import Iterable

from solders.pubkey import Pubkey

from dex.errors import DexError
from dex.routing.transfer_fees import fee_of
from dex.transactions.token_accounts import parse_token_account
from dex.types import Snapshot
from dex.venues.base import Pool
from dex.venues.integer_math import U64_MAX


def may_reach_a_maximum(pools: Iterable[Pool], snapshot: Snapshot, sold: Pubkey, most_sold: int) -> bool:
    """Whether a transfer of routes over these pools may bear the highest fee of its token.

    ``most_sold`` is of the token that routes begin with; no other transfer is more than the pool that pays it
    holds.
    """
    pools = list(pools)
    fees = {mint: fee_of(mint, snapshot) for mint in {mint for pool in pools for mint in pool.mints}}
    bearing = {mint: fee for mint, fee in fees.items() if fee.bps and fee.maximum}
    if not bearing:
        return False
    largest = {mint: most_sold if mint == sold else 0 for mint in bearing}
    for pool in pools:
        for mint, vault in zip(pool.mints, pool.vaults, strict=True):
            if mint in bearing and mint != sold:
                largest[mint] = max(largest[mint], _held(vault, snapshot))
    return any(fee.on_gross(largest[mint]) == fee.maximum for mint, fee in bearing.items())


def _held(vault: Pubkey, snapshot: Snapshot) -> int:
    try:
        return parse_token_account(snapshot.account(vault)).amount
    except DexError:
        return U64_MAX
