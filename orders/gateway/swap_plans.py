"""From swaps that are to be signed to their plans and messages, over one snapshot and one blockhash."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.message import MessageV0
from solders.pubkey import Pubkey

from dex.errors import DexError, NoRoute
from dex.rpc.answers import LatestBlockhash
from dex.signing.policy import Ceilings, ChainFacts, SwapTerms, check_policy
from dex.transactions.instructions import new_account_seed
from dex.transactions.swap_plan import SwapPlan
from dex.transactions.swap_transaction import build_message
from dex.types import NO_BOUNDS, Quote, QuoteRequest, Route, RouteBounds, Snapshot, SwapMode
from dex.venues.base import Pool, Venue
from orders.gateway import jito, lookup_tables
from orders.gateway.connection import Connection
from orders.gateway.wallet_funds import wallet_accounts

# Of a slot that is being filled: from a quote to its signature, and no longer.
_NEWEST_LASTS_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class SwapToSign:
    """An order's swap by the route that was chosen; base units.

    ``max_amount_in``, ``floor_amount_out`` and ``bounds`` are the order's own, whatever its route says.
    ``fees_paid`` are the lamports that its earlier attempts have paid for priority and tips.
    """

    order_id: UUID
    attempt: int
    network: str
    wallet: str
    slippage_bps: int
    route: Route
    max_amount_in: int
    floor_amount_out: int
    quoted_slot: int
    fees_paid: int = 0
    bounds: RouteBounds = NO_BOUNDS
    is_sniper: bool = False


@dataclass(frozen=True, slots=True)
class Workbench:
    """What the chain said for a batch of swaps: opened pools, all accounts, a young blockhash.

    ``read_at`` is when the accounts were asked for, or before; ``venues`` are those of the network by name,
    ``tables`` the lookup tables that can be used, ``facts`` what the signer's policy goes by.
    """

    venues: Mapping[str, Venue]
    pools: Mapping[Pubkey, Pool]
    snapshot: Snapshot
    read_at: datetime
    blockhash: LatestBlockhash
    tables: tuple[AddressLookupTableAccount, ...]
    facts: ChainFacts


async def prepare(
    chain: Connection, legs: Sequence[Quote], wallet: Pubkey, *, newest: bool = False
) -> Workbench:
    """All that the legs of swaps need, and what ``wallet`` holds, at one slot.

    That is what their quotes were read from, where this process read it within QUOTED_STATE_LASTS_MS, else
    it is read now. ``newest``: as it was read in the slot that was being filled.

    Raises ChainError, WrongNetwork.
    """
    await chain.require_network()
    pairs = list(dict.fromkeys((leg.token_in, leg.token_out) for leg in legs))
    pools = await _pools(chain, legs, by_address=newest)
    asks = [(_request(leg), pools[leg.pool]) for leg in legs if leg.pool in pools]
    mints = {mint for pair in pairs for mint in pair}
    more = [*mints, *wallet_accounts(wallet, mints), *lookup_tables.table_addresses()]
    chain.blockhashes.refresh()
    lasts = settings.QUOTED_STATE_LASTS_MS / 1000
    if newest:
        taken = await chain.newest.take(asks, more, min(lasts, _NEWEST_LASTS_SECONDS))
    else:
        taken = await chain.snapshots.take(asks, more, lasts)
    snapshot = taken.snapshot
    read_at = timezone.now() - timedelta(seconds=time.monotonic() - taken.asked_at)
    blockhash = await chain.blockhashes.at(snapshot.clock.slot)
    tables = lookup_tables.tables_in(snapshot)
    facts = _facts(chain, pools, mints, snapshot, blockhash, tables)
    return Workbench(chain.venues, pools, snapshot, read_at, blockhash, tables, facts)


async def _pools(chain: Connection, legs: Sequence[Quote], *, by_address: bool) -> dict[Pubkey, Pool]:
    """The pools of these legs, as far as they are there. Raises ChainError.

    ``by_address``: no venue is asked for its pools. A pool that came up a moment ago is on no list yet, and
    of a new token each list would be asked for anew.
    """
    wanted = {leg.pool for leg in legs}
    if by_address:
        return {pool.address: pool for pool in await chain.directory.at(list(wanted))}
    pairs = dict.fromkeys((leg.token_in, leg.token_out) for leg in legs)
    found = await asyncio.gather(*(chain.directory.every_pool(*pair) for pair in pairs))
    pools = {pool.address: pool for one in found for pool in one.pools if pool.address in wanted}
    return pools | {pool.address: pool for pool in await chain.directory.at(list(wanted - pools.keys()))}


def plan_or_error(swap: SwapToSign, payer: Pubkey, bench: Workbench) -> SwapPlan | DexError:
    """The plan of a swap without its bids, or why there is none."""
    missing = [leg.pool for leg in swap.route.legs if leg.pool not in bench.pools]
    if missing:
        return NoRoute(f"the pool {missing[0]} is not found any more")
    memo = _memo(swap)
    return SwapPlan(
        payer=payer,
        route=swap.route,
        pools=bench.pools,
        venues=bench.venues,
        snapshot=bench.snapshot,
        memo=memo,
        account_seed=new_account_seed(),
        blockhash=bench.blockhash.blockhash,
        last_valid_block_height=bench.blockhash.last_valid_block_height,
        tip=jito.tip(memo),
        lookup_tables=bench.tables,
    )


def message_or_error(
    plan: SwapPlan | DexError, swap: SwapToSign, wallet: Pubkey, bench: Workbench
) -> MessageV0 | DexError:
    """What is to be signed, within the signer's policy, or why there is nothing."""
    if isinstance(plan, DexError):
        return plan
    try:
        message = build_message(plan)
        _require_mints(swap, bench.snapshot)
        check_policy(message, _terms(swap, wallet), bench.facts, _ceilings(swap))
    except DexError as error:
        return error
    return message


