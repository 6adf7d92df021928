"""What the best route for an amount is worth at least and at most, from quotes of single pools alone. Pure.

A search for the best route costs a hundred quotes. Whoever only wants to know on which side of a level its
worth lies gets by with a few: it is worth no less than the best pool alone, and no more than the best price
of a small part for the whole, for a pool's price falls with the amount (Angeris et al., arXiv 2302.04938).
And of two states of the same pools: where each pool's answers to some amounts have changed by no more than a
factor, so has what any route over them is worth.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from solders.pubkey import Pubkey

from dex.routing.search import Bounds, Candidates
from dex.routing.way import Answers, Fits, Way, all_fit
from dex.routing.ways import ranked
from dex.types import QuoteRequest, Snapshot, SwapMode
from dex.venues.base import Pool

# Ratios of two answers are whole numbers of this part.
ONE: Final = 2**40
# The part of an amount that stands for the best price of any part.
_PART: Final = 16
# States further apart than this are not compared: what follows from another is then not near enough.
_FURTHEST: Final = ONE // 32
# Pools are asked for amounts that are powers of two to this power.
_STEP: Final = 3
# Base units that rounding may take from a quote of two hops.
_ROUNDING: Final = 2

# What one pool answers to each amount; what each pool of a side answers.
_Answers = tuple[int | None, ...]
_Side = tuple[_Answers, ...]
Factors = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Interval:
    """The least and the most that an amount is worth, as `Way.worth` has it; None where nothing bounds it."""

    least: int | None
    most: int | None


@dataclass(frozen=True, slots=True)
class Sizes:
    """The amounts that pools are asked for: those of the request's own side, and beyond each middle token."""

    near: tuple[int, ...]
    far: Mapping[Pubkey, tuple[int, ...]]

    def stand_for(self, other: Sizes) -> bool:
        """Whether these do as well: the least and the most are within a step of the others'."""
        if self.far.keys() != other.far.keys():
            return False
        pairs = [(self.near, other.near), *((self.far[middle], sizes) for middle, sizes in other.far.items())]
        return all(_are_near(one, two) for one, two in pairs)


@dataclass(frozen=True, slots=True)
class Samples:
    """What all candidates answer to `Sizes`: those of the pair, and of each middle token near and far."""

    sizes: Sizes
    pools: tuple[Pubkey, ...]
    direct: _Side
    over: tuple[tuple[_Side, _Side], ...]


