"""What the chain says of a new pool and its token before a purchase, and whether one could sell again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from solders.pubkey import Pubkey

from dex.errors import AccountMissing, ChainError
from dex.launches.locks import locked_bps, lp_mint
from dex.rpc.answers import Simulation
from dex.rpc.confirmation import failure_of
from dex.tokens.metadata import is_mutable, metadata_address
from dex.tokens.mint import read_mint
from dex.transactions.instructions import new_account_seed
from dex.transactions.round_trip import RoundTripTransaction, round_trip_transaction, sale_of
from dex.transactions.swap_plan import SwapPlan
from dex.types import FailureKind, Route, Snapshot
from dex.venues.base import Pool, Venue
from orders.gateway import lookup_tables
from orders.gateway.connection import Connection, connection
from orders.gateway.named_tokens import refused_dangers
from orders.gateway.swap_plans import prepare

_ALL_BPS: Final = 10_000
_BY_PRICE: Final = (FailureKind.SLIPPAGE_EXCEEDED, FailureKind.AMOUNT_TOO_SMALL)


@dataclass(frozen=True, slots=True)
class LaunchFacts:
    """A pool and its token at one slot.

    ``locked_bps`` is None where a venue cannot tell; ``largest_holder_bps`` is of the supply, pools left
    out, and None where it was not asked for or no node says it. ``dangers`` are codes of what is refused.
    """

    slot: int
    decimals: int
    has_mint_authority: bool
    has_freeze_authority: bool
    has_fee_authority: bool
    is_metadata_mutable: bool
    dangers: tuple[str, ...]
    locked_bps: int | None
    largest_holder_bps: int | None


class Trip(Enum):
    """What came of a purchase and a sale that were simulated together."""

    PASSED = "passed"
    # The wallet lacks something, or the pool takes no purchase: of the sale nothing is known.
    PURCHASE_FAILS = "purchase fails"
    CANNOT_BE_SOLD = "cannot be sold"
    LOSES_TOO_MUCH = "loses too much"
    # Two swaps of these pools do not fit into a transaction.
    TOO_LARGE = "too large"


def launch_facts(pool: str, mint: str, *, with_holders: bool) -> LaunchFacts:
    """What the chain says now; raises AccountMissing where the pool or the mint is not there, ChainError."""
    return connection().run(_facts(Pubkey.from_string(pool), Pubkey.from_string(mint), with_holders))


async def _facts(address: Pubkey, mint: Pubkey, with_holders: bool) -> LaunchFacts:
    chain = connection()
    opened = await chain.directory.at([address])
    if not opened:
        raise AccountMissing(address)
    [pool] = opened
    first = await chain.rpc.snapshot([address])
    lp = lp_mint(pool.venue, first.account(address))
    wanted = [address, mint, metadata_address(mint), *([lp] if lp else [])]
    snapshot = await chain.rpc.snapshot(wanted)
    supply = read_mint(lp, snapshot.account(lp), snapshot.clock.epoch).supply if lp else None
    locked = locked_bps(pool.venue, snapshot.account(address), supply)
    return _read(mint, snapshot, locked, await _largest_holder(mint, pool) if with_holders else None)


def _read(mint: Pubkey, snapshot: Snapshot, locked: int | None, largest: int | None) -> LaunchFacts:
    account = snapshot.account(mint)
    facts = read_mint(mint, account, snapshot.clock.epoch)
    metadata = snapshot.accounts.get(metadata_address(mint))
    return LaunchFacts(
        slot=snapshot.clock.slot,
        decimals=facts.decimals,
        has_mint_authority=facts.mint_authority is not None,
        has_freeze_authority=facts.freeze_authority is not None,
        has_fee_authority=facts.fee_authority is not None,
        is_metadata_mutable=is_mutable(mint, account, metadata),
        dangers=tuple(refused_dangers([danger.value for danger in facts.dangers])),
        locked_bps=locked,
        largest_holder_bps=None if largest is None else largest * _ALL_BPS // max(1, facts.supply),
    )


async def _largest_holder(mint: Pubkey, pool: Pool) -> int | None:
    try:
        holders = await connection().rpc.largest_holders(mint)
    except ChainError:
        return None
    return max((amount for address, amount in holders if address not in pool.vaults), default=0)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A purchase by a route and the sale of what it yields, ready to be simulated."""

    transaction: RoundTripTransaction
    route: Route
    venues: Sequence[Venue]

    def suits(self, route: Route) -> bool:
        """Whether it tries a purchase by another quote too: the same way, for as much as it sells."""
        bought, legs = route.amount_out, [leg.pool for leg in route.legs]
        same_way = legs == [leg.pool for leg in self.route.legs] and route.amount_in == self.route.amount_in
        return same_way and bought >= sale_of(self.route).amount_in


def rehearsal_of(route: Route, wallet: str, most_loss_bps: int) -> Rehearsal:
    """What tries a purchase and a sale of its least; raises ChainError, PoolRefused."""
    return connection().run(_rehearsal(connection(), route, Pubkey.from_string(wallet), most_loss_bps))


def rehearse(trip: Rehearsal) -> Trip:
    """Have a node simulate it on the state of the slot that is being filled; raises ChainError."""
    if not trip.transaction.fits:
        return Trip.TOO_LARGE
    simulation = connection().run(connection().rpc.simulated(trip.transaction.raw))
    return _meaning(simulation, trip.transaction.sale_at, trip.venues)


async def _rehearsal(chain: Connection, route: Route, wallet: Pubkey, most_loss_bps: int) -> Rehearsal:
    bench = await prepare(chain, [*route.legs, sale_of(route)], wallet, newest=True)
    plan = SwapPlan(
        payer=wallet,
        route=route,
        pools=bench.pools,
        venues=chain.venues,
        snapshot=bench.snapshot,
        memo="",
        account_seed=new_account_seed(),
        blockhash=bench.blockhash.blockhash,
        last_valid_block_height=bench.blockhash.last_valid_block_height,
        lookup_tables=lookup_tables.tables_in(bench.snapshot),
    )
    venues = [chain.venues[leg.venue] for leg in route.legs]
    return Rehearsal(round_trip_transaction(plan, most_loss_bps), route, venues)


def _meaning(simulation: Simulation, sale_at: int, venues: Sequence[Venue]) -> Trip:
    if simulation.error is None:
        return Trip.PASSED
    if simulation.failed_at is None or simulation.failed_at < sale_at:
        return Trip.PURCHASE_FAILS
    kind = failure_of(simulation.error, simulation.logs, venues).kind
    return Trip.LOSES_TOO_MUCH if kind in _BY_PRICE else Trip.CANNOT_BE_SOLD
