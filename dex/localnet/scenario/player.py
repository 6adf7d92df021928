"""Plays a scenario on a chain: at the beginning of a slot its steps are written into the pools."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Final

from solders.account import Account
from solders.pubkey import Pubkey

from dex.errors import DexError, PoolRefused
from dex.localnet.errors import ScenarioRefused
from dex.localnet.scenario import constant_product, damm_v2, dlmm, ticks
from dex.localnet.scenario.script import Step
from dex.localnet.scenario.vaults import Accounts, Read
from dex.types import AccountData
from dex.venues.registry import venues_for

if TYPE_CHECKING:
    from dex.localnet.bank import Bank
    from dex.localnet.blocks import Block, Commitment
    from dex.localnet.chain import Chain
    from dex.localnet.execution import Execution
    from dex.venues.base import Pool, Venue

_log = logging.getLogger(__name__)

# Moves a pool to a price, units of its second token for one of its first; the accounts that it changes.
Mover = Callable[[Read, Pubkey, Fraction], Accounts]
MOVERS: Final[Mapping[str, Mover]] = {
    "meteora-damm-v2": damm_v2.move,
    "meteora-dlmm": dlmm.move,
    "orca-whirlpool": ticks.move_whirlpool,
    "orca-whirlpool-immutable": ticks.move_whirlpool,
    "raydium-amm-v4": constant_product.move_amm_v4,
    "raydium-clmm": ticks.move_clmm,
    "raydium-cpmm": constant_product.move_cpmm,
}


class ScenarioPlayer:
    """Moves pools when their slot opens (a ChainListener). Transactions of that slot see the new prices.

    Added to the listeners before those that read prices, it begins with the slot that is open.
    """

    def __init__(self, chain: Chain, steps: Sequence[Step], network: str) -> None:
        """Raises ScenarioRefused for a step whose pair has no pool, or not the pool that it names."""
        self._chain = chain
        self._venues = venues_for(network)
        self._first = chain.slot
        self._left = deque(steps)
        for step in dict.fromkeys(Step(0, s.base, s.quote, s.pool, Fraction(1)) for s in steps):
            if not any(True for _ in self._pools(chain.bank, step)):
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
            self._chain.change_accounts(partial(self.moved, step=step))

    def transaction_processed(self, execution: Execution) -> None:
        """Nothing: swaps may move prices between two steps."""

    def accounts_changed(self, addresses: Iterable[Pubkey], slot: int) -> None:
        """Nothing."""

    def slot_committed(self, block: Block, commitment: Commitment) -> None:
        """Nothing."""

    def moved(self, bank: Bank, step: Step) -> dict[Pubkey, Account]:
        """What a step writes; a pool that cannot be moved stays, and the log says why."""
        written: dict[Pubkey, AccountData] = {}

        def read(address: Pubkey) -> AccountData | None:
            return written.get(address) or _account_data(bank.accounts.current(address))

        for venue, pool in self._pools(bank, step):
            price = step.price if pool.mints[0] == step.base else 1 / step.price
            try:
                written.update(MOVERS[venue.name](read, pool.address, price))
            except DexError as error:
                _log.warning("the scenario leaves pool %s where it is: %s", pool.address, error)
        return {address: Account(a.lamports, a.data, a.owner) for address, a in written.items()}

    def _pools(self, bank: Bank, step: Step) -> Iterator[tuple[Venue, Pool]]:
        for venue in self._venues:
            for address, account in bank.accounts.owned_at(venue.program_id, self._chain.slot):
                if step.pool not in (None, address) or venue.name not in MOVERS:
                    continue
                try:
                    pool = venue.open_pool(address, _data_of(account))
                except PoolRefused:
                    continue
                if set(pool.mints) == {step.base, step.quote}:
                    yield venue, pool


def _named(step: Step) -> str:
    return "" if step.pool is None else f" at {step.pool}"


def _account_data(account: Account | None) -> AccountData | None:
    return None if account is None else _data_of(account)


def _data_of(account: Account) -> AccountData:
    return AccountData(account.owner, account.lamports, account.data)
