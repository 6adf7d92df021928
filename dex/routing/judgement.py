"""Which pools of a pair are worth asking, read from the chain once for the same pools.

No I/O of its own: whatever can read accounts at one slot is handed in.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import Final, Protocol

from solders.pubkey import Pubkey

from dex.errors import DexError
from dex.routing.depth import Judged, Pair, judge, probes
from dex.routing.snapshots import AccountReader, Snapshots
from dex.shared_calls import SharedCalls, shared
from dex.types import QuoteRequest, Snapshot
from dex.venues.base import Pool

logger = logging.getLogger(__name__)

_REMEMBERED: Final = 4096


class Judge(Protocol):
    """Says which pools of a pair are worth asking, best first, by what the chain shows of them now."""

    async def judged(self, pools: Sequence[Pool], pair: Pair, always: Collection[Pubkey], /) -> Judged:
        """Those of ``always`` are kept whatever they are; raises ChainError."""
        ...


class ChainJudge:
    """Reads what the pools need for a probe, and measures them by it."""

    def __init__(self, reader: AccountReader, most_loss_bps: int) -> None:
        """``most_loss_bps`` is the most that a round trip may lose."""
        self._snapshots = Snapshots(reader)
        self._most_loss_bps = most_loss_bps

    async def judged(self, pools: Sequence[Pool], pair: Pair, always: Collection[Pubkey], /) -> Judged:
        vaults = [vault for pool in pools for vault in pool.vaults]

        def asks(known: Snapshot) -> list[tuple[QuoteRequest, Pool]]:
            return list(probes(pools, known, pair))

        snapshot = await self._snapshots.read_for(asks, vaults)
        return judge(pools, snapshot, pair, self._most_loss_bps, always)


class Judgements:
    """Asks a judge when the pools of a pair have been looked up anew; belongs to one event loop."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._known: dict[Pair, tuple[tuple[Pool, ...], Judged]] = {}
        self._calls = SharedCalls[Pair, Judged | None]()

    async def of(self, pools: tuple[Pool, ...], pair: Pair, always: Collection[Pubkey]) -> Judged | None:
        """What the judge says of these pools; None where it cannot be asked, for as long as it cannot.

        The same pools looked up anew are as they were judged before, until the judge has answered. Callers
        who ask for the same pair at the same time share one answer.
        """
        known = self._known.get(pair)
        if known is not None and _same(known[0], pools):
            return known[1]
        asking = self._calls.begun(pair, lambda: self._answer(pools, pair, always))
        if known is not None and [one.address for one in known[0]] == [one.address for one in pools]:
            return known[1]
        return await shared(asking)

    async def _answer(self, pools: tuple[Pool, ...], pair: Pair, always: Collection[Pubkey]) -> Judged | None:
        try:
            judged = await self._judge.judged(pools, pair, always)
        except DexError as error:
            logger.warning("pools are ranked by what they say of themselves now: %s", error.code)
            return None
        self._known.pop(pair, None)
        self._known[pair] = pools, judged
        if len(self._known) > _REMEMBERED:
            del self._known[next(iter(self._known))]
        return judged


def _same(one: Sequence[Pool], other: Sequence[Pool]) -> bool:
    # A look-up opens its pools anew: the same objects are the same look-up.
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))
