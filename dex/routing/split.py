"""How to share an amount among several ways so that together they are worth most. Pure.

Splitting is the maximum of a sum of (almost) concave functions: Angeris et al., arXiv 2302.04938. Here: the
worth of each way on a coarse grid gives the best shares of every small set of ways; the best set of each
size is then refined two ways at a time by parabolas. Every value is an exact quote, so nothing is estimated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations, islice
from typing import Final

from dex.routing.way import Fits, Way, all_fit

# Shares of the coarse grid; the best shares lie within one of them.
_CHUNKS: Final = 16
# Ways that are tried together.
_WAYS_TRIED: Final = 5
_ROUNDS: Final = 3
# A share is refined to this part of the amount. The worth is flat at its maximum: what is left is far below
# a hundredth of a basis point.
_PRECISION: Final = 4_000
# A round that gained less than this part is the last.
_WORTH_ANOTHER_ROUND: Final = 10**7
# Of one exchange between two ways; the top of a smooth curve is found in four or five.
_MOST_STEPS: Final = 12
# So often in a row a parabola has its top within the precision of the best point.
_NEAR_ENOUGH: Final = 3
_GOLDEN_NUMERATOR, _GOLDEN_DENOMINATOR = 618_034, 1_000_000


@dataclass(frozen=True, slots=True)
class Shares:
    """Ways with the part of the amount that each takes, and what they are worth together.

    Those that do not fit into one transaction are only known by the grid.
    """

    ways: tuple[Way, ...]
    amounts: tuple[int, ...]
    worth: int
    fits: bool = True


def best_splits(ways: Sequence[Way], amount: int, most_ways: int, fits: Fits = all_fit) -> list[Shares]:
    """The best shares over two ways, over three and so on up to ``most_ways``; the best of them first.

    Of each size those that fit into one transaction, and the best where it does not. Empty where none has a
    quote.
    """
    if most_ways < 2 or amount < _CHUNKS:
        return []
    tried = _tried(ways, amount, fits)
    best = [shares for size in range(2, most_ways + 1) for shares in _best_of_size(tried, amount, size, fits)]
    refined = [_refined(shares, amount) if shares.fits else shares for shares in best]
    refined.sort(key=lambda shares: -shares.worth)
    return refined


def _best_of_size(tried: Sequence[Way], amount: int, size: int, fits: Fits) -> Iterator[Shares]:
    """The best that fit, and before them the best of all where those do not."""
    found = [shares for shares in _on_grid(tried, amount, size) if shares.worth]
    found.sort(key=lambda shares: -shares.worth)
    for place, shares in enumerate(found):
        if fits(list(zip(shares.ways, shares.amounts, strict=True))):
            yield shares
            return
        if place == 0:
            yield replace(shares, fits=False)


def could_gain(ways: Sequence[Way], amount: int, best_worth: int, least_gain_bps: int) -> bool:
    """Whether any split could be worth ``least_gain_bps`` more than the best single way.

    No split pays more than the best price of a small part for the whole amount.
    """
    part = amount // _CHUNKS
    if part == 0:
        return False
    worths = [worth for way in ways if (worth := way.worth(part)) is not None]
    if not worths:
        return False
    ideal = max(worths) * amount // part
    return (ideal - best_worth) * 10_000 > abs(best_worth) * least_gain_bps


def _tried(ways: Sequence[Way], amount: int, fits: Fits) -> list[Way]:
    """Those with the best price of a small part, where their own depth does not count yet.

    One that fits with no other is left out, so that it takes no place of those that do.
    """
    part = amount // _CHUNKS
    known = [(worth, way) for way in ways if (worth := way.worth(part)) is not None]
    known.sort(key=lambda each: -each[0])
    priced = [way for _, way in known]
    partnered = (way for way in priced if _has_partner(way, priced, part, fits))
    return list(islice(partnered, _WAYS_TRIED)) or priced[:_WAYS_TRIED]


def _has_partner(way: Way, others: Sequence[Way], part: int, fits: Fits) -> bool:
    return any(fits([(way, part), (other, part)]) for other in others if not way.addresses & other.addresses)


def _on_grid(ways: Sequence[Way], amount: int, size: int) -> Iterator[Shares]:
    chunk = amount // _CHUNKS
    for chosen in combinations(ways, size):
        if len(frozenset[object]().union(*(way.addresses for way in chosen))) == sum(
            len(way.addresses) for way in chosen
        ):
            yield _best_on_grid(chosen, amount, chunk)


def _best_on_grid(chosen: tuple[Way, ...], amount: int, chunk: int) -> Shares:
    """The best shares in whole chunks; what the amount has beyond them goes to the first way."""
    rest = amount - chunk * _CHUNKS
    worths = [[way.worth(count * chunk) for count in range(_CHUNKS)] for way in chosen]
    best, shares = _best_counts(worths)
    amounts = tuple(count * chunk + (0 if number else rest) for number, count in enumerate(shares))
    return Shares(chosen, amounts, best)


def _best_counts(worths: Sequence[Sequence[int | None]]) -> tuple[int, tuple[int, ...]]:
    """The counts of chunks, one a way, that are worth most together; 0 and none where no counts are known."""
    best = 0
    found: tuple[int, ...] = ()
    for counts in _compositions(_CHUNKS, len(worths)):
        total = 0
        for table, count in zip(worths, counts, strict=True):
            worth = table[count]
            if worth is None:
                break
            total += worth
        else:
            if not found or total > best:
                best, found = total, counts
    return best, found


@cache
def _compositions(total: int, parts: int) -> tuple[tuple[int, ...], ...]:
    """All ways to write ``total`` as a sum of ``parts`` positive numbers."""
    if parts == 1:
        return ((total,),)
    return tuple(
        (first, *rest)
        for first in range(1, total - parts + 2)
        for rest in _compositions(total - first, parts - 1)
    )


def _together(ways: Sequence[Way], amounts: Sequence[int]) -> int | None:
    total = 0
    for way, part in zip(ways, amounts, strict=True):
        worth = way.worth(part)
        if worth is None:
            return None
        total += worth
    return total


def _refined(shares: Shares, amount: int) -> Shares:
    amounts = list(shares.amounts)
    reach, precision = amount // _CHUNKS, max(1, amount // _PRECISION)
    pairs = list(combinations(range(len(amounts)), 2))
    before = shares.worth
    for _ in range(_ROUNDS if len(pairs) > 1 else 1):
        for one, other in pairs:
            _exchange(shares.ways, amounts, one, other, reach, precision)
        worth = _together(shares.ways, amounts)
        if worth is None or (worth - before) * _WORTH_ANOTHER_ROUND < abs(worth):
            break
        before, reach = worth, max(reach // 4, precision * 4)
    return Shares(shares.ways, tuple(amounts), _together(shares.ways, amounts) or shares.worth)


def _exchange(
    ways: Sequence[Way], amounts: list[int], one: int, other: int, reach: int, precision: int
) -> None:
    """Move what makes the two worth most from one to the other, at most ``reach``."""

    def worth(moved: int) -> int:
        first, second = ways[one].worth(amounts[one] + moved), ways[other].worth(amounts[other] - moved)
        # Worse than anything that has a quote, so that the section turns away from it.
        return -(2**200) if first is None or second is None else first + second

    low, high = -min(reach, amounts[one] - 1), min(reach, amounts[other] - 1)
    moved = _highest(worth, low, high, precision)
    if worth(moved) > worth(0):
        amounts[one] += moved
        amounts[other] -= moved


def _highest(worth: Callable[[int], int], low: int, high: int, precision: int) -> int:
    """Where between ``low`` and ``high`` it is worth most, to ``precision``; 0 lies between them.

    A parabola through three points finds the top of a smooth curve in a few steps. Where it does not narrow
    them down, as at a kink, the wider side is halved; where 0 is not the best of the three, golden sections.
    """
    at, worth_at, worth_low, worth_high = 0, worth(0), worth(low), worth(high)
    if not low < 0 < high or worth_at < max(worth_low, worth_high):
        return _highest_by_sections(worth, low, high, precision)
    near = 0
    for _ in range(_MOST_STEPS):
        width = high - low
        asked = _top((low, at, high), (worth_low, worth_at, worth_high))
        near = near + 1 if abs(asked - at) <= precision else 0
        if asked == at:
            break
        worth_asked = worth(asked)
        if worth_asked > worth_at:
            asked, at = at, asked
            worth_asked, worth_at = worth_at, worth_asked
        if asked < at:
            low, worth_low = asked, worth_asked
        else:
            high, worth_high = asked, worth_asked
        if near == _NEAR_ENOUGH or high - low <= precision:
            break
        if high - low > width // 2:
            low, worth_low, at, worth_at, high, worth_high = _halved(
                worth, (low, at, high), (worth_low, worth_at, worth_high)
            )
    return at


def _top(places: tuple[int, int, int], worths: tuple[int, int, int]) -> int:
    """Where the parabola through three points is highest, of which the middle one is the best."""
    low, at, high = places
    left, right = worths[1] - worths[0], worths[1] - worths[2]
    curved = (at - low) * right + (high - at) * left
    if curved <= 0:
        return (at + high) // 2 if high - at > at - low else (low + at) // 2
    top = at - ((at - low) ** 2 * right - (high - at) ** 2 * left) // (2 * curved)
    return min(max(top, low + 1), high - 1)


def _halved(
    worth: Callable[[int], int], places: tuple[int, int, int], worths: tuple[int, int, int]
) -> tuple[int, int, int, int, int, int]:
    """The three points after a look at the middle of the wider side: each place with its worth."""
    low, at, high = places
    worth_low, worth_at, worth_high = worths
    asked = (at + high) // 2 if high - at > at - low else (low + at) // 2
    worth_asked = worth(asked)
    if worth_asked > worth_at:
        if asked > at:
            return at, worth_at, asked, worth_asked, high, worth_high
        return low, worth_low, asked, worth_asked, at, worth_at
    if asked > at:
        return low, worth_low, at, worth_at, asked, worth_asked
    return asked, worth_asked, at, worth_at, high, worth_high


def _highest_by_sections(worth: Callable[[int], int], low: int, high: int, precision: int) -> int:
    left, right = high - _golden(high - low), low + _golden(high - low)
    worth_left, worth_right = worth(left), worth(right)
    while high - low > precision:
        if worth_left >= worth_right:
            high, right, worth_right = right, left, worth_left
            left = high - _golden(high - low)
            worth_left = worth(left)
        else:
            low, left, worth_left = left, right, worth_right
            right = low + _golden(high - low)
            worth_right = worth(right)
    return left if worth_left >= worth_right else right


def _golden(width: int) -> int:
    return width * _GOLDEN_NUMERATOR // _GOLDEN_DENOMINATOR
