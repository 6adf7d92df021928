"""Days and weeks as they were counted, by whom and in which tokens: few rows a day, however many orders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.contrib.auth import get_user_model
from django.db.models import Sum

from orders.models import Counted, DayFigures
from orders.records import day_figures
from orders.records.day_figures import Sums
from orders.reporting.csv_text import csv_cells, csv_lines
from orders.reporting.latencies import percentile

MOST_SUBJECTS: Final = 20
_COUNTS: Final = ("placed", "confirmed", "failed", "expired", "cancelled")


@dataclass(slots=True, kw_only=True)
class Period(Sums):
    """What a day or a week came to; ``begins`` is its first day."""

    begins: date

    @property
    def success_tenths(self) -> int | None:
        """Confirmed of confirmed, failed and expired, tenths of a percent rounded down; None of none."""
        ended = self.confirmed + self.failed + self.expired
        return self.confirmed * 1_000 // ended if ended else None

    @property
    def p50(self) -> int | None:
        """Milliseconds from acceptance to confirmed of market orders, at most a sixteenth too high."""
        return percentile(self.latencies, 50)

    @property
    def p95(self) -> int | None:
        """As `p50`."""
        return percentile(self.latencies, 95)


@dataclass(frozen=True, slots=True)
class Use:
    """What one user did, or what was done in one token; ``subject`` is the user's key or the mint."""

    subject: str
    name: str
    placed: int
    confirmed: int
    volume: int
    sold: int
    lamports: int


def days(today: date, most: int) -> list[Period]:
    """The last ``most`` days, those without orders too, newest first."""
    rows = _rows(today - timedelta(days=most - 1), today)
    return _periods([today - timedelta(days=back) for back in range(most)], rows, lambda day: day)


def weeks(today: date, most: int) -> list[Period]:
    """The last ``most`` weeks from Monday to Sunday, newest first; the newest is not over."""
    monday = _monday(today)
    begins = [monday - timedelta(weeks=back) for back in range(most)]
    return _periods(begins, _rows(begins[-1], today), _monday)


def by_user(since: date, until: date) -> list[Use]:
    """The users with the most volume of these days."""
    found = _use(Counted.USER, since, until)
    users: Any = get_user_model()
    names = {str(user.pk): user.get_username() for user in users.objects.filter(pk__in=[*found])}
    return [_named(subject, names.get(subject, subject), row) for subject, row in found.items()]


def by_token(since: date, until: date, names: Mapping[str, str]) -> list[Use]:
    """The tokens with the most volume of these days; ``names`` are symbols by mint."""
    found = _use(Counted.TOKEN, since, until)
    return [_named(mint, names.get(mint, f"{mint[:4]}…{mint[-4:]}"), row) for mint, row in found.items()]


def total(periods: Iterable[Period], begins: date) -> Period:
    """All of them as one that begins with ``begins``."""
    whole = Period(begins=begins)
    for each in periods:
        whole.add(each)
    return whole


def csv_of(periods: Sequence[Period]) -> str:
    """A line each, newest first; amounts in base units."""
    head = ["begins", *_COUNTS, "volumeUsdcRaw", "unvalued", "feesLamports", "p50Ms", "p95Ms"]
    rows = [
        csv_cells(
            [
                *(each.begins, *(getattr(each, name) for name in _COUNTS)),
                *(each.volume, each.unvalued, each.lamports, each.p50, each.p95),
            ]
        )
        for each in periods
    ]
    return csv_lines([head, *rows])


def _rows(since: date, until: date) -> Iterable[DayFigures]:
    return day_figures.ours(Counted.ALL).filter(day__gte=since, day__lte=until)


def _periods(begins: Sequence[date], rows: Iterable[DayFigures], begin_of: Any) -> list[Period]:
    found = {day: Period(begins=day) for day in begins}
    for row in rows:
        found[begin_of(row.day)].add(row)
    return list(found.values())


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _use(kind: Counted, since: date, until: date) -> dict[str, Mapping[str, int]]:
    rows = day_figures.ours(kind).filter(day__gte=since, day__lte=until).order_by().values_list("subject")
    sums = rows.annotate(
        of_placed=Sum("placed"),
        of_confirmed=Sum("confirmed"),
        of_volume=Sum("volume"),
        of_sold=Sum("sold"),
        of_lamports=Sum("lamports"),
    )
    most = sums.order_by("-of_volume", "-of_placed", "subject")[:MOST_SUBJECTS]
    return {subject: dict(zip(_USE, found, strict=True)) for subject, *found in most}


_USE: Final = ("placed", "confirmed", "volume", "sold", "lamports")


def _named(subject: str, name: str, row: Mapping[str, int]) -> Use:
    return Use(subject, name, **row)
