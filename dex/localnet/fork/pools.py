"""Which pools a fork begins with, and all accounts that a swap on them touches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final

from solders.account import Account
from solders.pubkey import Pubkey

from dex.config import TOKENS
from dex.errors import DexError, NoQuote
from dex.localnet.errors import ForkRefused
from dex.localnet.fork.origin import Origin
from dex.routing.discovery import DEFAULT_POOLS_PER_VENUE
from dex.types import AccountData, Clock, QuoteRequest, Snapshot, Swap, Token
from dex.venues.base import Pool, Venue

_NOBODY: Final = Pubkey.default()
_SOME: Final = (
    1_000_000  # base units: which accounts a swap may touch depends on its direction, not on its size
)
_MOST_READS: Final = 4


async def find_pools(origin: Origin, venues: Sequence[Venue], pair: tuple[Pubkey, Pubkey]) -> list[Pubkey]:
    """The pools of a pair, up to eight of a venue, deepest first; raises ForkRefused when there is none."""
    chosen: list[Pubkey] = []
    for venue in venues:
        queries = [(venue.program_id, query) for query in venue.pool_filters(*pair)]
        addresses = [found for query in queries for found in await origin.program_addresses(*query)]
        accounts = await origin.accounts(list(dict.fromkeys(addresses)))
        pools = [pool for item in accounts.items() if (pool := _open(venue, *item)) is not None]
        pools.sort(key=lambda pool: (-pool.depth, str(pool.address)))
        chosen += [pool.address for pool in pools[:DEFAULT_POOLS_PER_VENUE]]
    if not chosen:
        raise ForkRefused(f"the parent has no pool of {pair[0]} and {pair[1]}")
    return chosen


async def accounts_of_pools(
    origin: Origin, venues: Sequence[Venue], addresses: Sequence[Pubkey], clock: Clock
) -> list[list[Pubkey]]:
    """For each pool the accounts of a swap on it, both ways; raises ForkRefused for what is no such pool."""
    found = await origin.accounts(addresses)
    pools = [_opened(venues, address, found[address]) for address in addresses]
    snapshot = await _read(origin, pools, clock)
    return [list(dict.fromkeys(_touched(pool, _venue(venues, pool), snapshot))) for pool in pools]


async def _read(origin: Origin, pools: Sequence[Pool], clock: Clock) -> Snapshot:
    """All that quotes of the pools read, the arrays that their state points to included."""
    wanted = dict.fromkeys(key for pool in pools for key in pool.accounts)
    for _ in range(_MOST_READS):
        read = await origin.accounts(list(wanted))
        snapshot = Snapshot(clock, {address: _account_data(account) for address, account in read.items()})
        named = dict.fromkeys(key for pool in pools for key in _pointed_to(pool, snapshot))
        if named.keys() <= wanted.keys():
            break
        wanted |= named
    return snapshot


def pair_of(text: str, tokens: Sequence[Token] = TOKENS) -> tuple[Pubkey, Pubkey]:
    """The mints of a pair written BASE/QUOTE, by a symbol of ``tokens`` or address; raises ValueError."""
    base, quote = (_mint(part, tokens) for part in text.split("/"))
    if base == quote:
        raise ValueError(f"{text}: a pair has two different mints")
    return base, quote


def _mint(text: str, tokens: Sequence[Token]) -> Pubkey:
    known = next((token.mint for token in tokens if token.symbol == text.upper()), None)
    return known or Pubkey.from_string(text)


def _open(venue: Venue, address: Pubkey, account: Account | None) -> Pool | None:
    data = _account_data(account)
    try:
        return None if data is None else venue.open_pool(address, data)
    except DexError:
        return None


def _opened(venues: Sequence[Venue], address: Pubkey, account: Account | None) -> Pool:
    data = _account_data(account)
    if data is None:
        raise ForkRefused(f"the parent has no account at {address}")
    venue = next((venue for venue in venues if venue.program_id == data.owner), None)
    if venue is None:
        names = ", ".join(venue.name for venue in venues)
        raise ForkRefused(f"{address} is owned by {data.owner} and no pool of {names}")
    try:
        return venue.open_pool(address, data)
    except DexError as error:
        raise ForkRefused(f"the pool {address} cannot be traded: {error}") from error


def _venue(venues: Sequence[Venue], pool: Pool) -> Venue:
    return next(venue for venue in venues if venue.name == pool.venue)


def _pointed_to(pool: Pool, snapshot: Snapshot) -> Iterator[Pubkey]:
    for mints in (pool.mints, pool.mints[::-1]):
        with suppress(DexError):
            yield from pool.further_accounts(snapshot, QuoteRequest(*mints, _SOME))


def _touched(pool: Pool, venue: Venue, snapshot: Snapshot) -> Iterator[Pubkey]:
    yield from (pool.address, *pool.accounts, *pool.mints, venue.program_id)
    yield from _pointed_to(pool, snapshot)
    for token_in, token_out in (pool.mints, pool.mints[::-1]):
        swap = Swap(_NOBODY, token_in, token_out, _NOBODY, _NOBODY, _SOME, 1)
        # A pool may have nothing to sell in one direction.
        with suppress(NoQuote):
            for instruction in pool.swap_instructions(snapshot, swap):
                yield from (meta.pubkey for meta in instruction.accounts if meta.pubkey != _NOBODY)


def _account_data(account: Account | None) -> AccountData | None:
    return None if account is None else AccountData(account.owner, account.lamports, account.data)
