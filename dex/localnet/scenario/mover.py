"""Moves the pools of a chain to prices: what it writes for each kind of pool, and which price one has."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Final, NamedTuple

from solders.account import Account
from solders.pubkey import Pubkey

from dex.errors import DexError, PoolRefused
from dex.localnet.scenario import constant_product, damm_v2, dlmm, ticks
from dex.localnet.scenario.script import Step
from dex.localnet.scenario.vaults import Accounts, Read
from dex.types import AccountData
from dex.venues.registry import venues_for

if TYPE_CHECKING:
    from dex.localnet.bank import Bank
    from dex.localnet.chain import Chain
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
# The price that a pool has, units of its second token for one of its first.
PRICES: Final[Mapping[str, Callable[[Read, Pubkey], Fraction]]] = {
    "meteora-damm-v2": damm_v2.price,
    "meteora-dlmm": dlmm.price,
    "orca-whirlpool": ticks.whirlpool_price_of,
    "orca-whirlpool-immutable": ticks.whirlpool_price_of,
    "raydium-amm-v4": constant_product.amm_v4_price,
    "raydium-clmm": ticks.clmm_price_of,
    "raydium-cpmm": constant_product.cpmm_price,
}


class PriceOfPool(NamedTuple):
    """A pool of a venue, and units of its second token for one of its first."""

    venue: str
    pool: Pubkey
    price: Fraction


class PoolMover:
    """Moves the pools of a chain that have the venues of ``network``."""

    def __init__(self, chain: Chain, network: str) -> None:
        self._chain = chain
        self._venues = venues_for(network)

    def moved(self, bank: Bank, step: Step) -> dict[Pubkey, Account]:
        """What a step writes; a pool that cannot be moved stays, and the log says why."""
        written: dict[Pubkey, AccountData] = {}

        def read(address: Pubkey) -> AccountData | None:
            return written.get(address) or _account_data(bank.accounts.current(address))

        for venue, pool in self.pools(bank, step):
            price = step.price if pool.mints[0] == step.base else 1 / step.price
            try:
                written.update(MOVERS[venue.name](read, pool.address, price))
            except DexError as error:
                _log.warning("the scenario leaves pool %s where it is: %s", pool.address, error)
        return {address: Account(a.lamports, a.data, a.owner) for address, a in written.items()}

    def pools(self, bank: Bank, step: Step) -> Iterator[tuple[Venue, Pool]]:
        """The pools that a step moves."""
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

    def prices(self, bank: Bank, step: Step) -> list[PriceOfPool]:
        """What the pools have that a step moves."""
        read = _reader(bank)
        pools = self.pools(bank, step)
        return [PriceOfPool(v.name, p.address, PRICES[v.name](read, p.address)) for v, p in pools]


def restored(bank: Bank, prices: list[PriceOfPool]) -> dict[Pubkey, Account]:
    """What is written to give pools these prices."""
    written: dict[Pubkey, AccountData] = {}

    def read(address: Pubkey) -> AccountData | None:
        return written.get(address) or _account_data(bank.accounts.current(address))

    for each in prices:
        try:
            written.update(MOVERS[each.venue](read, each.pool, each.price))
        except DexError as error:
            _log.warning("pool %s stays where it is: %s", each.pool, error)
    return {address: Account(a.lamports, a.data, a.owner) for address, a in written.items()}


def _reader(bank: Bank) -> Read:
    return lambda address: _account_data(bank.accounts.current(address))


def _account_data(account: Account | None) -> AccountData | None:
    return None if account is None else _data_of(account)


def _data_of(account: Account) -> AccountData:
    return AccountData(account.owner, account.lamports, account.data)