def _memo(swap: SwapToSign) -> str:
    # Order id and attempt make two equal swaps two transactions, with two signatures.
    return f"order {swap.order_id} attempt {swap.attempt}"


def _request(leg: Quote) -> QuoteRequest:
    amount = leg.amount_in if leg.mode is SwapMode.EXACT_IN else leg.amount_out
    return QuoteRequest(leg.token_in, leg.token_out, amount, leg.mode)


def _terms(swap: SwapToSign, wallet: Pubkey) -> SwapTerms:
    return SwapTerms(
        wallet=wallet,
        token_in=swap.route.token_in,
        token_out=swap.route.token_out,
        max_amount_in=swap.max_amount_in,
        min_amount_out=swap.floor_amount_out,
        memo=_memo(swap),
        mode=swap.route.mode,
        bounds=swap.bounds,
    )


def _require_mints(swap: SwapToSign, snapshot: Snapshot) -> None:
    """Raise AccountMissing where the chain has no mint of the route: its program would be a guess."""
    for leg in swap.route.legs:
        snapshot.account(leg.token_in)
        snapshot.account(leg.token_out)


def _facts(
    chain: Connection,
    pools: Mapping[Pubkey, Pool],
    mints: Iterable[Pubkey],
    snapshot: Snapshot,
    blockhash: LatestBlockhash,
    tables: Sequence[AddressLookupTableAccount],
) -> ChainFacts:
    found = {mint: snapshot.accounts.get(mint) for mint in mints}
    return ChainFacts(
        venues={venue.program_id: venue for venue in chain.venues.values()},
        pools=pools,
        token_programs={mint: account.owner for mint, account in found.items() if account is not None},
        blockhash=blockhash.blockhash,
        tables=lookup_tables.addresses_by_table(tables),
    )


def _ceilings(swap: SwapToSign) -> Ceilings:
    """Of this attempt, and of what the order's earlier ones have left of its own."""
    left = max(0, settings.MAX_ORDER_FEE_LAMPORTS - swap.fees_paid)
    return Ceilings(min(settings.MAX_PRIORITY_FEE_LAMPORTS, left), min(settings.MAX_TIP_LAMPORTS, left))
