"""Which pools trade a pair: asked of the chain once in a while, answered from memory.

No I/O of its own: whatever can list a program's accounts is handed in.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from dex.errors import ChainBusy, ChainRefused, DexError, WrongMint
from dex.routing.depth import Judged
from dex.routing.judgement import Judge, Judgements
from dex.routing.pool_set import MOST_OPENED, Pair, PoolSet, in_order, opened, together
from dex.routing.snapshots import AccountSource
from dex.shared_calls import SharedCalls, shared
from dex.types import AccountData, PoolAddress, VenueError
from dex.venues.base import Pool, Venue

logger = logging.getLogger(__name__)

DEFAULT_TTL_SECONDS: Final = 60.0
DEFAULT_EMPTY_TTL_SECONDS: Final = 5.0
DEFAULT_FAILURE_TTL_SECONDS: Final = 1.0
DEFAULT_POOLS_PER_VENUE: Final = 8
_REMEMBERED_LOOKUPS: Final = 4096
_MOST_REASONS: Final = 5
# What one call of a node shows at one slot.
_READ_TOGETHER: Final = 90

_Key = tuple[str, Pair]


@dataclass(frozen=True, slots=True)
class _Found:
    """One venue's answer for a pair, and until when (monotonic seconds) it is believed."""

    content: PoolSet
    fresh_until: float


