"""Ways from the token in to the token out over one pool or two, and what each is worth for an amount.

A way's worth is what reaches the payer (EXACT_IN), or less the more the payer is debited (EXACT_OUT), so
that the search always looks for the most. Pure; a way remembers what it was asked, because a search asks for
the same amounts again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from solders.pubkey import Pubkey

from dex.errors import DexError, InsufficientLiquidity
from dex.routing.router import require_moving, whole_quote
from dex.routing.transfer_fees import with_named_fees
from dex.types import Path, Quote, QuoteRequest, Route, Snapshot, SwapMode
from dex.venues.base import Pool

_Asked = tuple[Pubkey, Pubkey, int, SwapMode]


class _State:
    """What a pool has answered by one state, and whether anything moves in and out of it."""

    def __init__(self) -> None:
        self.answers: dict[_Asked, Quote | DexError] = {}
        self.is_checked = False

    def require_moving(self, pool: Pool, snapshot: Snapshot) -> None:
        """Raise PoolDisabled where a vault is frozen; looked at once."""
        if not self.is_checked:
            require_moving(pool, snapshot)
            self.is_checked = True


class _Over(NamedTuple):
    """The ways over a middle token, and the states of the pools on both sides of it."""

    states: list[_State]
    found: tuple[list[Way], list[Way]]


class Answers:
    """What pools have answered to the requests of a batch, for as long as their state stands.

    A quote is a pure function of the pool's accounts and the request: orders of one batch ask the same pools
    for the same amounts, and only the pools that the orders before them use have another state.
    """

    def __init__(self) -> None:
        self._by_pool: dict[Pubkey, _State] = {}
        self._over: dict[tuple[object, ...], _Over] = {}
        self._ways: dict[tuple[SwapMode, tuple[Pubkey, ...], tuple[Pubkey, ...]], Way] = {}

    def of(self, pool: Pool) -> _State:
        """What is known of a pool; new answers are put in there."""
        known = self._by_pool.get(pool.address)
        if known is None:
            known = self._by_pool[pool.address] = _State()
        return known

    def way(
        self, snapshot: Snapshot, pools: tuple[Pool, ...], tokens: tuple[Pubkey, ...], mode: SwapMode
    ) -> Way:
        """The way over these pools, with all that it was asked while their state stands."""
        key = mode, tokens, tuple([pool.address for pool in pools])
        way = self._ways.get(key)
        if way is None or not self._stand(way.pools, way.states):
            way = self._ways[key] = Way(snapshot, pools, tokens, mode, self)
        return way

    def over(
        self,
        asked: tuple[object, ...],
        sides: tuple[Sequence[Pool], Sequence[Pool]],
        look: Callable[[], tuple[list[Way], list[Way]]],
    ) -> tuple[list[Way], list[Way]]:
        """What ``look`` finds over a middle token, while the state of the pools of both sides stands.

        ``asked`` is all that it depends on beside them.
        """
        known = self._over.get(asked)
        pools = [*sides[0], *sides[1]]
        if known is None or not self._stand(pools, known.states):
            states = [self.of(pool) for pool in pools]
            known = self._over[asked] = _Over(states, look())
        return known.found

    def forget(self, pool: Pubkey) -> None:
        """Its state has changed."""
        self._by_pool.pop(pool, None)

    def copy(self) -> Answers:
        """The same answers, of which pools can be forgotten without these here being touched."""
        copied = Answers()
        copied._by_pool = dict(self._by_pool)
        copied._over = dict(self._over)
        copied._ways = dict(self._ways)
        return copied

    def _stand(self, pools: Sequence[Pool], states: Sequence[_State]) -> bool:
        """Whether these pools have just these states."""
        known = self._by_pool
        return len(pools) == len(states) and all(
            known.get(pool.address) is state for pool, state in zip(pools, states, strict=True)
        )


@lru_cache(maxsize=4096)
def text_of(address: Pubkey) -> str:
    """The address as text, by which equal routes are ordered."""
    return str(address)


# Most out, or least in, first; then the simplest, then by venue and pool, so that no tie is left.
Ranked = tuple[tuple[int, int, str, str], Route]


def rank(route: Route) -> tuple[int, int, str, str]:
    """By what routes are ordered, the best first."""
    worth = route.amount_in if route.mode is SwapMode.EXACT_OUT else -route.amount_out
    return worth, len(route.legs), route.venue, text_of(route.pool)


class Way:
    """One pool, or two over a middle token, seen from one snapshot."""

    def __init__(
        self,
        snapshot: Snapshot,
        pools: Sequence[Pool],
        tokens: Sequence[Pubkey],
        mode: SwapMode,
        answers: Answers | None = None,
    ) -> None:
        """``tokens`` has one more than ``pools``: the token in, the middle if there is one, the token out.

        ``answers`` are those that pools have given by this state already.
        """
        self.pools = tuple(pools)
        shared = answers or Answers()
        self.states: Final = [shared.of(pool) for pool in self.pools]
        self.snapshot = snapshot
        self.mode = mode
        self._tokens = tuple(tokens)
        self._asked: dict[int, tuple[Quote, ...] | DexError] = {}
        self._paths: dict[int, Path | DexError] = {}
        self._routes: dict[int, Ranked | None] = {}
        # Its pools: two ways of one route share none, for each quote is of the state before the route.
        self.addresses: Final = frozenset(pool.address for pool in self.pools)
        # Each pool, and the token that is sold to it.
        self.steps: Final = tuple(
            (pool.address, sold) for pool, sold in zip(self.pools, self._tokens, strict=False)
        )
        self.names: Final = [text_of(pool.address) for pool in self.pools]

    def worth(self, amount: int) -> int | None:
        """What ``amount`` is worth on this way, 0 for nothing; None where the way has no quote for it."""
        if not amount:
            return 0
        quotes = self._quotes(amount)
        if isinstance(quotes, DexError):
            return None
        return quotes[-1].amount_out if self.mode is SwapMode.EXACT_IN else -quotes[0].amount_in

    def path(self, amount: int) -> Path:
        """The path with its legs, to the unit; raises PoolRefused, NoQuote or AccountMissing."""
        found = self._paths.get(amount)
        if found is None:
            try:
                found = with_named_fees(self._path(amount), self.snapshot)
            except DexError as error:
                found = error
            self._paths[amount] = found
        if isinstance(found, DexError):
            raise found.with_traceback(None)
        return found

    def route(self, amount: int) -> Ranked | None:
        """The route of this way alone with its rank, None where it has no quote for the amount."""
        if amount not in self._routes:
            try:
                found = Route((self.path(amount),), self.mode)
                self._routes[amount] = rank(found), found
            except DexError:
                self._routes[amount] = None
        return self._routes[amount]

    def _path(self, amount: int) -> Path:
        quotes = self._quotes(amount)
        if isinstance(quotes, DexError):
            raise quotes
        if len(quotes) == 1:
            return Path(quotes, quotes[0].amount_in, quotes[0].amount_out)
        first, last = quotes
        if self.mode is SwapMode.EXACT_OUT:
            sold = self._quote(1, last.amount_in, SwapMode.EXACT_IN)
            return Path((first, sold), first.amount_in, amount)
        bought = self._quote(0, last.amount_in, SwapMode.EXACT_OUT)
        if bought.amount_in > amount:
            raise InsufficientLiquidity("buying the middle token costs more than selling for it paid")
        return Path((bought, last), amount, last.amount_out)

    def _quotes(self, amount: int) -> tuple[Quote, ...] | DexError:
        found = self._asked.get(amount)
        if found is None:
            try:
                found = tuple(self._chain(amount))
            except DexError as error:
                found = error
            self._asked[amount] = found
        return found

    def _chain(self, amount: int) -> list[Quote]:
        """The legs' quotes in their order, asked from the side that the request fixes."""
        legs = range(len(self.pools))
        quotes: list[Quote] = []
        for leg in legs if self.mode is SwapMode.EXACT_IN else reversed(legs):
            quote = self._quote(leg, amount, self.mode)
            quotes.append(quote)
            amount = quote.amount_out if self.mode is SwapMode.EXACT_IN else quote.amount_in
        return quotes if self.mode is SwapMode.EXACT_IN else quotes[::-1]

    def _quote(self, leg: int, amount: int, mode: SwapMode) -> Quote:
        asked = (self._tokens[leg], self._tokens[leg + 1], amount, mode)
        answers = self.states[leg].answers
        answer = answers.get(asked)
        if answer is None:
            try:
                answer = self._whole(leg, QuoteRequest(*asked))
            except DexError as error:
                answer = error
            answers[asked] = answer
        if isinstance(answer, DexError):
            raise answer.with_traceback(None)
        return answer

    def _whole(self, leg: int, request: QuoteRequest) -> Quote:
        pool = self.pools[leg]
        self.states[leg].require_moving(pool, self.snapshot)
        # A program that swaps a part of it and calls that success would leave the rest of an order.
        quote = whole_quote(pool, self.snapshot, request)
        if request.mode is SwapMode.EXACT_OUT and quote.amount_out != request.amount:
            raise InsufficientLiquidity(f"the pool gives no more than {quote.amount_out} base units")
        return quote


# A way with its part of an amount, and whether such parts fit into one transaction together.
Part = tuple[Way, int]
Fits = Callable[[Sequence[Part]], bool]


def all_fit(_parts: Sequence[Part]) -> bool:
    """As if transactions were of any size."""
    return True


def route_of(parts: Sequence[Part]) -> Route:
    """The route of these ways together; raises PoolRefused, NoQuote or AccountMissing."""
    return Route(tuple(way.path(amount) for way, amount in parts), parts[0][0].mode)
