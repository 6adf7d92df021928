"""What comparing recordings with the adapters came to: a line a kind and venue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

SHOWN_DIFFERENCES: Final = 5


class VectorFileError(Exception):
    """A file that is not a vector file."""


@dataclass(slots=True)
class Report:
    """The cases of one kind and venue. ``reasons`` say why cases were skipped, ``remark`` what they are."""

    title: str
    cases: int = 0
    equal: int = 0
    skipped: int = 0
    differences: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    remark: str = ""

    def count(self, difference: str | None) -> None:
        """One compared case: equal, or what differs."""
        self.cases += 1
        if difference is None:
            self.equal += 1
        else:
            self.differences.append(difference)

    def skip(self, reason: str, cases: int = 1) -> None:
        """Cases that cannot be compared, and why."""
        self.cases += cases
        self.skipped += cases
        if reason not in self.reasons:
            self.reasons.append(reason)

    def lines(self) -> Iterator[str]:
        """The summary, why cases were skipped and the first differences, for people."""
        yield f"{self.title}: cases {self.cases} equal {self.equal} skipped {self.skipped}"
        if self.remark:
            yield f"  {self.remark}"
        for reason in self.reasons:
            yield f"  skipped: {reason}"
        for difference in self.differences[:SHOWN_DIFFERENCES]:
            yield f"  {difference}"
        if len(self.differences) > SHOWN_DIFFERENCES:
            yield f"  … and {len(self.differences) - SHOWN_DIFFERENCES} more differences"


class Reports:
    """The reports of all files, in the order in which their kinds and venues came."""

    def __init__(self) -> None:
        self._reports: dict[str, Report] = {}

    def of(self, kind: str, venue: str) -> Report:
        """The report of a kind and venue, begun when it is asked for first."""
        title = f"{kind}/{venue}"
        return self._reports.setdefault(title, Report(title))

    def __iter__(self) -> Iterator[Report]:
        return iter(self._reports.values())
