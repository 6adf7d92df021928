"""Faults on demand, for tests: methods ``localnet_…`` that exist only when faults are allowed.

localnet_setFault {"method", "kind", "count", "delayMs"}
    drop        the connection closes without an answer, nothing runs
    delay       the answer waits ``delayMs``
    land_error  the method runs, then HTTP 500
    land_drop   the method runs, then the connection closes
    busy        HTTP 429
    unavailable HTTP 503
    garbage     an answer that is not JSON
    behind      JSON-RPC error -32005, node is behind
    swallow     sendTransaction answers with the signature, and the transaction is lost
localnet_resetFaults []         forgets all of them
localnet_advance {"slots"}      closes and confirms that many slots now
localnet_forkAway {"signature"} the slot it landed in is replayed without it
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dex.localnet.chain import Chain
from dex.localnet.dispatch import HttpFailure, Method
from dex.localnet.encoding import decode_transaction
from dex.localnet.errors import NODE_UNHEALTHY, RpcError, invalid_params
from dex.localnet.parameters import Parameters, as_options, as_signature
from dex.localnet.transaction_methods import send_transaction

_HTTP: Final[Mapping[str, tuple[int | None, bytes]]] = {
    "drop": (None, b""),
    "land_drop": (None, b""),
    "land_error": (500, b"Internal Server Error"),
    "busy": (429, b"Too many requests for a specific RPC call"),
    "unavailable": (503, b"Service Unavailable"),
    "garbage": (200, b"<html>gateway</html>"),
}
_BEFORE: Final = ("drop", "busy", "unavailable", "garbage", "behind")
_AFTER: Final = ("land_error", "land_drop")
_KINDS: Final = (*_BEFORE, *_AFTER, "delay", "swallow")
_MOST_SLOTS: Final = 10_000


@dataclass(slots=True)
class Fault:
    """What goes wrong with the next ``count`` calls of a method ("*": any)."""

    method: str
    kind: str
    count: int
    delay_ms: int


class FaultPlan:
    """The faults that are set; intercepts every call (an Interceptor)."""

    def __init__(self, chain: Chain, writing: asyncio.Lock) -> None:
        """``writing`` is held while a slot is written to the ledger: the chain must not move under it."""
        self._chain = chain
        self._writing = writing
        self._faults: list[Fault] = []

    def methods(self) -> Mapping[str, Method]:
        """The fault methods, and sendTransaction as the faults want it."""
        return {
            "localnet_setFault": self._set_fault,
            "localnet_resetFaults": self._reset,
            "localnet_advance": self._advance,
            "localnet_forkAway": self._fork_away,
            "sendTransaction": self._send_transaction,
        }

    async def before(self, method: str) -> None:
        """Waits, or fails in place of the method."""
        delay = self._take(method, "delay")
        if delay is not None:
            await asyncio.sleep(delay.delay_ms / 1000)
        self._fail(self._take(method, *_BEFORE))

    async def after(self, method: str) -> None:
        """Breaks the answer of a method that ran."""
        self._fail(self._take(method, *_AFTER))

    def _fail(self, fault: Fault | None) -> None:
        if fault is None:
            return
        if fault.kind == "behind":
            raise RpcError(NODE_UNHEALTHY, "Node is behind by 200 slots", {"numSlotsBehind": 200})
        status, body = _HTTP[fault.kind]
        raise HttpFailure(status, body)

    def _take(self, method: str, *kinds: str) -> Fault | None:
        for fault in self._faults:
            if fault.kind in kinds and fault.method in (method, "*") and not method.startswith("localnet_"):
                fault.count -= 1
                if fault.count <= 0:
                    self._faults.remove(fault)
                return fault
        return None

    def _set_fault(self, _chain: Chain, parameters: Parameters) -> object:
        wanted = as_options(parameters.required(0))
        kind = wanted.choice("kind", _KINDS, "drop")
        count = wanted.integer("count")
        delay_ms = wanted.integer("delayMs") or 0
        self._faults.append(
            Fault(wanted.text("method") or "*", kind, 1 if count is None else count, delay_ms)
        )
        return True

    def _reset(self, _chain: Chain, _parameters: Parameters) -> object:
        self._faults.clear()
        return True

    async def _advance(self, chain: Chain, parameters: Parameters) -> object:
        slots = as_options(parameters.required(0)).integer("slots") or 1
        if slots > _MOST_SLOTS:
            raise invalid_params(f"Too many slots; max {_MOST_SLOTS}")
        async with self._writing:
            chain.advance(slots)
        return chain.slot

    async def _fork_away(self, chain: Chain, parameters: Parameters) -> object:
        signature = as_signature(as_options(parameters.required(0)).text("signature") or "")
        async with self._writing:
            return chain.fork_away(signature)

    def _send_transaction(self, chain: Chain, parameters: Parameters) -> object:
        if self._take("sendTransaction", "swallow") is None:
            return send_transaction(chain, parameters)
        encoding = parameters.options(1).choice("encoding", ("base58", "base64"), "base58")
        return str(decode_transaction(parameters.text(0), encoding).signatures[0])
