"""The figures of a run as text and as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from orders.proving.benchmark.chain_check import Check
from orders.proving.benchmark.figures import Figures, Spread
from orders.proving.benchmark.processes import ProcessUsage
from orders.proving.benchmark.quote_check import KindCount


@dataclass(frozen=True, slots=True)
class Report:
    """All that a run has shown."""

    machine: str
    setup: str
    figures: Figures
    usage: Sequence[ProcessUsage]
    checks: Sequence[Check]
    kinds: Sequence[KindCount] = ()
    steps: Mapping[str, Spread | None] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether every check holds."""
        return all(check.passed for check in self.checks)

    def as_data(self) -> dict[str, Any]:
        """The report as JSON can hold it."""
        return asdict(self) | {"passed": self.passed}

    def lines(self) -> list[str]:
        """The report as lines of text."""
        return [
            f"machine               {self.machine}",
            f"load                  {self.setup}",
            *_figure_lines(self.figures),
            *(f"  of it to {name:<12}{_spread(found)}" for name, found in self.steps.items()),
            *_usage_lines(self.usage, self.figures.posted),
            *_kind_lines(self.kinds),
            *(
                f"{'PASS' if check.passed else 'FAIL'}  {check.name} ({check.detail})"
                for check in self.checks
            ),
        ]


def _figure_lines(found: Figures) -> list[str]:
    return [
        f"accept                {_spread(found.accept)}   {found.accepted_per_second} orders/s",
        f"POST to submitted     {_spread(found.to_submitted)}",
        f"POST to confirmed     {_spread(found.to_confirmed)}   {found.confirmed_per_second} orders/s",
        f"answers               {_counts(found.answers)}",
        f"outcomes              {_counts(found.outcomes)}",
    ]


def _usage_lines(usage: Sequence[ProcessUsage], orders: int) -> list[str]:
    lines = [f"{'process':<20}{'count':>6}{'CPU ms/order':>14}{'peak MiB each':>15}"]
    lines += [
        f"  {part.name:<18}{part.processes:>6}{part.cpu_ms / max(orders, 1):>14.2f}{part.peak_rss_mib:>15}"
        for part in usage
    ]
    total = sum(part.cpu_ms for part in usage)
    return [*lines, f"  {'all':<18}{'':>6}{total / max(orders, 1):>14.2f}"]


def _kind_lines(kinds: Sequence[KindCount]) -> list[str]:
    if not kinds:
        return []
    lines = [f"{'kind of order, venue':<30}{'executed':>10}{'as quoted':>12}"]
    return [*lines, *(f"  {each.kind:<28}{each.orders:>10}{each.equal:>12}" for each in kinds)]


def _spread(spread: Spread | None) -> str:
    if spread is None:
        return "none"
    return f"p50 {spread.p50:,.1f}  p95 {spread.p95:,.1f}  p99 {spread.p99:,.1f} ms"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"
