"""A localnet that goes on from the state of another network: ``python -m dex.localnet --fork URL``."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from solders.hash import Hash
from solders.pubkey import Pubkey

from dex.config import NATIVE_MINT
from dex.errors import ChainError
from dex.localnet.errors import ForkRefused
from dex.localnet.fork.cache import AnswerCache
from dex.localnet.fork.gifts import Gift, give
from dex.localnet.fork.loader import AccountLoader
from dex.localnet.fork.origin import Origin
from dex.localnet.fork.parent import Backoff, Parent, Position
from dex.localnet.fork.pools import accounts_of_pools, find_pools
from dex.localnet.roles import ROLES
from dex.localnet.server import Localnet, NetworkOptions
from dex.types import Clock
from dex.venues.base import Venue
from dex.venues.registry import venues_for

DEFAULT_GIFTS: Final = (Gift(NATIVE_MINT, Decimal(100)),)


@dataclass(frozen=True, slots=True)
class ForkOptions:
    """What to fork. ``pools`` by address, ``pairs`` by mints; ``gifts`` for the wallets to fund.

    ``cache`` None: in the ledger's folder, or in the user's cache folder when the chain is kept in memory.
    """

    url: str
    pools: Sequence[Pubkey] = ()
    pairs: Sequence[tuple[Pubkey, Pubkey]] = ()
    gifts: Sequence[Gift] = DEFAULT_GIFTS
    cache: Path | None = None
    backoff: Backoff = field(default_factory=Backoff)


class Fork:
    """A network with what it comes from. ``pools`` are all that were named, ``given`` the new wallets."""

    def __init__(self, network: Localnet, origin: Origin, position: Position) -> None:
        self.network = network
        self.origin = origin
        self.position = position
        self.loader = AccountLoader(network.chain, origin, network.writing)
        self.pools: list[Pubkey] = []
        self.given: list[Pubkey] = []
        network.prepare_calls_with(self.loader.prepare)

    async def clone(self, options: ForkOptions, wallets: Sequence[Pubkey]) -> None:
        """Loads the pools with all that belongs to them, and the gifts; raises ForkRefused or ChainError."""
        venues = _venues(self.position)
        for pair in options.pairs:
            self.pools += await find_pools(self.origin, venues, pair)
        self.pools = list(dict.fromkeys([*options.pools, *self.pools]))
        clock = Clock(self.position.slot, int(time.time()), self.position.epochs.at(self.position.slot))
        for accounts in await accounts_of_pools(self.origin, venues, self.pools, clock):
            # Pool by pool, so that all accounts of one are read at one slot.
            await self.loader.load(accounts)
        self.given = await give(self.network.chain, self.loader, wallets, options.gifts)

    def description(self, options: ForkOptions) -> str:
        """One line for people: where it comes from, and what in it is simulated."""
        parent = f"{urlsplit(options.url).hostname} at slot {self.position.slot}"
        away = " from the cache: the parent does not answer" if self.origin.is_offline else ""
        text = f"fork of {parent}{away}, {len(self.pools)} pools"
        if self.given and options.gifts:
            gifts = ", ".join(str(gift) for gift in options.gifts)
            text += f"; simulated: {gifts} written into the accounts of {', '.join(map(str, self.given))}"
        return text


async def open_fork(options: NetworkOptions, fork: ForkOptions) -> Fork:
    """A network ready to be started, at the parent's slot or where its ledger ends.

    Raises ForkRefused when it cannot be made, LedgerRefused, and OSError for a folder that cannot be used.
    """
    cache = AnswerCache(_cache_folder(options, fork))
    origin = Origin(Parent(fork.url, fork.backoff), cache)
    async with contextlib.AsyncExitStack() as undo:
        undo.push_async_callback(origin.aclose)
        position = await origin.find()
        network = Localnet(_forked(options, position))
        undo.callback(network.chain.ledger.close)
        found = Fork(network, origin, position)
        try:
            await found.clone(fork, options.fund)
        except ChainError as error:
            raise ForkRefused(f"the parent network stopped answering: {error}") from error
        undo.pop_all()
        return found


def _forked(options: NetworkOptions, position: Position) -> NetworkOptions:
    hashed = hashlib.sha256(f"localnet fork of {position.genesis_hash} {options.seed}".encode()).digest()
    return replace(
        options,
        # Not the parent's: what is signed for a fork must not pass for the real network.
        genesis_hash=options.genesis_hash or Hash.from_bytes(hashed),
        first_slot=position.slot,
        epochs=position.epochs,
        fund=(),
    )


def _venues(position: Position) -> Sequence[Venue]:
    on_devnet = position.genesis_hash == str(ROLES["devnet"].genesis_hash)
    return venues_for("devnet" if on_devnet else "mainnet-beta")


def _cache_folder(options: NetworkOptions, fork: ForkOptions) -> Path:
    if fork.cache is not None:
        return fork.cache
    if options.ledger is not None:
        return options.ledger / "parent"
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "order-execution-engine" / hashlib.sha256(fork.url.encode()).hexdigest()[:16]
