"""Background traders: other people's swaps, so that prices move while one looks.

They are clients like any other: they see an RPC URL, find pools by it and send signed transactions.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from solders.hash import Hash
from solders.keypair import Keypair

from dex.config import PAIRS, tokens_of
from dex.errors import ChainError, DexError
from dex.localnet.genesis import LAMPORTS_PER_SOL, localnet_keypair
from dex.routing.discovery import PoolDirectory
from dex.routing.router import best_quote, quote_all
from dex.routing.snapshots import Snapshots
from dex.rpc.answers import LatestBlockhash, SendKind
from dex.rpc.node import SolanaRpc
from dex.signing.signer import WalletSigner
from dex.transactions.instructions import new_account_seed
from dex.transactions.swap_plan import SwapPlan
from dex.transactions.swap_transaction import build_message, sign
from dex.types import QuoteRequest, Route, Snapshot
from dex.venues.base import Pool, Venue
from dex.venues.registry import venues_for

_log = logging.getLogger(__name__)

# The range of a trade in base units, roughly 1 to 200 US dollars at genesis prices.
_AMOUNTS: Final = {
    "SOL": (6_000_000, 1_200_000_000),
    "USDC": (1_000_000, 200_000_000),
    "USDT": (1_000_000, 200_000_000),
    "JUP": (2_000_000, 400_000_000),
    "BONK": (4_700_000_000, 940_000_000_000),
}
_SLIPPAGE_BPS: Final = 100
_BPS: Final = 10_000
_LOWEST_LAMPORTS: Final = 10 * LAMPORTS_PER_SOL
_AIRDROP_LAMPORTS: Final = 1_000 * LAMPORTS_PER_SOL


@dataclass(frozen=True, slots=True)
class _Wish:
    """What a trader wants to swap in this round, and the pools that could."""

    trader: Keypair
    request: QuoteRequest
    pools: Sequence[Pool]
    memo: str


def trader_keypairs(count: int, seed: int = 1) -> list[Keypair]:
    """The wallets of ``count`` traders, to be funded by the genesis of the same seed."""
    return [localnet_keypair(f"trader {number}", seed) for number in range(count)]


async def fund(rpc: SolanaRpc, keypairs: Sequence[Keypair], lowest_lamports: int) -> None:
    """Asks the faucet for wallets that hold less than this; raises ChainError."""
    for keypair in keypairs:
        balances = await rpc.balances(keypair.pubkey())
        if balances.lamports < lowest_lamports:
            await rpc.request_airdrop(keypair.pubkey(), _AIRDROP_LAMPORTS)


async def run_traders(
    url: str, count: int, seed: int = 1, *, pause_seconds: float = 2.0, network: str = "localnet"
) -> None:
    """Trade until cancelled, about one swap a trader every ``pause_seconds``; logs faults of the node.

    ``network`` says where the programs are.
    """
    rpc = SolanaRpc(url)
    try:
        traders = Traders(rpc, trader_keypairs(count, seed), seed, network)
        while True:
            try:
                await traders.trade_once()
            except ChainError as error:
                _log.warning("traders: %s", error)
            await asyncio.sleep(traders.next_pause(pause_seconds))
    finally:
        await rpc.aclose()


class Traders:
    """A group of traders that act in rounds: one snapshot, one blockhash, one request to send."""

    def __init__(
        self, rpc: SolanaRpc, keypairs: Sequence[Keypair], seed: int, network: str = "localnet"
    ) -> None:
        self._rpc = rpc
        self._keypairs = keypairs
        self._venues: dict[str, Venue] = {venue.name: venue for venue in venues_for(network)}
        self._snapshots = Snapshots(rpc)
        self._directory = PoolDirectory(rpc, list(self._venues.values()))
        # Repeatable by its seed, and nothing secret hangs on it.
        self._random = random.Random(seed)  # noqa: S311
        self._mints = {token.symbol: token.mint for token in tokens_of(network)}
        self._pairs = [pair for pair in PAIRS if set(pair) <= self._mints.keys()]
        self._round = 0
        self._funded = False

    def next_pause(self, mean_seconds: float) -> float:
        """Seconds until the next round, half to one and a half times the mean."""
        return mean_seconds * self._random.uniform(0.5, 1.5)

    async def trade_once(self) -> int:
        """One round; how many swaps the node accepted. Raises ChainError when it gives no answer."""
        if not self._funded:
            # A ledger that began without these traders holds nothing for them.
            await fund(self._rpc, self._keypairs, _LOWEST_LAMPORTS)
            self._funded = True
        self._round += 1
        wishes = [await self._wish(trader) for trader in self._keypairs]
        asks = [(wish.request, pool) for wish in wishes for pool in wish.pools]
        snapshot = await self._snapshots.read(asks)
        latest = await self._rpc.latest_blockhash()
        raws = [raw for wish in wishes if (raw := self._signed(wish, snapshot, latest)) is not None]
        outcomes = await self._rpc.send(raws)
        return sum(outcome.kind is SendKind.ACCEPTED for outcome in outcomes)

    async def _wish(self, trader: Keypair) -> _Wish:
        token_in, token_out = self._random.sample(self._random.choice(self._pairs), 2)
        amount = self._random.randint(*_AMOUNTS[token_in])
        found = await self._directory.pools(self._mints[token_in], self._mints[token_out])
        request = QuoteRequest(self._mints[token_in], self._mints[token_out], amount)
        return _Wish(trader, request, found.pools, f"trader {trader.pubkey()} {self._round}")

    def _signed(self, wish: _Wish, snapshot: Snapshot, latest: LatestBlockhash) -> bytes | None:
        try:
            quote = best_quote(quote_all(wish.request, wish.pools, snapshot))
            plan = self._plan(wish, quote, snapshot, latest.blockhash, latest.last_valid_block_height)
            message = build_message(plan)
        except DexError as error:
            _log.info("trader %s: %s", wish.trader.pubkey(), error)
            return None
        return sign(message, WalletSigner(wish.trader), latest.last_valid_block_height).raw

    def _plan(self, wish: _Wish, route: Route, snapshot: Snapshot, blockhash: Hash, height: int) -> SwapPlan:
        least = max(1, -(-route.amount_out * (_BPS - _SLIPPAGE_BPS) // _BPS))
        return SwapPlan(
            payer=wish.trader.pubkey(),
            route=replace(route, min_amount_out=least),
            pools={pool.address: pool for pool in wish.pools},
            venues=self._venues,
            snapshot=snapshot,
            memo=wish.memo,
            account_seed=new_account_seed(),
            blockhash=blockhash,
            last_valid_block_height=height,
        )
