"""Faults on demand, for tests: methods ``localnet_…`` that exist only when faults are allowed.

localnet_setFault {"method", "kind", "count", "percent", "delayMs"}: the next ``count`` calls (1), or with
``percent`` that share of all calls, spread evenly, until reset or until ``count`` of them have failed
    drop        the connection closes without an answer, nothing runs
    delay       the answer waits ``delayMs``
    land_error  the method runs, then HTTP 500
    land_drop   the method runs, then the connection closes
    busy        HTTP 429
    unavailable HTTP 503
    garbage     an answer that is not JSON
    behind      JSON-RPC error -32005, node is behind
    swallow     sendTransaction answers with the signature, and the transaction is lost
    airdrop_limit  what devnet's faucet answers when it gives no more: HTTP 429 with a JSON-RPC error
localnet_setLag {"slots"}       this node stands still until it is so many slots behind (at most 1,000), and
                                stays so: it reads old accounts, statuses and blockhashes, and forwards what
                                it is sent; simulations and subscriptions do not lag
localnet_resetFaults []         forgets all of them, and the lag
localnet_advance {"slots"}      closes and confirms that many slots now; to a given slot: surfnet_timeTravel
localnet_forget {"slots"}       the ledger loses what is older than so many confirmed slots
localnet_forkAway {"signature"} the slot it landed in is replayed without it
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from dex.localnet.chain import MOST_LAG, Chain
from dex.localnet.dispatch import HttpFailure, Method
from dex.localnet.encoding import decode_transaction
from dex.localnet.errors import airdrop_limit_reached, invalid_params, node_is_behind
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
_BEFORE: Final = ("drop", "busy", "unavailable", "garbage", "behind", "airdrop_limit")
_AFTER: Final = ("land_error", "land_drop")
_KINDS: Final = (*_BEFORE, *_AFTER, "delay", "swallow")
_MOST_SLOTS: Final = 10_000
_WHOLE: Final = 100


@dataclass(slots=True)
class Fault:
    """What goes wrong with ``count`` calls (None: no end) of a method ("*": any), ``percent`` of all."""

    method: str
    kind: str
    count: int | None
    delay_ms: int
    percent: int = 100
    _share: int = 0

    def strikes(self) -> bool:
        """Whether this call is one of the share that fails; counts it."""
        self._share += self.percent
        if self._share < _WHOLE:
            return False
        self._share -= _WHOLE
        return True

    def is_spent(self) -> bool:
        """Takes one of ``count``; whether that was the last."""
        if self.count is None:
            return False
        self.count -= 1
        return self.count <= 0


class FaultPlan:
    """The faults of one node; intercepts every call (an Interceptor). ``lag`` in slots."""

    def __init__(self, chain: Chain, writing: asyncio.Lock) -> None:
        """``writing`` is held while a slot is written to the ledger: the chain must not move under it."""
        self._chain = chain
        self._writing = writing
        self._faults: list[Fault] = []
        self.lag = 0

    def methods(self) -> Mapping[str, Method]:
        """The fault methods, and sendTransaction as the faults want it."""
        return {
            "localnet_setFault": self._set_fault,
            "localnet_setLag": self._set_lag,
            "localnet_resetFaults": self._reset,
            "localnet_advance": self._advance,
            "localnet_forget": self._forget,
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
        if fault.kind == "airdrop_limit":
            raise airdrop_limit_reached()
        if fault.kind == "behind":
            raise node_is_behind(200)
        status, body = _HTTP[fault.kind]
        raise HttpFailure(status, body)

    def _take(self, method: str, *kinds: str) -> Fault | None:
        if method.startswith(("localnet_", "surfnet_")):
            return None
        for fault in self._faults:
            if not (fault.kind in kinds and fault.method in (method, "*") and fault.strikes()):
                continue
            if fault.is_spent():
                self._faults.remove(fault)
            return fault
        return None

    def _set_fault(self, _chain: Chain, parameters: Parameters) -> object:
        wanted = as_options(parameters.required(0))
        kind = wanted.choice("kind", _KINDS, "drop")
        percent = wanted.integer("percent")
        if percent is not None and not 1 <= percent <= _WHOLE:
            raise invalid_params("Invalid params: percent is 1 to 100")
        count = 1 if percent is None and "count" not in wanted else wanted.integer("count")
        method, delay_ms = wanted.text("method") or "*", wanted.integer("delayMs") or 0
        self._faults.append(Fault(method, kind, count, delay_ms, percent or _WHOLE))
        return True

    def _set_lag(self, chain: Chain, parameters: Parameters) -> object:
        slots = as_options(parameters.required(0)).integer("slots") or 0
        if slots > MOST_LAG:
            raise invalid_params(f"Too many slots; max {MOST_LAG}")
        chain.keep_history(slots)
        self.lag = slots
        return True

    def _reset(self, _chain: Chain, _parameters: Parameters) -> object:
        self._faults.clear()
        self.lag = 0
        return True

    async def _advance(self, chain: Chain, parameters: Parameters) -> object:
        slots = as_options(parameters.required(0)).integer("slots") or 1
        if slots > _MOST_SLOTS:
            raise invalid_params(f"Too many slots; max {_MOST_SLOTS}")
        async with self._writing:
            chain.advance(slots)
        return chain.slot

    async def _forget(self, chain: Chain, parameters: Parameters) -> object:
        slots = as_options(parameters.required(0)).integer("slots") or 0
        async with self._writing:
            chain.ledger.forget_before(chain.confirmed_slot - slots)
        return chain.ledger.first_slot()

    async def _fork_away(self, chain: Chain, parameters: Parameters) -> object:
        signature = as_signature(as_options(parameters.required(0)).text("signature") or "")
        async with self._writing:
            return chain.fork_away(signature)

    def _send_transaction(self, chain: Chain, parameters: Parameters) -> object:
        if self._take("sendTransaction", "swallow") is None:
            return send_transaction(chain, parameters)
        encoding = parameters.options(1).choice("encoding", ("base58", "base64"), "base58")
        return str(decode_transaction(parameters.text(0), encoding).signatures[0])
