"""This process's connection to the chain: one node client, one pool directory, one signer.

Made at first use from the settings, on an event loop of its own, so that the threads of a worker
share connections and caches.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

from django.conf import settings
from solders.pubkey import Pubkey

from dex.chain.rpc import SolanaRpc
from dex.chain.signer import Signer, WalletSigner
from dex.config import PAIRS, TOKENS
from dex.discovery import PoolDirectory
from dex.errors import ChainUnreachable, KeyUnavailable
from dex.venues.base import Venue
from dex.venues.registry import venues_for
from orders.loop_thread import LoopThread

Result = TypeVar("Result")

CALL_TIMEOUT_SECONDS: Final = 12

_making = threading.Lock()


class Connection:
    """Node, venues, pools; coroutines run on its loop."""

    def __init__(self, rpc_url: str, network: str) -> None:
        self._loop = LoopThread("solana")
        self.rpc = SolanaRpc(rpc_url)
        self.venues: dict[str, Venue] = {venue.name: venue for venue in venues_for(network)}
        self.directory = PoolDirectory(self.rpc, self.venues.values())

    async def warm_up(self) -> None:
        """Find the pools of the usual pairs before the first order asks; raises ChainError."""
        mints = {token.symbol: token.mint for token in TOKENS}
        for token_a, token_b in PAIRS:
            await self.directory.pools(mints[token_a], mints[token_b])
        await self.rpc.latest_blockhash()

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine to its end; raises ChainUnreachable when it takes too long."""
        try:
            return self._loop.run(coroutine, CALL_TIMEOUT_SECONDS)
        except TimeoutError as error:
            raise ChainUnreachable(f"no answer within {CALL_TIMEOUT_SECONDS} s") from error


def connection() -> Connection:
    """The connection of this process to the node that the settings name."""
    # The cache alone would let two threads make two connections, with two loops, at first use.
    with _making:
        return _connection(settings.SOLANA_RPC_URL, settings.SOLANA_NETWORK, os.getpid())


def warm_up() -> None:
    """Make this process's connection ready for its first order; raises ChainError."""
    connection().run(connection().warm_up())


def wallet_address() -> Pubkey:
    """The wallet whose tokens are swapped; raises KeyUnavailable when neither address nor key is set."""
    if settings.WALLET_ADDRESS:
        return _pubkey(settings.WALLET_ADDRESS)
    return signer().pubkey


def signer() -> Signer:
    """The wallet's signer; raises KeyUnavailable where this process has no key."""
    if not settings.WALLET_KEYPAIR:
        raise KeyUnavailable("this process has no wallet key")
    return _signer(settings.WALLET_KEYPAIR)


@functools.lru_cache(maxsize=4)
def _connection(rpc_url: str, network: str, _pid: int) -> Connection:
    return Connection(rpc_url, network)


@functools.lru_cache(maxsize=2)
def _signer(source: str) -> Signer:
    return WalletSigner.read(source)


@functools.lru_cache(maxsize=4)
def _pubkey(address: str) -> Pubkey:
    return Pubkey.from_string(address)
