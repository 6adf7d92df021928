"""The rows of figures of days. Their only writer goes on exactly where the one before it came to.

The position is moved by a conditional UPDATE in the transaction that adds what lies before it: of two
workers that add up the same events one has no effect, and a crash undoes both or neither.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db.models import QuerySet

from orders.models import Counted, DayFigures, FiguresWatch
from orders.records import leases, network_lease

_BATCH: Final = 500


class Subject(NamedTuple):
    """What figures are about: on a day, all orders, or those of a user's key or of a mint."""

    day: date
    kind: Counted
    name: str = ""


@dataclass(slots=True)
class Sums:
    """What orders came to; the columns of `DayFigures`."""

    placed: int = 0
    confirmed: int = 0
    failed: int = 0
    expired: int = 0
    cancelled: int = 0
    volume: int = 0
    sold: int = 0
    unvalued: int = 0
    lamports: int = 0
    latencies: Counter[str] = field(default_factory=Counter)

    def add(self, more: Sums | DayFigures) -> None:
        """Take in what others came to."""
        for name in _COLUMNS:
            setattr(self, name, getattr(self, name) + getattr(more, name))
        self.latencies += Counter(more.latencies)


_COLUMNS: Final = tuple(each.name for each in fields(Sums) if each.name != "latencies")


def hold() -> bool:
    """Take the adding up or keep it; False while another worker has it."""
    return network_lease.hold(FiguresWatch)


def state() -> FiguresWatch:
    """Up to which event everything is counted, and when that was all there was."""
    network = settings.SOLANA_NETWORK
    found = FiguresWatch.objects.filter(network=network).first()
    return found or FiguresWatch(network=network)


def add(sums: Mapping[Subject, Sums], before: int, position: int, caught_up_at: datetime | None) -> bool:
    """Add what the events behind ``before`` up to ``position`` come to; False where somebody did."""
    moved: dict[str, Any] = {"position": position}
    if caught_up_at is not None:
        moved["caught_up_at"] = caught_up_at
    with leases.forgettable():
        FiguresWatch.objects.get_or_create(network=settings.SOLANA_NETWORK)
        watch = FiguresWatch.objects.filter(network=settings.SOLANA_NETWORK, position=before)
        if not watch.update(**moved):
            return False
        for subjects in _batches(list(sums)):
            _add(subjects, sums)
    return True


def ours(kind: Counted) -> QuerySet[DayFigures]:
    """Rows of this engine's network."""
    return DayFigures.objects.filter(network=settings.SOLANA_NETWORK, kind=kind)


def _add(subjects: Sequence[Subject], sums: Mapping[Subject, Sums]) -> None:
    days, kinds = {each.day for each in subjects}, {each.kind for each in subjects}
    rows = DayFigures.objects.filter(
        network=settings.SOLANA_NETWORK,
        kind__in=kinds,
        day__in=days,
        subject__in={each.name for each in subjects},
    )
    known = {Subject(row.day, Counted(row.kind), row.subject): row for row in rows}
    DayFigures.objects.bulk_create(
        [_grown(known.get(each), each, sums[each]) for each in subjects],
        update_conflicts=True,
        unique_fields=["network", "kind", "day", "subject"],
        update_fields=[*_COLUMNS, "latencies"],
    )


def _grown(row: DayFigures | None, subject: Subject, more: Sums) -> DayFigures:
    # A new object: the key of the one that is there would be in the way of an insert.
    grown = DayFigures(
        day=subject.day, network=settings.SOLANA_NETWORK, kind=subject.kind, subject=subject.name
    )
    for name in _COLUMNS:
        setattr(grown, name, (getattr(row, name) if row else 0) + getattr(more, name))
    grown.latencies = dict(Counter(row.latencies if row else {}) + more.latencies)
    return grown


def _batches(subjects: list[Subject]) -> Iterator[list[Subject]]:
    for start in range(0, len(subjects), _BATCH):
        yield subjects[start : start + _BATCH]
