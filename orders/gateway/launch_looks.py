"""New pools as they are now: funded or not, open or not, what they hold and what a small purchase pays."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from dex.errors import AccountMissing, DexError, PoolRefused
from dex.launches.funding import is_funded
from dex.launches.openings import Opening, opening_of
from dex.tokens.metadata import TokenNames, metadata_address, token_names
from dex.tokens.mint import MintFacts, read_mint
from dex.tokens.report import Market, PoolShare, TokenReport
from dex.tokens.round_trip import round_trip
from dex.transactions.token_accounts import parse_token_account
from dex.types import AccountData, Clock, Quote, QuoteRequest, Snapshot, Token
from dex.venues.base import Pool
from dex.venues.orca_whirlpool import adaptive_fee
from orders.gateway.at_opening import at_opening
from orders.gateway.connection import connection
from orders.gateway.kept_mints import keep, kept_mint
from orders.gateway.named_tokens import refused_dangers
from orders.gateway.new_pools import Opens, opens
from orders.gateway.tokens import listed_token

UNSUPPORTED_POOL: Final = "UNSUPPORTED_POOL"
# A small purchase is this part of what the pool holds of the token in, and a hundredth of a token at least.
_SMALL_PART: Final = 10_000
_LEAST_PART_OF_TOKEN: Final = 100
_BPS: Final = 10_000
# What a column holds: of a worthless token there can be more.
_MOST_HELD: Final = 2**63 - 1
_UNKNOWN_DECIMALS: Final = 6
# Every unlisted token is unverified, and its pools are known here.
_NO_NEWS: Final = frozenset({"UNVERIFIED", "NO_POOLS"})


@dataclass(frozen=True, slots=True)
class AskedPool:
    """A pool to look at, by venue and address; ``token`` is bought with ``quote``, by their mints.

    ``base`` is the quote token where anything is known of it.
    """

    venue: str
    pool: str
    token: str
    quote: str
    base: Token | None


@dataclass(frozen=True, slots=True)
class PoolLook:
    """One pool at the clock of a slot.

    ``liquidity`` is what the vault of the quote mint holds, base units. ``fee_bps`` is what a small purchase
    pays to the pool now, before its opening what it will pay then; None where there is no such quote.
    ``mint`` is None where the token's account is no mint.
    """

    clock: Clock
    opens: Opens | None
    is_funded: bool
    is_open: bool
    liquidity: int | None
    fee_bps: int | None
    flags: tuple[str, ...]
    mint: tuple[MintFacts, TokenNames] | None


def look_at_launches(asked: Sequence[AskedPool]) -> dict[str, PoolLook]:
    """The pools that there are, by address, all at one slot; raises ChainError. Reads no database."""
    return connection().run(_look_at(asked)) if asked else {}


def keep_mints(found: Iterable[PoolLook]) -> None:
    """Keep the tokens of these looks, so that whoever names one next need not ask the chain."""
    mints = [look.mint for look in found if look.mint is not None]
    unknown = [mint for mint in mints if kept_mint(str(mint[0].address)) is None]
    if unknown:
        keep(unknown)


async def _look_at(asked: Sequence[AskedPool]) -> dict[str, PoolLook]:
    addresses = [Pubkey.from_string(one.pool) for one in asked]
    accounts = (await connection().rpc.snapshot(addresses)).accounts
    opened = {
        one.pool: _opened(one.venue, address, account)
        for one, address in zip(asked, addresses, strict=True)
        if (account := accounts.get(address)) is not None
    }
    there = [one for one in asked if one.pool in opened]
    snapshot = await _states(there, opened)
    return {one.pool: _judged(one, opened[one.pool], snapshot) for one in there}


async def _states(there: Sequence[AskedPool], opened: Mapping[str, Pool | None]) -> Snapshot:
    """All that the small purchases, and the sales of what they buy, read; two sizes for small and large."""
    more: list[Pubkey] = []
    asks: list[tuple[QuoteRequest, Pool]] = []
    for one in there:
        pool, token, quote = opened[one.pool], Pubkey.from_string(one.token), Pubkey.from_string(one.quote)
        more += [Pubkey.from_string(one.pool), token, metadata_address(token), *_oracle(one)]
        if pool is not None:
            more += pool.vaults
            asks += [(QuoteRequest(quote, token, 1), pool), (QuoteRequest(token, quote, 1), pool)]
    return await connection().snapshots.read(asks, more)


def _oracle(one: AskedPool) -> Iterator[Pubkey]:
    """Where a Whirlpool of a permissioned tier keeps its opening."""
    if one.venue.startswith("orca-whirlpool"):
        program = connection().venues[one.venue].program_id
        yield adaptive_fee.address_of(program, Pubkey.from_string(one.pool))


@functools.lru_cache(maxsize=512)
def _opened(venue: str, address: Pubkey, account: AccountData) -> Pool | None:
    try:
        return connection().venues[venue].open_pool(address, account)
    except DexError:
        return None


def _judged(one: AskedPool, pool: Pool | None, snapshot: Snapshot) -> PoolLook:
    account = snapshot.account(Pubkey.from_string(one.pool))
    oracle = next((snapshot.accounts.get(address) for address in _oracle(one)), None)
    opening = _safe_opening(one.venue, account, oracle)
    liquidity = None if pool is None else _held(pool, Pubkey.from_string(one.quote), snapshot)
    amount = max((liquidity or 0) // _SMALL_PART, _least(one.base))
    opened_up, mint = at_opening(snapshot, opens(opening)), _mint(Pubkey.from_string(one.token), snapshot)
    return PoolLook(
        clock=snapshot.clock,
        opens=opens(opening),
        is_funded=_safe_funded(one.venue, account),
        is_open=opening is None or opening.is_open(snapshot.clock),
        liquidity=liquidity,
        fee_bps=None if pool is None else _fee_bps(one, pool, opened_up, amount),
        flags=tuple(_flags(one, pool, opened_up, amount, mint)),
        mint=mint,
    )


def _safe_opening(venue: str, account: AccountData, oracle: AccountData | None) -> Opening | None:
    try:
        return opening_of(venue, account, oracle)
    except DexError:
        return None


def _safe_funded(venue: str, account: AccountData) -> bool:
    try:
        return is_funded(venue, account)
    except DexError:
        return False


def _fee_bps(one: AskedPool, pool: Pool, snapshot: Snapshot, amount: int) -> int | None:
    request = QuoteRequest(Pubkey.from_string(one.quote), Pubkey.from_string(one.token), amount)
    try:
        quote = pool.quote(snapshot, request)
    except DexError:
        return None
    return _share_of_fee(quote)


def _share_of_fee(quote: Quote) -> int:
    """What a swap pays to the pool, of the side that the fee is taken from; to the nearest basis point."""
    whole = quote.amount_in if quote.fee_mint == quote.token_in else quote.amount_out + quote.fee_amount
    return (quote.fee_amount * _BPS + whole // 2) // whole if whole else 0


def _held(pool: Pool, mint: Pubkey, snapshot: Snapshot) -> int | None:
    vault = dict(zip(pool.mints, pool.vaults, strict=True)).get(mint)
    try:
        held = None if vault is None else parse_token_account(snapshot.account(vault)).amount
    except DexError:
        return None
    return None if held is None else min(held, _MOST_HELD)


def _least(base: Token | None) -> int:
    decimals = _UNKNOWN_DECIMALS if base is None else base.decimals
    return int(max(1, 10**decimals // _LEAST_PART_OF_TOKEN))


def _mint(address: Pubkey, snapshot: Snapshot) -> tuple[MintFacts, TokenNames] | None:
    try:
        facts = read_mint(address, snapshot.account(address), snapshot.clock.epoch)
    except (PoolRefused, AccountMissing):
        return None
    metadata = snapshot.accounts.get(metadata_address(address))
    return facts, token_names(address, snapshot.account(address), metadata)


def _flags(
    one: AskedPool,
    pool: Pool | None,
    snapshot: Snapshot,
    amount: int,
    mint: tuple[MintFacts, TokenNames] | None,
) -> Iterator[str]:
    """Codes of the token report, gravest first, over this pool alone; and that it cannot be used."""
    if pool is None:
        yield UNSUPPORTED_POOL
    if mint is not None:
        report = _report(one, pool, snapshot, amount, mint)
        yield from (code for code in report.warnings if code not in _NO_NEWS)


def _report(
    one: AskedPool, pool: Pool | None, snapshot: Snapshot, amount: int, mint: tuple[MintFacts, TokenNames]
) -> TokenReport:
    facts, names = mint
    unlisted = Token(one.token, names.name, facts.address, facts.decimals, verified=False)
    return TokenReport(
        slot=snapshot.clock.slot,
        token=listed_token(one.token) or unlisted,
        names=names,
        facts=facts,
        # Who holds most of it is asked of nodes that are asked for a report.
        holders=(),
        market=_market(one, pool, snapshot, amount),
        refused=tuple(refused_dangers(facts.dangers)),
    )


def _market(one: AskedPool, pool: Pool | None, snapshot: Snapshot, amount: int) -> Market:
    base = one.base
    if pool is None or base is None:
        return Market()
    mint = Pubkey.from_string(one.token)
    held = (_held(pool, mint, snapshot) or 0, _held(pool, base.mint, snapshot) or 0)
    brand = connection().venues[one.venue].dex
    share = PoolShare(brand, one.venue, pool.address, base, *held)
    trip = round_trip([pool], snapshot, base.mint, mint, amount)
    return Market((share,), base, (trip,))
