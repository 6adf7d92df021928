"""In how many slots after the opening of a pool the purchases landed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from orders.proving.benchmark.figures import percentile
from orders.proving.launches.snipes import Snipe

PROMISED_PERCENT: Final = 95


@dataclass(frozen=True, slots=True)
class Landing:
    """The slots after the opening, 0 for the opening one; ``launches`` of which these are the bought ones."""

    launches: int
    lags: Sequence[int]

    @property
    def in_time_percent(self) -> int:
        """The share of all launches bought in the opening slot or the next, rounded down."""
        return self._percent(sum(lag <= 1 for lag in self.lags))

    @property
    def at_once_percent(self) -> int:
        """The share of all launches bought in the opening slot, rounded down."""
        return self._percent(sum(lag <= 0 for lag in self.lags))

    def __str__(self) -> str:
        ordered = sorted(self.lags)
        text = f"{len(ordered)} of {self.launches} bought"
        if not ordered:
            return text
        p50, p95 = percentile(ordered, 50), percentile(ordered, 95)
        return (
            f"{text}; slots after the opening: p50 {p50}, p95 {p95}, most {ordered[-1]};"
            f" {self.at_once_percent} % in the opening slot, {self.in_time_percent} % in it or the next"
        )

    def _percent(self, count: int) -> int:
        return 100 * count // self.launches if self.launches else 0


def landing_of(snipes: Sequence[Snipe]) -> Landing:
    """The figures of some snipes."""
    return Landing(len(snipes), [lag for each in snipes if (lag := each.lag) is not None])


def lines(snipes: Sequence[Snipe]) -> Iterator[str]:
    """The figures of a run: all, each venue, and what became of those that were not bought."""
    yield str(landing_of(snipes))
    by_venue: defaultdict[str, list[Snipe]] = defaultdict(list)
    for each in snipes:
        by_venue[each.launched.venue].append(each)
    for venue, found in sorted(by_venue.items()):
        yield f"  {venue:<16} {landing_of(found)}"
    outcomes = Counter(each.outcome for each in snipes if not each.is_bought)
    for outcome, count in outcomes.most_common():
        yield f"  not bought: {count} {outcome}"
