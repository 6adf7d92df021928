"""What a swap bids for its place in a block: a price a compute unit, from what others have paid lately.

Prices are micro-lamports a compute unit. A node's getRecentPrioritizationFees tells, slot by slot, the least
price with which a transaction got in that wrote to the accounts asked for (agave rpc
``get_recent_prioritization_fees``); a level is a percentile of those, by nearest rank.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from solders.pubkey import Pubkey

from dex.errors import DexError
from dex.shared_calls import SharedCalls, shared
from dex.transactions.swap_plan import SwapPlan
from dex.transactions.swap_transaction import written_accounts

# Limit of the method.
MOST_ACCOUNTS: Final = 128
_FRESH_SECONDS: Final = 2
_USABLE_SECONDS: Final = 20
_REMEMBERED: Final = 4096

_Pools = tuple[Pubkey, ...]


class FeeSource(Protocol):
    """What recent prices are asked of."""

    async def recent_prioritization_fees(self, written: Sequence[Pubkey], /) -> Sequence[int]:
        """Micro-lamports a compute unit, one number a recent slot; raises ChainError."""
        ...


class FeeLevel(StrEnum):
    """How much to bid; AUTO bids more with each attempt, MAX always the cap, whatever others pay."""

    AUTO = "auto"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    MAX = "max"


_PERCENTILES: Final = {FeeLevel.LOW: 25, FeeLevel.MEDIUM: 50, FeeLevel.HIGH: 75}
# Of AUTO's first, second and every further attempt: what did not land is bid higher.
_AUTO_PERCENTILES: Final = (50, 75, 95)


@dataclass(frozen=True, slots=True)
class FeeBid:
    """A level between ``floor`` and ``cap``, or a fixed price, which both leave alone."""

    level: FeeLevel | int
    floor: int
    cap: int

    @property
    def goes_by_others(self) -> bool:
        """Whether recent prices matter."""
        return isinstance(self.level, FeeLevel) and self.level is not FeeLevel.MAX

    def price(self, recent: Sequence[int], attempt: int) -> int:
        """The bid of the attempt with this number, from 1 on; without recent prices it is the floor."""
        if not isinstance(self.level, FeeLevel):
            return self.level
        if self.level is FeeLevel.MAX:
            return self.cap
        return min(self.cap, max(self.floor, percentile(recent, self._percentile(attempt))))

    def _percentile(self, attempt: int) -> int:
        if self.level in _PERCENTILES:
            return _PERCENTILES[FeeLevel(self.level)]
        return _AUTO_PERCENTILES[min(max(attempt, 1), len(_AUTO_PERCENTILES)) - 1]


def read_fee_level(text: str) -> FeeLevel | int:
    """A level by its name, or micro-lamports a compute unit; raises ValueError."""
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
    """Recent prices by the pools of a route, asked for again when they are two seconds old.

    A node answers for some 150 slots back: what is younger than a third of that is still bid by while the
    newer ones are on their way.
    """

    def __init__(self, rpc: FeeSource, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._rpc = rpc
        self._monotonic = monotonic
        self._recent: dict[_Pools, tuple[float, Sequence[int]]] = {}
        self._calls = SharedCalls[_Pools, Sequence[int]]()

    async def recent_prices(self, plan: SwapPlan) -> Sequence[int]:
        """What swaps in the plan's pools have paid lately; the last known, or nothing, when the node errs."""
        key = tuple(leg.pool for leg in plan.route.legs)
        known = self._recent.get(key)
        age = math.inf if known is None else self._monotonic() - known[0]
        if known is not None and age < _FRESH_SECONDS:
            return known[1]
        asking = self._calls.begun(key, lambda: self._newest(key, plan))
        if known is not None and age < _USABLE_SECONDS:
            return known[1]
        return await shared(asking)

    async def _newest(self, key: _Pools, plan: SwapPlan) -> Sequence[int]:
        asked_at = self._monotonic()
        try:
            found = await self._rpc.recent_prioritization_fees(written_accounts(plan)[:MOST_ACCOUNTS])
        except DexError:
            # No order fails for want of a hint: the floor is bid. A plan's own fault is told at its signing.
            return self._recent.get(key, (0.0, ()))[1]
        self._recent.pop(key, None)
        self._recent[key] = (asked_at, found)
        if len(self._recent) > _REMEMBERED:
            del self._recent[next(iter(self._recent))]
        return found
