"""Localnet's first pools as candidates over one snapshot."""

from __future__ import annotations

from functools import cache

from solders.pubkey import Pubkey

from dex.config import TOKENS
from dex.localnet.genesis import build_genesis
from dex.routing.search import Candidates
from dex.types import AccountData, Clock, QuoteRequest, Snapshot, SwapMode
from dex.venues.base import Pool
from dex.venues.registry import venues_for

MINT = {token.symbol: token.mint for token in TOKENS}
UNIT = {token.symbol: 10**token.decimals for token in TOKENS}
CLASSIC = ("raydium-cpmm", "meteora-damm-v2")


class EveryAccount(dict[Pubkey, AccountData | None]):
    """Genesis accounts; what is not there does not exist."""

    def __missing__(self, address: Pubkey) -> None:
        return None

    def __contains__(self, address: object) -> bool:
        return True

    def get(self, address: Pubkey, default: object = None) -> AccountData | None:  # type: ignore[override]
        return self[address] if dict.__contains__(self, address) else None


@cache
def snapshot() -> Snapshot:
    accounts = EveryAccount(build_genesis(seed=1).accounts)
    return Snapshot(Clock(slot=100, unix_timestamp=1_800_000_000, epoch=0), accounts)


@cache
def pools(one: str, other: str, venues: tuple[str, ...] = CLASSIC) -> tuple[Pool, ...]:
    """The deepest pool of a pair at each venue, in the order of the venues."""
    wanted = {MINT[one], MINT[other]}
    found = []
    for venue in venues_for("mainnet-beta"):
        if venue.name not in venues:
            continue
        for address, account in snapshot().accounts.items():
            sizes = {each.data_size for each in venue.pool_filters(MINT[one], MINT[other])}
            if account is not None and account.owner == venue.program_id and len(account.data) in sizes:
                pool = venue.open_pool(address, account)
                if set(pool.mints) == wanted:
                    found.append(pool)
    deepest = {pool.venue: pool for pool in sorted(found, key=lambda pool: pool.depth)}
    return tuple(deepest[name] for name in venues if name in deepest)


def ask(token_in: str, token_out: str, amount: str, mode: SwapMode = SwapMode.EXACT_IN) -> QuoteRequest:
    """A request with ``amount`` in whole tokens of the side that ``mode`` fixes."""
    fixed = token_in if mode is SwapMode.EXACT_IN else token_out
    return QuoteRequest(MINT[token_in], MINT[token_out], int(amount) * UNIT[fixed], mode)


def candidates(token_in: str, token_out: str, *middles: str) -> Candidates:
    over = {MINT[m]: (pools(token_in, m), pools(m, token_out)) for m in middles}
    return Candidates(pools(token_in, token_out), over)
