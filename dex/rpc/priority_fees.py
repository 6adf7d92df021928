"""What a swap bids for its place in a block: a price a compute unit, from what others have paid lately.

Prices are micro-lamports a compute unit. A node's getRecentPrioritizationFees tells, slot by slot, the least
price with which a transaction got in that wrote to the accounts asked for (agave rpc
``get_recent_prioritization_fees``); a level is a percentile of those, by nearest rank.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from solders.pubkey import Pubkey

from dex.errors import DexError
from dex.rpc.node import SolanaRpc
from dex.transactions.swap_plan import SwapPlan
from dex.transactions.swap_transaction import written_accounts

# Limit of the method.
MOST_ACCOUNTS: Final = 128
_FRESH_SECONDS: Final = 2


class FeeLevel(StrEnum):
    """How much to bid; AUTO bids more with each attempt."""

    AUTO = "auto"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


_PERCENTILES: Final = {FeeLevel.LOW: 25, FeeLevel.MEDIUM: 50, FeeLevel.HIGH: 75}
# Of AUTO's first, second and every further attempt: what did not land is bid higher.
_AUTO_PERCENTILES: Final = (50, 75, 95)


@dataclass(frozen=True, slots=True)
class FeeBid:
    """A level between ``floor`` and ``cap``, or a fixed price, which both leave alone."""

    level: FeeLevel | int
    floor: int
    cap: int

    def price(self, recent: Sequence[int], attempt: int) -> int:
        """The bid of the attempt with this number, from 1 on; without recent prices it is the floor."""
        if not isinstance(self.level, FeeLevel):
            return self.level
        return min(self.cap, max(self.floor, percentile(recent, self._percentile(attempt))))

    def _percentile(self, attempt: int) -> int:
        if self.level in _PERCENTILES:
            return _PERCENTILES[FeeLevel(self.level)]
        return _AUTO_PERCENTILES[min(max(attempt, 1), len(_AUTO_PERCENTILES)) - 1]


def read_fee_level(text: str) -> FeeLevel | int:
    """``auto``, ``low``, ``medium``, ``high``, or micro-lamports a compute unit; raises ValueError."""
    if text.isascii() and text.isdigit():
        return int(text)
    return FeeLevel(text)


def percentile(values: Sequence[int], percent: int) -> int:
    """The least of ``values`` that ``percent`` of them do not exceed, 0 of none."""
    if not values:
        return 0
    rank = -(-percent * len(values) // 100)
    return sorted(values)[max(rank, 1) - 1]


class FeeMarket:
    """Recent prices by the pools of a route, asked for again when they are two seconds old."""

    def __init__(self, rpc: SolanaRpc) -> None:
        self._rpc = rpc
        self._recent: dict[tuple[Pubkey, ...], tuple[float, Sequence[int]]] = {}

    async def recent_prices(self, plan: SwapPlan) -> Sequence[int]:
        """What swaps in the plan's pools have paid lately; the last known, or nothing, when the node errs."""
        key = tuple(leg.pool for leg in plan.route.legs)
        asked_at, known = self._recent.get(key, (0.0, ()))
        if time.monotonic() - asked_at < _FRESH_SECONDS and known:
            return known
        try:
            known = await self._rpc.recent_prioritization_fees(written_accounts(plan)[:MOST_ACCOUNTS])
        except DexError:
            # No order fails for want of a hint: the floor is bid. A plan's own fault is told at its signing.
            return known
        self._recent[key] = (time.monotonic(), known)
        return known
