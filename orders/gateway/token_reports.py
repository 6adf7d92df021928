"""The report of a mint: read at the moment of the question, from the mint, its holders and its pools."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from solders.pubkey import Pubkey

from dex.errors import ChainError, DexError
from dex.routing.router import quote_all
from dex.tokens.metadata import TokenNames
from dex.tokens.mint import MintFacts
from dex.tokens.report import Holder, Market, PoolShare, TokenReport
from dex.tokens.round_trip import round_trip
from dex.transactions.token_accounts import parse_token_account
from dex.types import QuoteRequest, Snapshot, Token
from dex.venues.base import Pool
from orders.errors import ChainUnavailable, NotFound
from orders.gateway.connection import connection
from orders.gateway.kept_mints import is_address, keep
from orders.gateway.named_tokens import a_readers_place, read_mints, refused_dangers
from orders.gateway.pools import with_known_pools
from orders.gateway.tokens import listed_token, tokens

# What pools are looked for against, and the two sizes of the round trip, in base units of that token.
_SIZES: Final = {
    "SOL": (100_000_000, 10_000_000_000),
    "USDC": (10_000_000, 1_000_000_000),
    "USDT": (10_000_000, 1_000_000_000),
}


def token_report(name: str) -> TokenReport:
    """What the chain says now of the token of this symbol or mint; raises NotFound or ChainUnavailable."""
    listed = listed_token(name)
    if listed is None and not is_address(name):
        raise NotFound("There is no such token")
    mint = listed.mint if listed else Pubkey.from_string(name)
    try:
        with a_readers_place():
            read, slot, holders, found = with_known_pools().run(_read(mint))
    except DexError as error:
        raise ChainUnavailable() from error
    if read is None:
        raise NotFound("There is no mint that can be swapped at this address")
    facts, names = read
    if listed is None:
        keep([read])
    pools, market = found
    return TokenReport(
        slot=slot,
        token=listed or Token(str(mint), names.name, mint, facts.decimals, verified=False),
        names=names,
        facts=facts,
        holders=_marked(holders, pools),
        market=market,
        refused=tuple(refused_dangers(facts.dangers)),
    )


_Read = tuple[MintFacts, TokenNames]
_Holders = Sequence[tuple[Pubkey, int]]


async def _read(mint: Pubkey) -> tuple[_Read | None, int, _Holders | None, tuple[list[Pool], Market]]:
    found, snapshot = await read_mints([mint])
    read = found.get(str(mint))
    if read is None:
        return None, snapshot.clock.slot, None, ([], Market())
    holders, market = await asyncio.gather(_holders(mint), _market(mint))
    return read, snapshot.clock.slot, holders, market


async def _holders(mint: Pubkey) -> _Holders | None:
    try:
        return await connection().rpc.largest_holders(mint)
    except ChainError:
        # Many public nodes refuse this call, or know too many accounts to answer it.
        return None


async def _market(mint: Pubkey) -> tuple[list[Pool], Market]:
    bases = [token for token in tokens() if token.symbol in _SIZES and token.mint != mint]
    directory = connection().directory
    sets = await asyncio.gather(*(directory.every_pool(base.mint, mint) for base in bases))
    shares: list[PoolShare] = []
    pools: list[Pool] = []
    market = Market()
    for base, found in zip(bases, sets, strict=True):
        if not found.pools:
            continue
        snapshot = await _states(found.pools, base, mint)
        pools += found.pools
        shares += [_share(pool, base, mint, snapshot) for pool in found.pools]
        if market.base is None:
            trips = (round_trip(found.pools, snapshot, base.mint, mint, size) for size in _SIZES[base.symbol])
            market = Market(base=base, trips=tuple(trips))
    return pools, Market(tuple(shares), market.base, market.trips)


async def _states(pools: Sequence[Pool], base: Token, mint: Pubkey) -> Snapshot:
    """All that the purchases and the sales of what they buy will read, at one slot."""
    read = connection().snapshots.read
    vaults = [vault for pool in pools for vault in pool.vaults]
    buys = [QuoteRequest(base.mint, mint, size) for size in _SIZES[base.symbol]]
    snapshot = await read([(request, pool) for request in buys for pool in pools], vaults)
    bought = [quote_all(request, pools, snapshot).quotes[:1] for request in buys]
    sales = [QuoteRequest(mint, base.mint, best.amount_out) for quotes in bought for best in quotes]
    return await read([(request, pool) for request in (*buys, *sales) for pool in pools], vaults)


def _share(pool: Pool, base: Token, mint: Pubkey, snapshot: Snapshot) -> PoolShare:
    held = dict(zip(pool.mints, (_held(snapshot, vault) for vault in pool.vaults), strict=True))
    brand = connection().venues[pool.venue].dex
    return PoolShare(brand, pool.venue, pool.address, base, held[mint], held[base.mint])


def _held(snapshot: Snapshot, vault: Pubkey) -> int:
    try:
        return parse_token_account(snapshot.account(vault)).amount
    except DexError:
        return 0


def _marked(holders: _Holders | None, pools: Sequence[Pool]) -> tuple[Holder, ...] | None:
    if holders is None:
        return None
    vaults = {vault for pool in pools for vault in pool.vaults}
    return tuple(Holder(address, amount, address in vaults) for address, amount in holders)
