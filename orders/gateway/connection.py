"""This process's connection to the chain: one node client, one pool directory.

Made at first use from the settings, on an event loop of its own, so that the threads of a worker
share connections and caches.
"""

from __future__ import annotations

import asyncio
import functools
import os
import threading
from collections.abc import Coroutine, Hashable, Iterable, Sequence
from typing import Any, Final, TypeVar

from django.conf import settings
from solders.pubkey import Pubkey

from dex.errors import ChainUnreachable
from dex.routing.discovery import PoolDirectory
from dex.routing.fitting import Fitting
from dex.routing.judgement import ChainJudge
from dex.routing.kept_answers import KeptAnswers
from dex.routing.snapshots import Snapshots
from dex.rpc.failover import FailoverRpc
from dex.rpc.kept_blockhash import KeptBlockhash
from dex.rpc.node import Commitment
from dex.rpc.observing import RequestSeen
from dex.rpc.priority_fees import FeeMarket
from dex.transactions.units import UnitLimits
from dex.types import PoolAddress, Snapshot
from dex.venues.base import Venue
from dex.venues.registry import venues_for
from orders.gateway.pinned_pools import pinned_pools
from orders.platform.loop_thread import LoopThread
from orders.telemetry import counters, hooks

Result = TypeVar("Result")

CALL_TIMEOUT_SECONDS: Final = 12
_NEWEST_WITHIN_SECONDS: Final = 2

_making = threading.Lock()


class NewestAccounts:
    """Reads accounts as they are in the slot that is being filled."""

    def __init__(self, rpc: FailoverRpc) -> None:
        self._rpc = rpc

    async def snapshot(self, addresses: Sequence[Pubkey], /) -> Snapshot:
        """All of one slot; raises ChainError, after two seconds too: by then it would be an old one."""
        try:
            async with asyncio.timeout(_NEWEST_WITHIN_SECONDS):
                return await self._rpc.newest_snapshot(addresses)
        except TimeoutError as error:
            raise ChainUnreachable(f"no answer within {_NEWEST_WITHIN_SECONDS} s") from error


class Connection:
    """Nodes, venues, pools; coroutines run on its loop."""

    def __init__(
        self,
        rpc_urls: Sequence[str],
        network: str,
        venues: Iterable[Venue],
        commitment: Commitment,
        max_slots_behind: int,
        pinned: Sequence[Pubkey] = (),
        most_loss_bps: int = 10_000,
    ) -> None:
        self._loop = LoopThread("solana")
        self.rpc = FailoverRpc(
            rpc_urls,
            network=network,
            commitment=commitment,
            max_slots_behind=max_slots_behind,
            observer=count_request,
        )
        self.venues: dict[str, Venue] = {venue.name: venue for venue in venues}
        self.blockhashes = KeptBlockhash(self.rpc)
        self.fees = FeeMarket(self.rpc)
        self.units = UnitLimits(self.rpc)
        self.snapshots = Snapshots(self.rpc)
        # For purchases in new pools, which are late by the slot that a confirmation takes.
        self.newest = Snapshots(NewestAccounts(self.rpc))
        judge = ChainJudge(self.rpc, most_loss_bps)
        self.answers = KeptAnswers()
        self.directory = PoolDirectory(self.rpc, self.venues.values(), pinned=pinned, judge=judge)
        # What is known of the sizes of routes, by what they depend on.
        self.fittings: dict[Hashable, Fitting] = {}
        # Monotonic seconds until which the pools that the database knows are taken as read.
        self.pools_read_until = 0.0
        # The newest of them by its key.
        self.newest_pool = 0

    def remember(self, pools: Iterable[PoolAddress]) -> None:
        """Fall back on these pools where nodes list none."""
        self._loop.run(self._remember(list(pools)), CALL_TIMEOUT_SECONDS)

    def take_up(self, pools: Iterable[PoolAddress]) -> None:
        """Ask these pools from now on: they have just come up."""
        self._loop.run(self._take_up(list(pools)), CALL_TIMEOUT_SECONDS)

    async def _remember(self, pools: Sequence[PoolAddress]) -> None:
        self.directory.remember(pools)

    async def _take_up(self, pools: Sequence[PoolAddress]) -> None:
        self.directory.take_up(pools)

    async def require_network(self) -> None:
        """Raise WrongNetwork when no node is of the configured network, ChainError when none answers.

        What another network says of a signature proves nothing, and its money is other money.
        """
        await self.rpc.require_network()

    async def warm_up(self, pairs: Iterable[tuple[Pubkey, Pubkey]]) -> None:
        """Find the pools of these pairs before the first order asks; raises ChainError."""
        await self.require_network()
        for mint_a, mint_b in pairs:
            await self.directory.pools(mint_a, mint_b)
        await self.blockhashes.newest()

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine to its end; raises ChainUnreachable when it takes too long."""
        try:
            return self._loop.run(coroutine, CALL_TIMEOUT_SECONDS)
        except TimeoutError as error:
            raise ChainUnreachable(f"no answer within {CALL_TIMEOUT_SECONDS} s") from error


def count_request(seen: RequestSeen) -> None:
    """Count a request to a node, and report it to traces."""
    counters.answered(seen.node, seen.method, seen.seconds)
    for (method, code), calls in seen.calls.items():
        counters.called(seen.node, method, code, calls)
    hooks.called(seen.node, seen.method, seen.seconds, seen.calls)


def connection() -> Connection:
    """The connection of this process to the node that the settings name."""
    # The cache alone would let two threads make two connections, with two loops, at first use.
    with _making:
        return _connection(
            settings.SOLANA_RPC_URL,
            settings.SOLANA_NETWORK,
            tuple(settings.EXTRA_VENUES),
            settings.SOLANA_COMMITMENT,
            settings.SOLANA_MAX_SLOTS_BEHIND,
            os.getpid(),
        )


def node_urls() -> list[str]:
    """The nodes of the settings, in their order."""
    return [url.strip() for url in settings.SOLANA_RPC_URL.split(",") if url.strip()]


def require_network() -> None:
    """Raise WrongNetwork when the node is of another network, ChainError when it cannot be asked."""
    connection().run(connection().require_network())


@functools.lru_cache(maxsize=4)
def _connection(
    _rpc_url: str,
    network: str,
    extra_venues: tuple[str, ...],
    commitment: Commitment,
    max_slots_behind: int,
    _pid: int,
) -> Connection:
    pinned = pinned_pools()
    most_loss = settings.MAX_ROUND_TRIP_LOSS_BPS
    venues = venues_for(network, extra_venues)
    return Connection(node_urls(), network, venues, commitment, max_slots_behind, pinned, most_loss)
