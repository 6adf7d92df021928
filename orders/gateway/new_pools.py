"""Pools of all venues as a node shows them: what to subscribe to, what a notification says, and lists."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from django.conf import settings
from solders.pubkey import Pubkey

from dex.config import LOCALNET
from dex.errors import ChainError, DexError
from dex.launches.funding import is_funded
from dex.launches.openings import Opening, opening_of
from dex.launches.pools import every_pool, is_known, pools_of, read_pool
from dex.rpc.answers import read_account, read_context_slot, read_pubkey, reading
from dex.rpc.node import account_filters
from dex.types import AccountData, AccountFilter
from dex.venues.base import Venue
from orders.gateway.connection import connection

# Creators may put 64 bits there; columns have one less, and nobody waits for so long.
LATEST_POINT: Final = 2**53
# Every venue is asked for its pools of a mint on either side: so many queries stand open at a time.
_AT_ONCE: Final = 8


class Opens(NamedTuple):
    """When swaps begin: at ``point`` in ``unit`` ("slot" or "unix"), or with ``after`` one unit later."""

    unit: str
    point: int
    after: bool

    @property
    def first(self) -> int:
        """The first point at which there are swaps."""
        return self.point + int(self.after)


@dataclass(frozen=True, slots=True)
class SeenPool:
    """A pool as its account shows it at a slot. ``creator`` is empty where the account names none.

    ``opens`` is None for one that is open from its creation, or whose account does not say.
    """

    venue: str
    pool: str
    mints: tuple[str, str]
    creator: str
    slot: int
    opens: Opens | None
    is_funded: bool
    # Of its creation, where a transaction has shown it.
    signature: str = ""
    graduated_from: str = ""


@dataclass(frozen=True, slots=True)
class PoolSubscription:
    """A subscription of a node's: its method, its parameters as JSON, and whose pools it shows."""

    venue: str
    method: str
    params: str


@dataclass(frozen=True, slots=True)
class PoolList:
    """The pools that nodes have listed, at ``slot`` or later, and of which venues; ``refused``: why not."""

    slot: int
    pools: list[SeenPool] = field(default_factory=list)
    listed: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)


def pool_subscriptions(mints: Collection[str] | None) -> frozenset[PoolSubscription]:
    """What shows every change of a pool of these mints, on either side of it; None for pools of all."""
    found = set()
    for venue in watched_venues():
        for query in _queries(venue.name, mints):
            config = {
                "encoding": "base64",
                "commitment": settings.SOLANA_COMMITMENT,
                "filters": account_filters(query),
            }
            params = json.dumps([str(venue.program_id), config])
            found.add(PoolSubscription(venue.name, "programSubscribe", params))
    return frozenset(found)


def seen_in(venue: str, result: Any) -> SeenPool | None:
    """The pool of a program notification; None for what is none. Raises ChainAnswerInvalid."""
    with reading("programNotification"):
        value = result["value"]
        address, account = read_pubkey(value["pubkey"]), read_account(value["account"])
        slot = read_context_slot(result)
    return seen_pool(venue, address, account, slot)


def lists_all_pools() -> bool:
    """Whether nodes of the network can be asked for all pools: on public networks there are millions."""
    return bool(settings.SOLANA_NETWORK == LOCALNET)


def list_pools_of(mints: Collection[str] | None) -> PoolList:
    """The pools of these mints as nodes list them now, None for all pools; raises ChainError."""
    return connection().run(_list(mints))


async def _list(mints: Collection[str] | None) -> PoolList:
    slot = await connection().rpc.slot()
    free = asyncio.Semaphore(_AT_ONCE)
    venues = watched_venues()
    answers = await asyncio.gather(*(_listed(venue, mints, slot, free) for venue in venues))
    found = PoolList(slot)
    for venue, answer in zip(venues, answers, strict=True):
        if isinstance(answer, ChainError):
            found.refused[venue.name] = answer.code
        else:
            found.listed.add(venue.name)
            found.pools.extend(answer)
    return found


async def _listed(
    venue: Venue, mints: Collection[str] | None, slot: int, free: asyncio.Semaphore
) -> list[SeenPool] | ChainError:
    async def ask(query: AccountFilter) -> Sequence[tuple[Pubkey, AccountData]]:
        async with free:
            return await connection().rpc.program_accounts(venue.program_id, query)

    try:
        answers = await asyncio.gather(*(ask(query) for query in _queries(venue.name, mints)))
    except ChainError as error:
        return error
    accounts = {address: account for answer in answers for address, account in answer}
    return list(_all_seen(venue.name, accounts.items(), slot))


def _all_seen(venue: str, accounts: Iterable[tuple[Pubkey, AccountData]], slot: int) -> Iterator[SeenPool]:
    for address, account in accounts:
        seen = seen_pool(venue, address, account, slot)
        if seen is not None:
            yield seen


def watched_venues() -> list[Venue]:
    """Those whose new pools are recognised."""
    return [venue for venue in connection().venues.values() if is_known(venue.name)]


def _queries(venue: str, mints: Collection[str] | None) -> list[AccountFilter]:
    if mints is None:
        return [every_pool(venue)]
    return [query for mint in mints for query in pools_of(venue, Pubkey.from_string(mint))]


def seen_pool(venue: str, address: Pubkey, account: AccountData, slot: int) -> SeenPool | None:
    """What an account shows; None where it is no pool of the venue."""
    try:
        found = read_pool(venue, address, account)
        opening, funded = opening_of(venue, account), is_funded(venue, account)
    except DexError:
        return None
    first, second = found.mints
    return SeenPool(
        venue=venue,
        pool=str(address),
        mints=(str(first), str(second)),
        creator=str(found.creator or ""),
        slot=slot,
        opens=opens(opening),
        is_funded=funded,
    )


def opens(opening: Opening | None) -> Opens | None:
    """The opening that a program still looks at, if there is one; the end of time is cut."""
    if opening is None or not opening.waits:
        return None
    return Opens(opening.unit.value, min(opening.point, LATEST_POINT), opening.after)
