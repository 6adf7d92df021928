"""Ways from the token in to the token out over one pool or two, and what each is worth for an amount.

A way's worth is what reaches the payer (EXACT_IN), or less the more the payer is debited (EXACT_OUT), so
that the search always looks for the most. Pure; a way remembers what it was asked, because a search asks for
the same amounts again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import product
from typing import Final

from solders.pubkey import Pubkey

from dex.errors import DexError, InsufficientLiquidity
from dex.routing.router import require_moving, whole_quote
from dex.routing.transfer_fees import with_named_fees
from dex.types import Path, Quote, QuoteRequest, Route, Snapshot, SwapMode
from dex.venues.base import Pool

_Asked = tuple[Pubkey, Pubkey, int, SwapMode]

# Ways over one middle token that a split may use, and pools on each side of it that are combined.
WAYS_KEPT: Final = 2
_COMBINED: Final = 5


class _State:
    """What a pool has answered by one state, and whether anything moves in and out of it."""

    def __init__(self) -> None:
        self.answers: dict[_Asked, Quote | DexError] = {}
        self.is_checked = False
        self.stands = True

    def require_moving(self, pool: Pool, snapshot: Snapshot) -> None:
        """Raise PoolDisabled where a vault is frozen; looked at once."""
        if not self.is_checked:
            require_moving(pool, snapshot)
            self.is_checked = True


class Answers:
    """What pools have answered to the requests of a batch, for as long as their state stands.

    A quote is a pure function of the pool's accounts and the request: orders of one batch ask the same pools
    for the same amounts, and only the pools that the orders before them use have another state.
    """

    def __init__(self) -> None:
        self._by_pool: dict[Pubkey, _State] = {}
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
        if way is None or not way.stands:
            way = self._ways[key] = Way(snapshot, pools, tokens, mode, self)
        return way

    def forget(self, pool: Pubkey) -> None:
        """Its state has changed."""
        known = self._by_pool.pop(pool, None)
        if known is not None:
            known.stands = False


@lru_cache(maxsize=4096)
def text_of(address: Pubkey) -> str:
    """The address as text, by which equal routes are ordered."""
    return str(address)


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
        self._known = [shared.of(pool) for pool in self.pools]
        self.snapshot = snapshot
        self.mode = mode
        self._tokens = tuple(tokens)
        self._asked: dict[int, tuple[Quote, ...] | DexError] = {}
        self._paths: dict[int, Path | DexError] = {}
        # Its pools: two ways of one route share none, for each quote is of the state before the route.
        self.addresses: Final = frozenset(pool.address for pool in self.pools)
        # Each pool, and the token that is sold to it.
        self.steps: Final = tuple(
            (pool.address, sold) for pool, sold in zip(self.pools, self._tokens, strict=False)
        )
        self.names: Final = [text_of(pool.address) for pool in self.pools]

    @property
    def stands(self) -> bool:
        """Whether its pools still have the state that it was made for."""
        return all(known.stands for known in self._known)

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
        answers = self._known[leg].answers
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
        self._known[leg].require_moving(pool, self.snapshot)
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


def direct_ways(
    snapshot: Snapshot, request: QuoteRequest, pools: Iterable[Pool], answers: Answers | None = None
) -> list[Way]:
    """A way over each pool of the request's own pair."""
    tokens = (request.token_in, request.token_out)
    return _ways(snapshot, pools, tokens, request.mode, answers or Answers())


def ways_over(
    snapshot: Snapshot,
    request: QuoteRequest,
    middle: Pubkey,
    sides: tuple[Sequence[Pool], Sequence[Pool]],
    answers: Answers | None = None,
    fits: Fits = all_fit,
) -> tuple[list[Way], list[Way]]:
    """The best ways over ``middle`` that fit, best first, none sharing a pool; better ones that do not fit.

    The near side is where the request fixes the amount: each of its pools is quoted for the whole of it, each
    pool beyond for what the best of them carries there.
    """
    answers = answers or Answers()
    firsts, lasts = sides
    exact_in = request.mode is SwapMode.EXACT_IN
    to_middle, from_middle = (request.token_in, middle), (middle, request.token_out)
    near, near_pair = (firsts, to_middle) if exact_in else (lasts, from_middle)
    far, far_pair = (lasts, from_middle) if exact_in else (firsts, to_middle)
    best_near = _best(_ways(snapshot, near, near_pair, request.mode, answers), request.amount)
    if not best_near:
        return [], []
    best_far = _best(_ways(snapshot, far, far_pair, request.mode, answers), abs(best_near[0][0]))
    tokens = (request.token_in, middle, request.token_out)
    pairs = ((one, other) for (_, one), (_, other) in _best_first(best_near, best_far))
    both = (pair if exact_in else pair[::-1] for pair in pairs)
    ways = (answers.way(snapshot, pair, tokens, request.mode) for pair in both)
    kept, too_large = _kept(ways, request.amount, fits)
    return ranked(kept, request.amount), too_large


_Known = tuple[int, Pool]


def _best_first(near: Sequence[_Known], far: Sequence[_Known]) -> list[tuple[_Known, _Known]]:
    """The pairs of both sides, by how far down either stands."""
    places = product(range(min(_COMBINED, len(near))), range(min(_COMBINED, len(far))))
    return [(near[one], far[other]) for one, other in sorted(places, key=lambda pair: (sum(pair), pair))]


def _kept(ways: Iterable[Way], amount: int, fits: Fits) -> tuple[list[Way], list[Way]]:
    """The first ways that fit and share no pool, and those before the first of them that do not fit."""
    kept: list[Way] = []
    too_large: list[Way] = []
    for way in ways:
        if len(kept) == WAYS_KEPT:
            break
        if any(way.addresses & other.addresses for other in kept):
            continue
        if fits([(way, amount)]):
            kept.append(way)
        elif not kept:
            too_large.append(way)
    return kept, too_large


def ranked(ways: Iterable[Way], amount: int) -> list[Way]:
    """The ways that have a quote for ``amount``, best first; equal ones by their pools' addresses."""
    worths = [(way.worth(amount), way) for way in ways]
    known = [(worth, way) for worth, way in worths if worth is not None]
    known.sort(key=lambda each: (-each[0], each[1].names))
    return [way for _, way in known]


def _ways(
    snapshot: Snapshot,
    pools: Iterable[Pool],
    tokens: tuple[Pubkey, Pubkey],
    mode: SwapMode,
    answers: Answers,
) -> list[Way]:
    return [answers.way(snapshot, (pool,), tokens, mode) for pool in pools]


def _best(ways: Iterable[Way], amount: int) -> list[tuple[int, Pool]]:
    """What ``amount`` is worth in each pool that has a quote for it, and the pool, best first."""
    return [(way.worth(amount) or 0, way.pools[0]) for way in ranked(ways, amount)]
