"""Swaps by the development wallet over a localnet that runs in the test."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from solders.pubkey import Pubkey

from dex.config import TOKENS, tokens_of
from dex.localnet.genesis import build_genesis
from dex.localnet.programs import BUNDLED
from dex.localnet.server import NetworkOptions
from dex.routing.discovery import PoolDirectory
from dex.routing.router import best_quote, quote_all
from dex.routing.snapshots import Snapshots
from dex.rpc.answers import ExecutedTransaction
from dex.rpc.node import SolanaRpc
from dex.signing.signer import WalletSigner
from dex.transactions.instructions import new_account_seed
from dex.transactions.swap_plan import SwapPlan
from dex.transactions.swap_transaction import build_message, sign
from dex.types import QuoteRequest, Route, SignedTransaction
from dex.venues.base import Venue
from dex.venues.registry import venues_for
from tests.localnet_process import FAST_SLOTS_MS

SEED = 1
GENESIS = build_genesis(SEED)
WALLET = GENESIS.wallet.pubkey()
MINTS = {token.symbol: token.mint for token in TOKENS}
VENUES = {venue.name: venue for venue in venues_for("localnet")}


def options(fund: tuple[Pubkey, ...] = (), *, faults: bool = False) -> NetworkOptions:
    return NetworkOptions(
        seed=SEED,
        fund=fund,
        programs={address: Path(file) for address, file in BUNDLED.items()},
        genesis=lambda also: build_genesis(SEED, also).accounts,
        slot_ms=FAST_SLOTS_MS,
        allow_faults=faults,
    )


async def quoted(
    rpc: SolanaRpc,
    sold: str,
    bought: str,
    amount: int,
    venues: Sequence[Venue] = tuple(VENUES.values()),
    network: str = "localnet",
) -> tuple[Route, SwapPlan]:
    mints = {token.symbol: token.mint for token in tokens_of(network)}
    found = await PoolDirectory(rpc, venues).pools(mints[sold], mints[bought])
    request = QuoteRequest(mints[sold], mints[bought], amount)
    snapshot = await Snapshots(rpc).read((request, pool) for pool in found.pools)
    route = best_quote(quote_all(request, found.pools, snapshot))
    latest = await rpc.latest_blockhash()
    memo = f"{sold}{bought}{amount}/1"
    return route, SwapPlan(
        payer=WALLET,
        route=replace(route, min_amount_out=route.amount_out),
        pools={pool.address: pool for pool in found.pools},
        venues={venue.name: venue for venue in venues},
        snapshot=snapshot,
        memo=memo,
        account_seed=new_account_seed(),
        blockhash=latest.blockhash,
        last_valid_block_height=latest.last_valid_block_height,
    )


def signed_swap(plan: SwapPlan) -> SignedTransaction:
    return sign(build_message(plan), WalletSigner(GENESIS.wallet), plan.last_valid_block_height)


async def settled(rpc: SolanaRpc, signature: str) -> ExecutedTransaction:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        [status] = (await rpc.signature_statuses([signature])).statuses
        if status is not None and status.commitment != "processed":
            [transaction] = await rpc.transactions([signature])
            assert transaction is not None
            return transaction
        await asyncio.sleep(0.01)
    raise TimeoutError(signature)


def at_least(plan: SwapPlan, min_amount_out: int) -> SwapPlan:
    """The plan with another minimum."""
    return replace(plan, route=replace(plan.route, min_amount_out=min_amount_out))
