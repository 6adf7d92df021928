"""How many compute units a swap may need, by a simulation where that is asked for.

What was measured beforehand covers the slowest builds of all programs, and the priority fee is bid on it: a
simulation knows what this swap takes here and now. What its quote says of its legs is never gone below.
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
from dex.transactions.swap_plan import SwapPlan
from dex.transactions.swap_transaction import MAX_COMPUTE_UNITS, build_message, leg_units

# Between simulation and landing the pool moves; and an account that was there may have to be made again.
_MARGIN_PERCENT: Final = 20
_MARGIN_UNITS: Final = 10_000
_FRESH_SECONDS: Final = 600


class UnitLimits:
    """Simulated units by the pools of a route and its direction, asked for again after ten minutes."""

    def __init__(self, rpc: SolanaRpc) -> None:
        self._rpc = rpc
        self._simulated: dict[tuple[Pubkey, ...], tuple[float, int]] = {}

    async def simulated(self, plan: SwapPlan) -> SwapPlan:
        """``plan`` with a limit by simulation; the plan itself when the node does not say."""
        key = (plan.token_in, *(leg.pool for leg in plan.route.legs))
        asked_at, units = self._simulated.get(key, (0.0, 0))
        if not units or time.monotonic() - asked_at >= _FRESH_SECONDS:
            units = await self._simulate(plan)
            if not units:
                return plan
            self._simulated[key] = (time.monotonic(), units)
        needed = units * (100 + _MARGIN_PERCENT) // 100 + _MARGIN_UNITS
        # Another amount crosses other ticks or bins: what its own quote says holds at least.
        measured = leg_units(plan) if all(leg.compute_units for leg in plan.route.legs) else 0
        return replace(plan, unit_limit=min(MAX_COMPUTE_UNITS, max(measured, needed)))

    async def _simulate(self, plan: SwapPlan) -> int:
        """Units consumed; 0 when there is no answer, or when the swap fails, which its sending will tell."""
        try:
            message = build_message(replace(plan, unit_limit=MAX_COMPUTE_UNITS))
            raw = bytes(VersionedTransaction.populate(message, [Signature.default()]))
            return await self._rpc.simulated_units(raw)
        except DexError:
            return 0
