"""The ways from the token in to the token out: over pools of the pair, and over a middle token. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Final

from solders.pubkey import Pubkey

from dex.errors import DexError
from dex.routing.way import Answers, Fits, Way, all_fit
from dex.types import QuoteRequest, Snapshot, SwapMode
from dex.venues.base import Pool

# Ways over one middle token that a split may use, and pools on each side of it that are combined.
WAYS_KEPT: Final = 2
_COMBINED: Final = 5


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
    asked = (request.token_in, middle, request.token_out, request.amount, request.mode, fits)
    return answers.over(asked, sides, lambda: _ways_over(snapshot, request, middle, sides, answers, fits))


def _ways_over(
    snapshot: Snapshot,
    request: QuoteRequest,
    middle: Pubkey,
    sides: tuple[Sequence[Pool], Sequence[Pool]],
    answers: Answers,
    fits: Fits,
) -> tuple[list[Way], list[Way]]:
    near, near_pair, far, far_pair = in_order(request, middle, sides)
    exact_in = request.mode is SwapMode.EXACT_IN
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


def refusals_over(
    snapshot: Snapshot,
    request: QuoteRequest,
    middle: Pubkey,
    sides: tuple[Sequence[Pool], Sequence[Pool]],
    answers: Answers,
) -> Iterator[tuple[Pool, DexError]]:
    """Why pools on the way over ``middle`` have no quote: of the near side, else of the one beyond."""
    near, near_pair, far, far_pair = in_order(request, middle, sides)
    ways = _ways(snapshot, near, near_pair, request.mode, answers)
    yield from _refusals(ways, request.amount)
    if best := _best(ways, request.amount):
        beyond = _ways(snapshot, far, far_pair, request.mode, answers)
        yield from _refusals(beyond, abs(best[0][0]))


def _refusals(ways: Iterable[Way], amount: int) -> Iterator[tuple[Pool, DexError]]:
    for way in ways:
        try:
            way.path(amount)
        except DexError as error:
            yield way.pools[0], error


_Pair = tuple[Pubkey, Pubkey]


def in_order(
    request: QuoteRequest, middle: Pubkey, sides: tuple[Sequence[Pool], Sequence[Pool]]
) -> tuple[Sequence[Pool], _Pair, Sequence[Pool], _Pair]:
    """The side where the request fixes the amount and its pair, then the side beyond and its pair."""
    firsts, lasts = sides
    to_middle, from_middle = (request.token_in, middle), (middle, request.token_out)
    if request.mode is SwapMode.EXACT_IN:
        return firsts, to_middle, lasts, from_middle
    return lasts, from_middle, firsts, to_middle


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
