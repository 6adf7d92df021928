"""How many compute units a swap may need: what was measured, raised where a simulation says more.

The measured limits hold for the programs as they were measured; a pool that crosses more of its price range,
or a newer build of a program, may need more, and a transaction that runs out fails and still pays.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

from solders.pubkey import Pubkey
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from dex.errors import DexError
from dex.rpc.node import SolanaRpc
from dex.transactions.swap_transaction import MAX_COMPUTE_UNITS, SwapPlan, build_message, compute_units

# Between simulation and landing the pool moves.
_MARGIN_PERCENT: Final = 20
_FRESH_SECONDS: Final = 600


class UnitLimits:
    """Simulated units by pool and direction, asked for again after ten minutes."""

    def __init__(self, rpc: SolanaRpc) -> None:
        self._rpc = rpc
        self._simulated: dict[tuple[Pubkey, Pubkey], tuple[float, int]] = {}

    async def raised(self, plan: SwapPlan) -> SwapPlan:
        """``plan`` with a limit of at least what was measured; the plan itself when the node does not say."""
        key = (plan.pool.address, plan.token_in)
        asked_at, units = self._simulated.get(key, (0.0, 0))
        if not units or time.monotonic() - asked_at >= _FRESH_SECONDS:
            units = await self._simulate(plan)
            if not units:
                return plan
            self._simulated[key] = (time.monotonic(), units)
        needed = units * (100 + _MARGIN_PERCENT) // 100
        return replace(plan, unit_limit=min(MAX_COMPUTE_UNITS, max(compute_units(plan), needed)))

    async def _simulate(self, plan: SwapPlan) -> int:
        """Units consumed; 0 when there is no answer, or when the swap fails, which its sending will tell."""
        try:
            message = build_message(replace(plan, unit_limit=MAX_COMPUTE_UNITS))
            raw = bytes(VersionedTransaction.populate(message, [Signature.default()]))
            return await self._rpc.simulated_units(raw)
        except DexError:
            return 0
