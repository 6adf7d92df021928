"""SOL for a devnet wallet from the network's faucet, which gives little and soon nothing."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from dex.errors import ChainBusy, DexError
from orders.gateway.connection import Connection, connection
from orders.gateway.wallet import wallet_address

# 1 SOL: public faucets give at most a few at a time.
AIRDROP_LAMPORTS: Final = 1_000_000_000
# What was given is there after a block or two; until then it is not asked for again.
_LANDS_WITHIN_SECONDS: Final = 2
_SPARED_SECONDS: Final = 15
_SPARED_AT_MOST_SECONDS: Final = 600


class Relief(StrEnum):
    """What became of asking the faucet; LIMITED is its 429."""

    GIVEN = "given"
    LIMITED = "limited"
    UNKNOWN = "unknown"


class Faucet:
    """Asks for an airdrop, but not again right after one, and ever more seldom after a refusal."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._asking = threading.Lock()
        self._last = Relief.UNKNOWN
        self._quiet_until = 0.0
        self._refusals = 0

    def ask(self) -> Relief:
        """Ask for SOL for the wallet, or say what came of it a short while ago."""
        with self._asking:
            if self._monotonic() < self._quiet_until:
                return self._last
            self._last = self._ask()
            self._quiet_until = self._monotonic() + self._quiet_seconds()
            return self._last

    def _ask(self) -> Relief:
        try:
            connection().run(connection().rpc.request_airdrop(wallet_address(), AIRDROP_LAMPORTS))
        except ChainBusy:
            self._refusals += 1
            return Relief.LIMITED
        except DexError:
            return Relief.UNKNOWN
        self._refusals = 0
        return Relief.GIVEN

    def _quiet_seconds(self) -> int:
        if self._last is Relief.LIMITED:
            return min(_SPARED_AT_MOST_SECONDS, _SPARED_SECONDS << min(self._refusals - 1, 8))
        return _LANDS_WITHIN_SECONDS if self._last is Relief.GIVEN else 0


def ask_faucet() -> Relief:
    """Ask the faucet of the network for SOL for the wallet; raises nothing for one that gives none."""
    return _faucet(connection()).ask()


@functools.lru_cache(maxsize=4)
def _faucet(_connection: Connection) -> Faucet:
    return Faucet()
