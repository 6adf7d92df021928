"""Plays a scenario on a chain: at the beginning of a slot its steps are written into the pools."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from solders.pubkey import Pubkey

from dex.localnet.errors import ScenarioRefused
from dex.localnet.scenario.mover import PoolMover
from dex.localnet.scenario.script import Step

if TYPE_CHECKING:
    from dex.localnet.blocks import Block, Commitment
    from dex.localnet.chain import Chain
    from dex.localnet.execution import Execution


class ScenarioPlayer:
    """Moves pools when their slot opens (a ChainListener). Transactions of that slot see the new prices.

    Added to the listeners before those that read prices, it begins with the slot that is open.
    """

    def __init__(self, chain: Chain, steps: Sequence[Step], network: str) -> None:
        """Raises ScenarioRefused for a step whose pair has no pool, or not the pool that it names."""
        self._chain = chain
        self._mover = PoolMover(chain, network)
        self._first = chain.slot
        self._left = deque(steps)
        for step in dict.fromkeys(Step(0, s.base, s.quote, s.pool, Fraction(1)) for s in steps):
            if not any(True for _ in self._mover.pools(chain.bank, step)):
                raise ScenarioRefused(f"no pool of {step.base} and {step.quote}{_named(step)} can be moved")
        chain.listeners.append(self)
        self.slot_opened(chain.slot)

    @property
    def is_over(self) -> bool:
        """Whether every step has been played."""
        return not self._left

    def slot_opened(self, slot: int) -> None:
        """Plays the steps of this slot, and those of slots before it that were not played."""
        while self._left and self._left[0].slot <= slot - self._first:
            step = self._left.popleft()
            self._chain.change_accounts(partial(self._mover.moved, step=step))

    def transaction_processed(self, execution: Execution) -> None:
        """Nothing: swaps may move prices between two steps."""

    def accounts_changed(self, addresses: Iterable[Pubkey], slot: int) -> None:
        """Nothing."""

    def slot_committed(self, block: Block, commitment: Commitment) -> None:
        """Nothing."""


def _named(step: Step) -> str:
    return "" if step.pool is None else f" at {step.pool}"
