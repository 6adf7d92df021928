"""The prices of the localnet of a running engine: set for all ways from SOL to USDC, and set back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import httpx2

_TIMEOUT_SECONDS: Final = 10
# Two hops over USDT must not pay what SOL/USDC no longer does.
_PAIRS: Final = ("SOL/USDC", "SOL/USDT")


class PricesStay(Exception):
    """The node is not a localnet that sets prices."""


class LocalnetPrices:
    """Prices at the RPC address of a localnet."""

    def __init__(self, rpc_url: str) -> None:
        self._rpc_url = rpc_url

    def set(self, price: Decimal) -> None:
        """All pools of SOL against stablecoins pay ``price`` for one, before fees. Raises PricesStay."""
        for pair in _PAIRS:
            self._call("localnet_setPrice", {"pair": pair, "price": format(price, "f")})

    def reset(self) -> None:
        """The pools have the prices that they had before. Raises PricesStay."""
        self._call("localnet_resetPrices")

    def _call(self, method: str, *parameters: Any) -> None:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
        try:
            answer = httpx2.post(self._rpc_url, json=body, timeout=_TIMEOUT_SECONDS).json()
        except (httpx2.HTTPError, ValueError) as error:
            raise PricesStay(f"{self._rpc_url}: {error or type(error).__name__}") from error
        if "error" in answer:
            raise PricesStay(f"{method}: {answer['error']['message']}")
