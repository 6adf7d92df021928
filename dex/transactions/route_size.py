"""Whether a route fits into one transaction, before there is an order to sign. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.hash import Hash
from solders.pubkey import Pubkey

from dex.errors import DexError
from dex.rpc.jito import TIP_ACCOUNTS
from dex.transactions.swap_plan import SwapPlan, Tip
from dex.transactions.swap_transaction import build_message, compute_units, fits, transaction_bytes
from dex.types import Route, Snapshot
from dex.venues.base import Pool, Venue

# As long as those of an order: its id, an attempt of two digits; eleven letters of a seed.
_MEMO: Final = "order 00000000-0000-0000-0000-000000000000 attempt 00"
_SEED: Final = "00000000000"
# No instruction passes more tick or bin arrays, a bitmap extension among them.
MOST_ARRAYS: Final = 9


@dataclass(frozen=True, slots=True)
class Sizing:
    """What the size of a route's transaction depends on beside the route.

    ``payer`` is the wallet; ``tips`` says whether a tip will be in it; ``lookup_tables`` shorten it.
    """

    payer: Pubkey
    venues: Mapping[str, Venue]
    lookup_tables: tuple[AddressLookupTableAccount, ...] = ()
    tips: bool = False

    def fits(self, route: Route, pools: Mapping[Pubkey, Pool], snapshot: Snapshot) -> bool:
        """Whether the network would take the route in one transaction; False where it cannot be built."""
        try:
            return fits(self._plan(route, pools, snapshot))
        except DexError:
            return False

    def has_room(self, route: Route, pools: Mapping[Pubkey, Pool], snapshot: Snapshot) -> bool:
        """Whether it fits for any amount: however many tick or bin arrays its legs then pass."""
        try:
            return fits(self._plan(route, pools, snapshot), MOST_ARRAYS * len(route.legs))
        except DexError:
            return False

    def bytes_of(self, route: Route, pools: Mapping[Pubkey, Pool], snapshot: Snapshot) -> int:
        """The size of the signed transaction; same errors as `build_message`."""
        return transaction_bytes(build_message(self._plan(route, pools, snapshot)))

    def units_of(self, route: Route, pools: Mapping[Pubkey, Pool], snapshot: Snapshot) -> int:
        """The compute units that the transaction would ask for, without a simulation."""
        return compute_units(self._plan(route, pools, snapshot))

    def _plan(self, route: Route, pools: Mapping[Pubkey, Pool], snapshot: Snapshot) -> SwapPlan:
        return SwapPlan(
            payer=self.payer,
            route=replace(
                route,
                min_amount_out=route.min_amount_out or route.amount_out,
                max_amount_in=route.max_amount_in or route.amount_in,
            ),
            pools=pools,
            venues=self.venues,
            snapshot=snapshot,
            memo=_MEMO,
            account_seed=_SEED,
            blockhash=Hash.default(),
            last_valid_block_height=0,
            compute_unit_price=1,
            tip=Tip(TIP_ACCOUNTS[0], 1) if self.tips else None,
            lookup_tables=self.lookup_tables,
        )
