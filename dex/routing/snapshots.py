"""One snapshot that holds all that pools read for some requests, arrays that their state points to included.

No I/O of its own: whatever can read accounts at one slot is handed in.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from solders.pubkey import Pubkey

from dex.errors import DexError
from dex.routing.router import accounts_of
from dex.types import AccountData, AccountFilter, Clock, QuoteRequest, Snapshot
from dex.venues.base import Pool

# A first look, what it points to, and twice more where the price has moved in between.
_MOST_READS: Final = 4
_REMEMBERED: Final = 4096
# Of as many batches as are worked on at once.
_TAKEN: Final = 8
_NOTHING: Final = Snapshot(Clock(0, 0, 0), {})


class AccountReader(Protocol):
    """What reads accounts."""

    async def snapshot(self, addresses: Sequence[Pubkey], /) -> Snapshot:
        """The accounts at these addresses, all of one slot; raises ChainError."""
        ...


class AccountSource(AccountReader, Protocol):
    """What reads accounts, and lists them."""

    async def program_accounts(
        self, program_id: Pubkey, query: AccountFilter, /
    ) -> Sequence[tuple[Pubkey, AccountData]]:
        """The accounts of a program that fit; raises ChainError."""
        ...


@dataclass(frozen=True, slots=True)
class Taken:
    """A snapshot, and when (monotonic seconds) it was asked for: what it shows is no older than that."""

    snapshot: Snapshot
    asked_at: float


class Snapshots:
    """Reads snapshots; remembers what pools pointed to, so that one read does as a rule."""

    def __init__(self, reader: AccountReader, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._reader = reader
        self._monotonic = monotonic
        self._pointed: dict[tuple[Pubkey, Pubkey], tuple[Pubkey, ...]] = {}
        self._taken: deque[Taken] = deque(maxlen=_TAKEN)

    async def read(
        self, asks: Iterable[tuple[QuoteRequest, Pool]], more_accounts: Sequence[Pubkey] = ()
    ) -> Snapshot:
        """The accounts of all pools for their requests, and ``more_accounts``, at one slot.

        A pool that cannot say what it reads gets no more than its own accounts: its quote tells why. Raises
        ChainError.
        """
        wanted = list(asks)
        return await self.read_for(lambda _: wanted, more_accounts)

    async def take(
        self,
        asks: Iterable[tuple[QuoteRequest, Pool]],
        more_accounts: Sequence[Pubkey],
        at_most_seconds: float,
    ) -> Taken:
        """`read`, or the newest that holds all of it and was asked for so many seconds ago at the most."""
        wanted = list(asks)
        needed = {*accounts_of(pool for _, pool in wanted), *more_accounts}
        now = self._monotonic()
        for taken in reversed(self._taken):
            is_young = now - taken.asked_at < at_most_seconds
            has_all = is_young and needed <= taken.snapshot.accounts.keys()
            if has_all and not self._missing(wanted, taken.snapshot):
                return taken
        return Taken(await self.read(wanted, more_accounts), now)

    async def read_for(
        self,
        asks_by: Callable[[Snapshot], Iterable[tuple[QuoteRequest, Pool]]],
        more_accounts: Sequence[Pubkey],
    ) -> Snapshot:
        """`read` where what is asked depends on the state.

        ``asks_by`` first gets an empty snapshot: what pools pointed to before is a first look for any amount.
        """
        wanted = list(asks_by(_NOTHING))
        known = [address for ask in wanted for address in self._pointed.get(_key(ask), ())]
        first = (*accounts_of(pool for _, pool in wanted), *more_accounts, *known)
        addresses = list(dict.fromkeys(first))
        asked_at, snapshot = self._monotonic(), await self._reader.snapshot(addresses)
        for _ in range(_MOST_READS - 1):
            missing = self._missing(list(asks_by(snapshot)), snapshot)
            if not missing:
                break
            addresses += missing
            asked_at, snapshot = self._monotonic(), await self._reader.snapshot(addresses)
        self._taken.append(Taken(snapshot, asked_at))
        return snapshot

    def _missing(self, wanted: Sequence[tuple[QuoteRequest, Pool]], snapshot: Snapshot) -> list[Pubkey]:
        found: dict[Pubkey, None] = {}
        for request, pool in wanted:
            pointed = _pointed_to(pool, snapshot, request)
            if pointed:
                self._remember(_key((request, pool)), pointed)
            found |= dict.fromkeys(address for address in pointed if address not in snapshot.accounts)
        return list(found)

    def _remember(self, key: tuple[Pubkey, Pubkey], pointed: tuple[Pubkey, ...]) -> None:
        self._pointed.pop(key, None)
        self._pointed[key] = pointed
        if len(self._pointed) > _REMEMBERED:
            del self._pointed[next(iter(self._pointed))]


def _key(ask: tuple[QuoteRequest, Pool]) -> tuple[Pubkey, Pubkey]:
    request, pool = ask
    return pool.address, request.token_in


def _pointed_to(pool: Pool, snapshot: Snapshot, request: QuoteRequest) -> tuple[Pubkey, ...]:
    try:
        return tuple(pool.further_accounts(snapshot, request))
    except DexError:
        return ()
