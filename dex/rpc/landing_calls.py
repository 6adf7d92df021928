"""What a node reports that helps a transaction land: recent fees, and the units it would use."""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import Sequence

from solders.pubkey import Pubkey

from dex.rpc.answers import Simulation, read_integer, read_text, reading
from dex.rpc.jsonrpc import RpcClient


class LandingCalls(ABC):
    """Part of `SolanaRpc`; raises what that raises."""

    _rpc: RpcClient

    @abstractmethod
    def _config(self, min_context_slot: int | None = None) -> dict[str, object]: ...

    async def recent_prioritization_fees(self, written: Sequence[Pubkey]) -> list[int]:
        """Micro-lamports a compute unit, one number a recent slot; at most 128 accounts."""
        result = await self._rpc.call("getRecentPrioritizationFees", [str(key) for key in written])
        with reading("getRecentPrioritizationFees"):
            return [read_integer(entry["prioritizationFee"]) for entry in result]

    async def simulated_units(self, raw: bytes) -> int:
        """Compute units that an unsigned transaction would use now; 0 when it would fail."""
        simulation = await self.simulated(raw)
        return 0 if simulation.error is not None else simulation.units

    async def simulated(self, raw: bytes, min_context_slot: int | None = None) -> Simulation:
        """What an unsigned transaction would do on the newest state, or that of a slot at least."""
        config = {
            **self._config(min_context_slot),
            "commitment": "processed",
            "encoding": "base64",
            "sigVerify": False,
            "replaceRecentBlockhash": True,
        }
        result = await self._rpc.call("simulateTransaction", base64.b64encode(raw).decode(), config)
        with reading("simulateTransaction"):
            value = result["value"]
            logs = tuple(read_text(line) for line in value.get("logs") or ())
            units = 0 if value["err"] is not None else read_integer(value["unitsConsumed"])
            return Simulation(value["err"], logs, units)
