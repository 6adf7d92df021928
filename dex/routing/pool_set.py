"""The pools of a pair among accounts, and why some are none. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from dex.errors import DexError, WrongMint
from dex.types import AccountData, VenueError
from dex.venues.base import Pool, Venue

# Of a venue and pair so many are opened, the deepest by what they say of themselves; those are judged.
MOST_OPENED: Final = 32

Pair = tuple[Pubkey, Pubkey]


@dataclass(frozen=True, slots=True)
class PoolSet:
    """The pools of a pair, venue by venue, deepest first, and why some are missing."""

    pools: tuple[Pool, ...] = ()
    errors: tuple[VenueError, ...] = ()


def opened(
    venue: Venue, pair: Pair, accounts: Mapping[Pubkey, AccountData], first: Collection[Pubkey]
) -> PoolSet:
    """The pools of a venue among the accounts, those of ``first`` before the others.

    What is of another pair is none, whoever listed it for this one.
    """
    pools: list[Pool] = []
    errors: list[VenueError] = []
    for address, account in accounts.items():
        try:
            pools.append(_of_pair(venue.open_pool(address, account), pair))
        except DexError as error:
            errors.append(VenueError(venue.name, error.code, str(error), address))
    pools.sort(key=lambda pool: (pool.address not in first, -pool.depth, str(pool.address)))
    return PoolSet(tuple(pools[:MOST_OPENED]), tuple(errors))


def in_order(mint_a: Pubkey, mint_b: Pubkey) -> Pair:
    """The two mints, the smaller first."""
    return (mint_a, mint_b) if bytes(mint_a) < bytes(mint_b) else (mint_b, mint_a)


def together(contents: Sequence[PoolSet], most: int) -> PoolSet:
    """The answers of all venues, at most so many pools of each."""
    return PoolSet(
        pools=tuple(pool for content in contents for pool in content.pools[:most]),
        errors=tuple(error for content in contents for error in content.errors),
    )


def _of_pair(pool: Pool, pair: Pair) -> Pool:
    if in_order(*pool.mints) != pair:
        raise WrongMint(f"the pool trades {pool.mints[0]} and {pool.mints[1]}")
    return pool
