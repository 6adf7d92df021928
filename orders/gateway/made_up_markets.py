"""Many markets for measurements: copies of the node's own pools between tokens that do not exist.

Nothing of it can be traded. Looks at these markets cost what looks at real ones cost, but for reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from random import Random
from typing import Final

from django.conf import settings
from solders.pubkey import Pubkey

from dex.errors import DexError
from dex.routing.batch import Ask
from dex.routing.copied_pools import copy_of, made_up_mints
from dex.routing.search import Bounds, Candidates
from dex.routing.way import Answers
from dex.types import NO_BOUNDS, AccountData, Clock, QuoteRequest, Snapshot, SwapMode
from dex.venues.base import Pool
from orders.errors import ChainUnavailable
from orders.gateway.connection import connection
from orders.gateway.executable import Market, PriceLook
from orders.gateway.pools import left_out, with_known_pools
from orders.gateway.routes import read_asks
from orders.gateway.tokens import find_token

_POOLS_A_PAIR: Final = 4
# What the pools that are copied are read for, in base units: more than any order here sells.
_LARGEST: Final = 10**13
# Orders are of up to this part of what the pair's shallowest pool holds.
_LARGEST_PART: Final = 100
# A move is a swap of up to this part of what a pool holds.
_PART_MOVED: Final = 2_000

_Pair = tuple[Pubkey, Pubkey]


class MadeUpMarkets:
    """``pairs`` pairs of made-up tokens with SOL and USDC, of four pools each, as markets both ways."""

    def __init__(self, pairs: int, seed: int = 1, modes: Sequence[SwapMode] = (SwapMode.EXACT_IN,)) -> None:
        """Read the pools that are copied; ``modes`` are those of the markets. Raises ChainUnavailable."""
        self._random = Random(seed)  # noqa: S311
        self._sol, self._usdc, usdt = (find_token(name).mint for name in ("SOL", "USDC", "USDT"))
        (of_sol, of_usdt), snapshot = self._read([(self._sol, self._usdc), (self._usdc, usdt)])
        self._accounts: dict[Pubkey, AccountData | None] = dict(snapshot.accounts)
        self._clock = snapshot.clock
        self._pools: dict[_Pair, tuple[Pool, ...]] = {(self._sol, self._usdc): tuple(of_sol)}
        mints = islice(made_up_mints(self._usdc), -(-pairs // 2))
        # A made-up token is worth a dollar: it takes the place of one in pools of SOL and of another dollar.
        wanted = [
            pair for mint in mints for pair in ((self._sol, mint, self._usdc), (self._usdc, mint, usdt))
        ]
        pools = {self._sol: cycle(of_sol), self._usdc: cycle(of_usdt)}
        for other, mint, dollar in wanted[:pairs]:
            originals = islice(pools[other], _POOLS_A_PAIR)
            self._pools[other, mint] = tuple(self._copies(originals, snapshot, {dollar: mint}))
        directed = [pair for each in list(self._pools)[1:] for pair in (each, each[::-1])]
        self._asks = dict(self._ask(pair, mode) for pair in directed for mode in modes)

    @property
    def markets(self) -> list[Market]:
        """Both directions of each pair."""
        return list(self._asks)

    @property
    def pools(self) -> int:
        """How many pools the made-up pairs have."""
        return sum(len(pools) for pools in list(self._pools.values())[1:])

    def largest(self, market: Market) -> int:
        """The largest amount of an order, in base units of the token that the market's amounts are of."""
        mint = market.token_in if market.mode is SwapMode.EXACT_IN else market.token_out
        return min(_held(pool, mint, self._snapshot()) for pool in self._of(market)) // _LARGEST_PART

    def look(self) -> PriceLook:
        """A look at all markets as they are now."""
        return PriceLook(self._asks, self._snapshot(), Answers())

    def move(self) -> None:
        """A slot later a swap has moved every pool."""
        self._clock = Clock(self._clock.slot + 1, self._clock.unix_timestamp, self._clock.epoch)
        for pools in self._pools.values():
            for pool in pools:
                self._swap(pool)

    def _swap(self, pool: Pool) -> None:
        snapshot = self._snapshot()
        sold, bought = self._random.sample(pool.mints, 2)
        most = max(2, _held(pool, str(sold), snapshot) // _PART_MOVED)
        request = QuoteRequest(sold, bought, self._random.randrange(1, most))
        try:
            after = pool.after(snapshot, pool.quote(snapshot, request))
        except DexError:
            return
        self._accounts = dict(after.accounts)

    def _snapshot(self) -> Snapshot:
        return Snapshot(self._clock, self._accounts)

    def _read(self, pairs: Sequence[_Pair]) -> tuple[list[Sequence[Pool]], Snapshot]:
        """The pools of each pair, and all that they read for large amounts in both directions."""
        asked = [each for pair in pairs for each in (pair, pair[::-1])]
        requests = [QuoteRequest(*pair, _LARGEST) for pair in asked]
        try:
            asks, snapshot, _ = with_known_pools().run(read_asks(requests, [left_out()] * len(asked), ()))
        except DexError as error:
            raise ChainUnavailable() from error
        return [ask.candidates.direct for ask in asks[::2]], snapshot

    def _copies(
        self, pools: Iterator[Pool], snapshot: Snapshot, mints: dict[Pubkey, Pubkey]
    ) -> Iterator[Pool]:
        for number, pool in enumerate(pools):
            copied = copy_of(pool, connection().venues[pool.venue], snapshot, mints, number)
            self._accounts |= copied.accounts
            yield copied.pool

    def _ask(self, pair: _Pair, mode: SwapMode) -> tuple[Market, Ask]:
        market = Market(str(pair[0]), str(pair[1]), mode, NO_BOUNDS)
        over = {
            middle: (self._between(pair[0], middle), self._between(middle, pair[1]))
            for middle in (self._sol, self._usdc)
            if middle not in pair
        }
        bounds = Bounds(settings.MAX_HOPS, settings.MAX_SPLITS)
        return market, Ask(market.request(1), Candidates(self._between(*pair), over), bounds)

    def _of(self, market: Market) -> tuple[Pool, ...]:
        return self._between(Pubkey.from_string(market.token_in), Pubkey.from_string(market.token_out))

    def _between(self, one: Pubkey, other: Pubkey) -> tuple[Pool, ...]:
        return self._pools.get((one, other)) or self._pools.get((other, one), ())


def _held(pool: Pool, mint: str, snapshot: Snapshot) -> int:
    vault = pool.vaults[[str(each) for each in pool.mints].index(mint)]
    return int.from_bytes(snapshot.account(vault).data[64:72], "little")
