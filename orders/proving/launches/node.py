"""The launches of the localnet of a running engine: made by call, and what only localnet knows of them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2

_TIMEOUT_SECONDS: Final = 10
_CONFIRMED_WITHIN_SECONDS: Final = 10
_POLL_SECONDS: Final = 0.1


class LaunchesNowhere(Exception):
    """The node is not a localnet that launches tokens."""


@dataclass(frozen=True, slots=True)
class Launched:
    """A launch as localnet knows it. Slots are None until they are reached, ``trap`` for none."""

    number: int
    venue: str
    pool: str
    mint: str
    symbol: str
    trap: str | None
    created_slot: int
    opened_slot: int | None
    sprung_slot: int | None


class LocalnetLaunches:
    """Launches at the RPC address of a localnet. Calls raise LaunchesNowhere."""

    def __init__(self, rpc_url: str) -> None:
        self._http = httpx2.Client(timeout=_TIMEOUT_SECONDS)
        self._rpc_url = rpc_url

    def close(self) -> None:
        self._http.close()

    def launch(self, wish: Mapping[str, Any]) -> Launched:
        """Launches a token now; the fields of ``wish`` are in dex.localnet.launches.methods."""
        return _read(self._call("localnet_launch", dict(wish)))

    def since(self, number: int) -> dict[int, Launched]:
        """Every launch from that number on, by its number."""
        return {
            found.number: found for found in map(_read, self._call("localnet_launches", {"from": number}))
        }

    def await_confirmed(self, slot: int) -> None:
        """Until nodes call the slot confirmed, or some seconds: a mint can be named once its slot is."""
        deadline = time.monotonic() + _CONFIRMED_WITHIN_SECONDS
        while self._confirmed_slot() < slot and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)

    def _confirmed_slot(self) -> int:
        body = {"jsonrpc": "2.0", "id": 1, "method": "getSlot", "params": [{"commitment": "confirmed"}]}
        return int(self._post(body)["result"])

    def _call(self, method: str, parameter: Mapping[str, Any]) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": [parameter]}
        answer = self._post(body)
        if "error" in answer:
            raise LaunchesNowhere(f"{method}: {answer['error']['message']}")
        return answer["result"]["value"]

    def _post(self, body: Mapping[str, Any]) -> Any:
        try:
            return self._http.post(self._rpc_url, json=body).json()
        except (httpx2.HTTPError, ValueError) as error:
            raise LaunchesNowhere(f"{self._rpc_url}: {error or type(error).__name__}") from error


def _read(found: Mapping[str, Any]) -> Launched:
    return Launched(
        number=found["number"],
        venue=found["venue"],
        pool=found["pool"],
        mint=found["mint"],
        symbol=found["symbol"],
        trap=found["trap"],
        created_slot=found["createdSlot"],
        opened_slot=found["openedSlot"],
        sprung_slot=found["sprungSlot"],
    )