class PoolDirectory:
    """Finds the pools of a pair among venues; belongs to one event loop.

    An answer is kept for ``ttl_seconds``, one without pools for ``empty_ttl_seconds``. For ``ttl_seconds``
    more a pair that has pools is answered from memory while it is looked up anew. A venue that cannot be
    asked keeps the pools last seen, or opens those that were remembered, adds its error, and is asked again
    after ``failure_ttl_seconds``, or after ``ttl_seconds`` when it does not want to be asked.
    Callers who ask for the same pair at the same time share one lookup. With a ``judge`` the pools of a venue
    come in its order, and what it drops is not among them; without its answer the deepest come first by what
    they say of themselves.
    """

    def __init__(
        self,
        source: AccountSource,
        venues: Iterable[Venue],
        *,
        ttl_seconds: float = DEFAULT_TTL_SECONDS,
        empty_ttl_seconds: float = DEFAULT_EMPTY_TTL_SECONDS,
        failure_ttl_seconds: float = DEFAULT_FAILURE_TTL_SECONDS,
        pools_per_venue: int = DEFAULT_POOLS_PER_VENUE,
        pinned: Iterable[Pubkey] = (),
        judge: Judge | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``pinned`` pools are there whether or not a venue can be asked for its pools."""
        self._source = source
        self._venues = tuple(venues)
        self._ttl = ttl_seconds
        self._empty_ttl = empty_ttl_seconds
        self._failure_ttl = failure_ttl_seconds
        self._pools_per_venue = pools_per_venue
        self._monotonic = monotonic
        self._judgements = Judgements(judge) if judge is not None else None
        self._unread = tuple(pinned)
        self._pinned: set[Pubkey] = set()
        self._known: dict[_Key, set[Pubkey]] = {}
        self._found: dict[_Key, _Found] = {}
        self._look_ups = SharedCalls[_Key, _Found]()
        self._opened: dict[Pubkey, Pool] = {}
        # Pools that have just come up, and until when (monotonic seconds) a node's list may lack them.
        self._new: dict[Pubkey, float] = {}

    async def pools(self, mint_a: Pubkey, mint_b: Pubkey, *, at_hand: bool = False) -> PoolSet:
        """The pools of the pair to be asked, in either order of mints; raises WrongMint for one mint.

        ``at_hand``: also that there are none is answered from memory for as long as that there are some.
        """
        pair = in_order(mint_a, mint_b)
        contents = await self._contents(mint_a, mint_b, at_hand=at_hand)
        judged = await self._judgement(pair, contents)
        if judged is None:
            return together(contents, self._pools_per_venue)
        return self._worth_asking(contents, judged)

    async def every_pool(self, mint_a: Pubkey, mint_b: Pubkey) -> PoolSet:
        """Every venue's pools of the pair, also those that are not worth asking; raises WrongMint."""
        return together(await self._contents(mint_a, mint_b), MOST_OPENED)

    async def at(self, addresses: Sequence[Pubkey]) -> tuple[Pool, ...]:
        """The pools at these addresses, as far as there are any: also ones that no list has yet.

        What a pool is made of never changes, so each is opened once. Raises ChainError.
        """
        unread = [address for address in addresses if address not in self._opened]
        if unread:
            for address, account in (await self._read(unread)).items():
                self._open_at(address, account)
            while len(self._opened) > _REMEMBERED_LOOKUPS:
                del self._opened[next(iter(self._opened))]
        return tuple(self._opened[address] for address in addresses if address in self._opened)

    def _open_at(self, address: Pubkey, account: AccountData) -> None:
        venue = next((venue for venue in self._venues if venue.program_id == account.owner), None)
        if venue is None:
            return
        try:
            self._opened[address] = venue.open_pool(address, account)
        except DexError as error:
            logger.info("pool %s cannot be used: %s", address, error)

    async def _contents(self, mint_a: Pubkey, mint_b: Pubkey, *, at_hand: bool = False) -> list[PoolSet]:
        if mint_a == mint_b:
            raise WrongMint("a pair has two different mints")
        if self._unread:
            await self._read_pinned()
        pair = in_order(mint_a, mint_b)
        found = {venue.name: self._found.get((venue.name, pair)) for venue in self._venues}
        may_be_old = at_hand or any(_hold_something(known.content) for known in found.values() if known)
        looked_up = {
            venue.name: self._looking_up(venue, pair)
            for venue in self._venues
            if (known := found[venue.name]) is None or self._monotonic() >= known.fresh_until
        }
        contents = []
        for name, known in found.items():
            if known is None or (name in looked_up and not (may_be_old and self._is_usable(known))):
                contents.append((await shared(looked_up[name])).content)
            else:
                contents.append(known.content)
        return contents

    def _worth_asking(self, contents: Sequence[PoolSet], judged: Judged) -> PoolSet:
        """Venue by venue in the order of the judgement; where nothing is left, why."""
        pools: list[Pool] = []
        for venue in self._venues:
            of_venue = [pool for pool in judged.kept if pool.venue == venue.name]
            of_venue.sort(key=lambda pool: pool.address not in self._pinned)
            pools += of_venue[: self._pools_per_venue]
        why = () if pools else judged.dropped[:_MOST_REASONS]
        return PoolSet(tuple(pools), (*(error for each in contents for error in each.errors), *why))

    async def _judgement(self, pair: Pair, contents: Sequence[PoolSet]) -> Judged | None:
        pools = together(contents, MOST_OPENED).pools
        if self._judgements is None or not pools:
            return None
        return await self._judgements.of(pools, pair, frozenset(self._pinned))

    def remember(self, pools: Iterable[PoolAddress]) -> None:
        """Pools to fall back on where a venue cannot be asked for its pools."""
        for pool in pools:
            self._known.setdefault((pool.venue, in_order(*pool.mints)), set()).add(pool.address)

    def take_up(self, pools: Collection[PoolAddress]) -> None:
        """Remember pools that have just come up: whoever asks next finds them, listed by the node or not."""
        now = self._monotonic()
        self._new = {address: until for address, until in self._new.items() if until > now}
        for pool in pools:
            key = (pool.venue, in_order(*pool.mints))
            if pool.address in self._known.get(key, ()):
                continue
            self._new[pool.address] = now + self._ttl
            if key in self._found:
                self._found[key] = _Found(self._found[key].content, fresh_until=-math.inf)
        self.remember(pools)

    async def discover(
        self, pairs: Iterable[tuple[Pubkey, Pubkey]]
    ) -> tuple[list[PoolAddress], list[VenueError]]:
        """Ask every venue for the pools of the pairs now; what was found, and who could not be asked."""
        if self._unread:
            await self._read_pinned()
        found: list[PoolAddress] = []
        errors: list[VenueError] = []
        for each in pairs:
            pair = in_order(*each)
            contents = [(await shared(self._looking_up(venue, pair))).content for venue in self._venues]
            judged = await self._judgement(pair, contents)
            kept = together(contents, self._pools_per_venue).pools if judged is None else judged.kept
            held = {} if judged is None else judged.held
            found += [PoolAddress(one.venue, one.address, pair, held.get(one.address)) for one in kept]
            errors += [error for content in contents for error in content.errors if error.pool is None]
        return found, errors

    async def _read_pinned(self) -> None:
        """Read those that are not read yet, some at a time; they need not be of one slot."""
        while self._unread:
            some = self._unread[:_READ_TOGETHER]
            try:
                snapshot = await self._source.snapshot(some)
            except DexError as error:
                # They are read again before the next answer; what can be asked for is there meanwhile.
                logger.warning("the pools of the settings are not read yet: %s", error.code)
                return
            for address in some:
                account = snapshot.accounts.get(address)
                if account is not None:
                    self._pin(address, account)
                else:
                    logger.error("%s of the settings is no pool: there is no such account", address)
            # Another caller may have read the same meanwhile.
            self._unread = tuple(address for address in self._unread if address not in some)

    def _pin(self, address: Pubkey, account: AccountData) -> None:
        venue = next((venue for venue in self._venues if venue.program_id == account.owner), None)
        if venue is None:
            logger.error("%s is no pool of a venue of this network", address)
            return
        try:
            pool = venue.open_pool(address, account)
        except DexError as error:
            logger.error("pool %s cannot be used: %s", address, error)
            return
        self._pinned.add(address)
        self.remember([PoolAddress(venue.name, address, pool.mints)])

    def _is_usable(self, known: _Found) -> bool:
        """Whether it was a whole answer, not too long ago: the next one is most likely the same."""
        return self._monotonic() < known.fresh_until + self._ttl and not known.content.errors

    def _looking_up(self, venue: Venue, pair: Pair) -> asyncio.Task[_Found]:
        return self._look_ups.begun((venue.name, pair), lambda: self._look_up(venue, pair))

    async def _look_up(self, venue: Venue, pair: Pair) -> _Found:
        key = (venue.name, pair)
        try:
            content = opened(venue, pair, await self._accounts(venue, pair), self._pinned)
            # Pools that hold nothing yet may be funded soon: they count as none.
            ttl = self._ttl if _hold_something(content) else self._empty_ttl
        except DexError as error:
            last_seen = self._found[key].content.pools if key in self._found else ()
            named = self._known.get(key, set()).union(venue.derived_pools(*key[1]))
            missing = named - {pool.address for pool in last_seen}
            if last_seen:
                missing &= self._new.keys()
            pools = (*last_seen, *(await self._open_known(venue, pair, missing)).pools)
            content = PoolSet(pools, (VenueError(venue.name, error.code, str(error)),))
            # Who refuses will refuse again, and who is busy is spared; who could not answer may answer soon.
            spared = isinstance(error, ChainRefused) or (isinstance(error, ChainBusy) and bool(pools))
            ttl = self._ttl if spared else self._failure_ttl
        found = _Found(content, self._monotonic() + ttl)
        self._found.pop(key, None)
        self._found[key] = found
        if len(self._found) > _REMEMBERED_LOOKUPS:
            del self._found[next(iter(self._found))]
        return found

    async def _accounts(self, venue: Venue, pair: Pair) -> Mapping[Pubkey, AccountData]:
        queries = venue.pool_filters(*pair)
        answers = await asyncio.gather(
            *(self._source.program_accounts(venue.program_id, query) for query in queries)
        )
        accounts = {address: account for answer in answers for address, account in answer}
        known = self._known.get((venue.name, pair), set())
        unlisted = sorted((known & (self._pinned | self._new.keys())) - accounts.keys(), key=str)
        return accounts | (await self._read(unlisted) if unlisted else {})

    async def _read(self, addresses: Sequence[Pubkey]) -> dict[Pubkey, AccountData]:
        snapshot = await self._source.snapshot(addresses)
        found = {address: snapshot.accounts.get(address) for address in addresses}
        return {address: account for address, account in found.items() if account is not None}

    async def _open_known(self, venue: Venue, pair: Pair, known: Collection[Pubkey]) -> PoolSet:
        if not known:
            return PoolSet()
        try:
            return opened(venue, pair, await self._read(sorted(known, key=str)), self._pinned)
        except DexError:
            return PoolSet()


def _hold_something(content: PoolSet) -> bool:
    return any(pool.depth for pool in content.pools)
