"""Random orders from a few clients, each asked for again until it is accepted."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from typing import Any, Final

from orders.proving.soak.client import EngineClient

_CLIENTS: Final = 4
_BETWEEN_SECONDS: Final = 0.4
_LONGEST_OUTAGE_SECONDS: Final = 90
# Token in, token out, least and most base units: a few dollars, and now and then too much slippage asked.
_SWAPS: Final[Sequence[tuple[str, str, int, int]]] = (
    ("SOL", "USDC", 1_000_000, 2_000_000_000),
    ("SOL", "USDT", 1_000_000, 2_000_000_000),
    ("USDC", "SOL", 100_000, 300_000_000),
    ("USDC", "USDT", 100_000, 300_000_000),
    ("SOL", "BONK", 1_000_000, 500_000_000),
    ("SOL", "JUP", 1_000_000, 500_000_000),
)


class Traffic:
    """Clients that order until they are told to stop; what they meet is kept."""

    def __init__(self, client: EngineClient, seed: int, clients: int = _CLIENTS) -> None:
        self._client = client
        self._stop = threading.Event()
        self.failures: list[str] = []
        self._threads = [
            threading.Thread(target=self._order, args=(seed * _CLIENTS + number,), daemon=True)
            for number in range(clients)
        ]

    def start(self) -> None:
        """Begin to order."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Order no more, and wait for the last answers."""
        self._stop.set()
        for thread in self._threads:
            thread.join(_LONGEST_OUTAGE_SECONDS + 40)

    def _order(self, seed: int) -> None:
        draw = random.Random(seed)  # noqa: S311 -- repeatable, not secret
        while not self._stop.is_set():
            try:
                self._client.place_surely(seconds=_LONGEST_OUTAGE_SECONDS, **_request(draw))
            except AssertionError as error:
                self.failures.append(str(error))
                return
            self._stop.wait(_BETWEEN_SECONDS)


def _request(draw: random.Random) -> dict[str, Any]:
    token_in, token_out, least, most = draw.choice(_SWAPS)
    return {
        "tokenIn": token_in,
        "tokenOut": token_out,
        "amountInRaw": str(draw.randint(least, most)),
        "slippageBps": draw.choice((0, 10, 50, 100)),
    }
