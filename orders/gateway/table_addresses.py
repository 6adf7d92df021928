"""What a lookup table of one's own is filled with: the accounts that swaps over the pools in use name."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from django.conf import settings
from solders.pubkey import Pubkey

from dex.config import NATIVE_MINT, SYSTEM_PROGRAM, TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from dex.errors import DexError
from dex.rpc.jito import TIP_ACCOUNTS
from dex.transactions.token_accounts import associated_token_address, parse_token_account
from dex.types import QuoteRequest, Snapshot, Swap, SwapMode
from dex.venues.base import Pool
from orders.gateway.connection import connection
from orders.gateway.pools import last_used, left_out, with_known_pools
from orders.gateway.wallet import wallet_address

Pair = tuple[Pubkey, Pubkey]
# The part of what a pool holds that is asked for: which tick and bin arrays a swap names depends on it.
_PART: Final = 100


def addresses_in_use(pairs: Sequence[Pair], most: int, known: Collection[Pubkey] = ()) -> list[Pubkey]:
    """The accounts of the pools of these pairs, whole pools one after the other, ``most`` at most.

    Pools that orders have used last come first, then the deepest of each venue and pair. What ``known`` has
    is left out. Raises ChainError, KeyUnavailable.
    """
    wallet, chain = wallet_address(), with_known_pools()
    ranked, snapshot = chain.run(_read(pairs, left_out(), last_used()))
    found = dict.fromkeys((SYSTEM_PROGRAM, TOKEN_PROGRAM))
    if settings.JITO_URL:
        found |= dict.fromkeys(TIP_ACCOUNTS)
    for pool in ranked:
        more = found | dict.fromkeys(_accounts(pool, snapshot, wallet))
        if sum(1 for address in more if address not in known) <= most:
            found = more
    return [address for address in found if address not in known]


async def _read(
    pairs: Sequence[Pair], out: Collection[str], used: Mapping[str, float]
) -> tuple[list[Pool], Snapshot]:
    sets = await asyncio.gather(*(connection().directory.pools(*pair) for pair in pairs))
    pools = _ranked([one.pools for one in sets], out, used)
    vaults = [vault for pool in pools for vault in pool.vaults]
    mints = [mint for pool in pools for mint in pool.mints]

    def asks(held: Snapshot) -> list[tuple[QuoteRequest, Pool]]:
        return [(request, pool) for pool in pools for request in _requests(pool, held)]

    return pools, await connection().snapshots.read_for(asks, [*vaults, *mints])


def _ranked(sets: Sequence[Sequence[Pool]], out: Collection[str], used: Mapping[str, float]) -> list[Pool]:
    """Those used last first, then the first of each set and venue, then the second of each."""
    placed: list[tuple[float, int, int, Pool]] = []
    for number, pools in enumerate(sets):
        seen: dict[str, int] = {}
        for pool in pools:
            place = seen[pool.venue] = seen.get(pool.venue, -1) + 1
            placed.append((-used.get(str(pool.address), 0.0), place, number, pool))
    placed.sort(key=lambda each: each[:3])
    found = {pool.address: pool for *_, pool in placed if str(pool.address) not in out}
    return list(found.values())


def _requests(pool: Pool, snapshot: Snapshot) -> Iterator[QuoteRequest]:
    """A part of what the pool holds, in both directions."""
    first, second = pool.mints
    for sold, bought, vault in ((first, second, pool.vaults[0]), (second, first, pool.vaults[1])):
        yield QuoteRequest(sold, bought, max(1, _held(snapshot, vault) // _PART))


def _held(snapshot: Snapshot, vault: Pubkey) -> int:
    try:
        return parse_token_account(snapshot.account(vault)).amount
    except DexError:
        return 0


def _accounts(pool: Pool, snapshot: Snapshot, wallet: Pubkey) -> Iterator[Pubkey]:
    """What swaps over the pool name, both ways, without the wallet and its account of wrapped SOL."""
    own = {mint: _own_account(mint, snapshot, wallet) for mint in pool.mints}
    never = {wallet, own.get(NATIVE_MINT)}
    for request in _requests(pool, snapshot):
        for meta in _metas(pool, snapshot, request, wallet, own):
            if meta not in never:
                yield meta
    yield from pool.mints


def _metas(
    pool: Pool, snapshot: Snapshot, request: QuoteRequest, wallet: Pubkey, own: Mapping[Pubkey, Pubkey]
) -> list[Pubkey]:
    swap = Swap(
        payer=wallet,
        token_in=request.token_in,
        token_out=request.token_out,
        account_in=own[request.token_in],
        account_out=own[request.token_out],
        amount_in=request.amount,
        amount_out=1,
        mode=SwapMode.EXACT_IN,
    )
    try:
        made = pool.swap_instructions(snapshot, swap)
    except DexError:
        # Nothing can be swapped this way round now.
        return []
    return [meta.pubkey for instruction in made for meta in instruction.accounts]


def _own_account(mint: Pubkey, snapshot: Snapshot, wallet: Pubkey) -> Pubkey:
    account = snapshot.accounts.get(mint)
    program = account.owner if account and account.owner == TOKEN_2022_PROGRAM else TOKEN_PROGRAM
    return associated_token_address(wallet, mint, program)
