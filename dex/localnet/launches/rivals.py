"""Other bots: they buy every launched token in the slot in which its pool opens, and sell it again later.

They are clients with signed transactions, as the traders are; but they are told of launches and openings by
localnet (`localnet_launches`), where a bot on a public network has to find them.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from dex.config import tokens_of
from dex.errors import ChainAnswerInvalid, ChainError, DexError
from dex.localnet.genesis import LAMPORTS_PER_SOL, localnet_keypair
from dex.localnet.traders import fund
from dex.routing.router import whole_quote
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

LOOKS_A_SLOT: Final = 8
# What a rival spends, in base units of the quote token.
_AMOUNTS: Final[Mapping[str, tuple[int, int]]] = {
    "SOL": (50_000_000, 1_000_000_000),
    "USDC": (10_000_000, 200_000_000),
}
# Rivals take any price while they buy, and sell a part of what a quote says they have bought.
_LEAST_OUT: Final = 1
_SOLD_PART: Final = 4
_LOWEST_LAMPORTS: Final = 100 * LAMPORTS_PER_SOL
_HELD_SLOTS: Final = (10, 80)


@dataclass(frozen=True, slots=True)
class _Launched:
    """A launch whose pool is open, as localnet answers it."""

    number: int
    venue: str
    pool: Pubkey
    mint: Pubkey
    quote: str


@dataclass(frozen=True, slots=True)
class _Swap:
    """What a rival wants to swap in an open pool."""

    rival: Keypair
    launched: _Launched
    request: QuoteRequest
    memo: str


def rival_keypairs(count: int, seed: int = 1) -> list[Keypair]:
    """The wallets of ``count`` rivals, to be funded by the genesis of the same seed."""
    return [localnet_keypair(f"rival {number}", seed) for number in range(count)]


async def run_rivals(
    url: str, count: int, seed: int = 1, *, slot_ms: int = 400, network: str = "localnet"
) -> None:
    """Compete until cancelled; logs faults of the node."""
    rpc = SolanaRpc(url, commitment="processed")
    try:
        rivals = Rivals(rpc, rival_keypairs(count, seed), seed, network)
        await rivals.fund()
        while True:
            try:
                await rivals.look()
            except ChainError as error:
                _log.warning("rivals: %s", error)
            await asyncio.sleep(slot_ms / 1_000 / LOOKS_A_SLOT)
    finally:
        await rpc.aclose()


class Rivals:
    """A group of bots that look together: one snapshot, one blockhash, one request to send."""

    def __init__(
        self, rpc: SolanaRpc, keypairs: Sequence[Keypair], seed: int, network: str = "localnet"
    ) -> None:
        self._rpc = rpc
        self._keypairs = keypairs
        self._venues: dict[str, Venue] = {venue.name: venue for venue in venues_for(network)}
        self._snapshots = Snapshots(rpc)
        self._mints = {token.symbol: token.mint for token in tokens_of(network)}
        # Repeatable by its seed, and nothing secret hangs on it.
        self._random = random.Random(seed)  # noqa: S311
        self._done: set[int] = set()
        self._first = 0
        self._sales: dict[int, list[_Swap]] = {}

    async def fund(self) -> None:
        """Asks the faucet for rivals that the genesis did not fund: they buy for SOL only."""
        await fund(self._rpc, self._keypairs, _LOWEST_LAMPORTS)

    async def look(self) -> int:
        """Buys what has opened and sells what is due; how many swaps the node accepted.

        Raises ChainError when it gives no answer.
        """
        slot, opened = await self._opened()
        swaps = [swap for launched in opened for swap in self._purchases(launched)]
        for due in [due for due in self._sales if due <= slot]:
            swaps += self._sales.pop(due)
        return await self._swap(swaps, slot) if swaps else 0

    async def _opened(self) -> tuple[int, list[_Launched]]:
        answer = await self._rpc.client.call("localnet_launches", {"from": self._first})
        try:
            launches = answer["value"]
            slot = int(answer["context"]["slot"])
            opened = [_read(each) for each in launches if each["openedSlot"] is not None]
            waiting = [int(each["number"]) for each in launches if each["openedSlot"] is None]
            last = max((int(each["number"]) for each in launches), default=self._first - 1)
        except (KeyError, TypeError, ValueError) as error:
            raise ChainAnswerInvalid("localnet_launches: not as it should be") from error
        new = [each for each in opened if each.number not in self._done]
        self._done.update(each.number for each in new)
        self._first = min(waiting, default=last + 1)
        return slot, new

    def _purchases(self, launched: _Launched) -> Iterator[_Swap]:
        mint_in = self._mints[launched.quote]
        for rival in self._keypairs:
            amount = self._random.randint(*_AMOUNTS[launched.quote])
            request = QuoteRequest(mint_in, launched.mint, amount)
            yield _Swap(rival, launched, request, f"rival {rival.pubkey()} buys {launched.number}")

    async def _swap(self, swaps: Sequence[_Swap], slot: int) -> int:
        pools = await self._pools({swap.launched for swap in swaps})
        able = [swap for swap in swaps if swap.launched.number in pools]
        snapshot = await self._snapshots.read((s.request, pools[s.launched.number]) for s in able)
        latest = await self._rpc.latest_blockhash()
        raws = []
        for swap in able:
            try:
                raws.append(self._signed(swap, pools[swap.launched.number], snapshot, latest, slot))
            except DexError as error:
                _log.info("rival %s: %s", swap.rival.pubkey(), error)
        outcomes = await self._rpc.send(raws)
        return sum(outcome.kind is SendKind.ACCEPTED for outcome in outcomes)

    async def _pools(self, launched: set[_Launched]) -> dict[int, Pool]:
        found = await self._rpc.snapshot([each.pool for each in launched])
        pools = {}
        for each in launched:
            try:
                pools[each.number] = self._venues[each.venue].open_pool(each.pool, found.account(each.pool))
            except DexError as error:
                _log.info("rivals leave launch %s: %s", each.number, error)
        return pools

    def _signed(
        self, swap: _Swap, pool: Pool, snapshot: Snapshot, latest: LatestBlockhash, slot: int
    ) -> bytes:
        quote = whole_quote(pool, snapshot, swap.request)
        plan = SwapPlan(
            payer=swap.rival.pubkey(),
            route=replace(Route.of(quote), min_amount_out=_LEAST_OUT),
            pools={pool.address: pool},
            venues=self._venues,
            snapshot=snapshot,
            memo=swap.memo,
            account_seed=new_account_seed(),
            blockhash=latest.blockhash,
            last_valid_block_height=latest.last_valid_block_height,
        )
        raw = sign(build_message(plan), WalletSigner(swap.rival), latest.last_valid_block_height).raw
        self._sell_later(swap, quote.amount_out, slot)
        return raw

    def _sell_later(self, swap: _Swap, bought: int, slot: int) -> None:
        launched = swap.launched
        part = bought // _SOLD_PART
        if swap.request.token_out != launched.mint or not part:
            return
        due = slot + self._random.randint(*_HELD_SLOTS)
        request = QuoteRequest(launched.mint, self._mints[launched.quote], part)
        memo = f"rival {swap.rival.pubkey()} sells {launched.number}"
        self._sales.setdefault(due, []).append(_Swap(swap.rival, launched, request, memo))


def _read(found: Mapping[str, Any]) -> _Launched:
    return _Launched(
        number=int(found["number"]),
        venue=str(found["venue"]),
        pool=Pubkey.from_string(found["pool"]),
        mint=Pubkey.from_string(found["mint"]),
        quote=str(found["quote"]),
    )