class Estimates:
    """Estimates for one pair by one state; ``answers`` are shared with searches over the same snapshot."""

    def __init__(
        self,
        request: QuoteRequest,
        candidates: Candidates,
        bounds: Bounds,
        snapshot: Snapshot,
        answers: Answers,
        fits: Fits = all_fit,
    ) -> None:
        self._pair = request.token_in, request.token_out
        self._mode = request.mode
        self._snapshot = snapshot
        self._answers = answers
        self._fits = fits
        self._direct = self._ways(candidates.direct, self._pair)
        over = candidates.over if bounds.most_hops > 1 else {}
        self._over = {m: self._sides(m, sides) for m, sides in over.items() if m not in self._pair}

    def interval(self, amount: int) -> Interval:
        """What the best route for ``amount`` is worth at least and at most."""
        part = max(1, amount // _PART)
        small = self.best_single(part)
        most = None if small is None else -(-(small + _ROUNDING) * amount // part)
        found = (way for way in self._best_ways(amount) if self._fits([(way, amount)]))
        return Interval(_best_of(found, amount), most)

    def best_single(self, amount: int) -> int | None:
        """What ``amount`` is worth over the best pool, or the best two, whether these fit together or not."""
        return _best([self._alone(amount), *(self._over_middle(m, amount) for m in self._over)])

    def sizes(self, least: int, most: int) -> Sizes:
        """Amounts to ask pools for, for requests between these two."""
        near = _ends(max(1, least // _PART), most)
        far = {}
        for middle, (first, _) in self._over.items():
            carried = [abs(worth) for size in near if (worth := _best_of(first, size))]
            far[middle] = _ends(max(1, min(carried)), max(carried)) if carried else ()
        return Sizes(near, far)

    def samples(self, sizes: Sizes) -> Samples:
        """What the pools answer."""
        over = tuple(
            (_answers_of(first, sizes.near), _answers_of(last, sizes.far.get(middle, ())))
            for middle, (first, last) in self._over.items()
        )
        ways = (*self._direct, *(way for sides in self._over.values() for side in sides for way in side))
        pools = tuple(way.pools[0].address for way in ways)
        return Samples(sizes, pools, _answers_of(self._direct, sizes.near), over)

    def _best_ways(self, amount: int) -> Iterator[Way]:
        """The best over one pool, and over each middle token the best pools of both sides."""
        yield from _first(self._direct, amount)
        exact_in = self._mode is SwapMode.EXACT_IN
        for middle, (near, far) in self._over.items():
            for one in _first(near, amount):
                for other in _first(far, abs(one.worth(amount) or 0)):
                    pools = (*one.pools, *other.pools) if exact_in else (*other.pools, *one.pools)
                    tokens = self._pair[0], middle, self._pair[1]
                    yield self._answers.way(self._snapshot, pools, tokens, self._mode)

    def _alone(self, amount: int) -> int | None:
        return _best_of(self._direct, amount)

    def _over_middle(self, middle: Pubkey, amount: int) -> int | None:
        first, last = self._over[middle]
        carried = _best_of(first, amount)
        return _best_of(last, abs(carried)) if carried else None

    def _sides(
        self, middle: Pubkey, sides: tuple[Sequence[Pool], Sequence[Pool]]
    ) -> tuple[list[Way], list[Way]]:
        """The ways to and from a middle token, the side that the request fixes first."""
        both = (
            self._ways(sides[0], (self._pair[0], middle)),
            self._ways(sides[1], (middle, self._pair[1])),
        )
        return both if self._mode is SwapMode.EXACT_IN else both[::-1]

    def _ways(self, pools: Iterable[Pool], pair: tuple[Pubkey, Pubkey]) -> list[Way]:
        return [self._answers.way(self._snapshot, (pool,), pair, self._mode) for pool in pools]


def factors_between(old: Samples, new: Samples) -> Factors | None:
    """Between which factors, in parts of `ONE`, what a route is worth lies after a change of state.

    None where pools have come, gone or stopped to answer, or where states are far from each other.
    """
    if old.pools != new.pools or (old.sizes is not new.sizes and old.sizes != new.sizes):
        return None
    found = [_of_side(old.direct, new.direct)] if old.direct else []
    for (old_near, old_far), (new_near, new_far) in zip(old.over, new.over, strict=True):
        if old_near and old_far:
            found.append(_one_after_the_other(_of_side(old_near, new_near), _of_side(old_far, new_far)))
    known = [each for each in found if each is not None]
    if len(known) < len(found) or not known:
        return None
    least, most = min(low for low, _ in known), max(high for _, high in known)
    return (least, most) if ONE - least < _FURTHEST and most - ONE < _FURTHEST else None


def _one_after_the_other(near: Factors | None, far: Factors | None) -> Factors | None:
    """More that comes out of the first pool brings no more than as much more from the second."""
    if near is None or far is None:
        return None
    return far[0] * min(ONE, near[0]) // ONE, -(-far[1] * max(ONE, near[1]) // ONE)


def _of_side(old: _Side, new: _Side) -> Factors | None:
    """The least and the most ratio of any answer, 1 at least and at most; None where they do not compare."""
    least, most = ONE, ONE
    for before, after in zip(old, new, strict=True):
        if before == after:
            continue
        for one, other in zip(before, after, strict=True):
            if one is None and other is None:
                continue
            if not one or not other:
                return None
            least = min(least, (abs(other) - 1) * ONE // abs(one))
            most = max(most, -(-(abs(other) + 1) * ONE // abs(one)))
    return least, most


def _answers_of(ways: Iterable[Way], sizes: Sequence[int]) -> _Side:
    return tuple(tuple(way.worth(size) for size in sizes) for way in ways)


def _first(ways: Iterable[Way], amount: int) -> Sequence[Way]:
    """The best way for an amount, if any has a quote for it."""
    return ranked(ways, amount)[:1]


def _best_of(ways: Iterable[Way], amount: int) -> int | None:
    return _best(way.worth(amount) for way in ways)


def _best(worths: Iterable[int | None]) -> int | None:
    return max((worth for worth in worths if worth is not None), default=None)


def _are_near(one: Sequence[int], other: Sequence[int]) -> bool:
    if not one or not other:
        return not one and not other
    return all(a <= b << _STEP and b <= a << _STEP for a, b in ((one[0], other[0]), (one[-1], other[-1])))


def _ends(least: int, most: int) -> tuple[int, ...]:
    """An amount no greater and one no less; whole steps apart, so that markets ask pools for the same."""
    low, high = (least.bit_length() - 1) // _STEP * _STEP, -(-(most - 1).bit_length() // _STEP) * _STEP
    return tuple(dict.fromkeys((1 << low, 1 << high)))
