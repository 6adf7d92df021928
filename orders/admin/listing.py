"""What keeps the order list affordable when there are a million: counts and dates that are bounded."""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, Final

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.utils.functional import cached_property

from orders.models import Order

MOST_COUNTED: Final = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts, and so pages, no further than ``MOST_COUNTED``; older orders are reached by date."""

    template_name = "admin/orders/order/count.html"

    @cached_property
    def count(self) -> int:
        """How many there are, or ``MOST_COUNTED`` when there are that many or more."""
        rows: Any = self.object_list
        return int(rows.order_by()[:MOST_COUNTED].count())

    @property
    def is_cut(self) -> bool:
        """Whether there may be more than were counted."""
        return self.count >= MOST_COUNTED


def date_choices(changes: ChangeList) -> dict[str, Any] | None:
    """Links to years, months or days; None without orders.

    The calendar between the first and the last order, which the index on the date knows. The tag of
    Django reads the date of every order to leave out days that have none.
    """
    first, last = _moment("created_at"), _moment("-created_at")
    if first is None or last is None:
        return None
    chosen = _chosen(changes.params)
    if not chosen and first.year == last.year:
        chosen = (first.year, first.month) if first.month == last.month else (first.year,)
    return {
        "show": True,
        "back": _link(changes, chosen[:-1]) if chosen else None,
        "choices": [_link(changes, each) for each in _below(chosen, first.date(), last.date())],
    }


def _moment(order_by: str) -> datetime | None:
    return Order.objects.order_by(order_by).values_list("created_at", flat=True).first()


def _chosen(params: dict[str, Any]) -> tuple[int, ...]:
    given = []
    for name in ("year", "month", "day"):
        value = params.get(f"created_at__{name}")
        value = value[-1] if isinstance(value, list) else value
        if value is None or not str(value).isdecimal():
            break
        given.append(int(value))
    return tuple(given)


def _below(chosen: tuple[int, ...], first: date, last: date) -> Iterator[tuple[int, ...]]:
    """The years, or the months of a year, or the days of a month, that lie between two days."""
    if not chosen:
        yield from ((year,) for year in range(first.year, last.year + 1))
    elif len(chosen) == 1:
        months = [(chosen[0], month) for month in range(1, 13)]
        yield from (each for each in months if (first.year, first.month) <= each <= (last.year, last.month))
    elif len(chosen) == 2 and 1 <= chosen[1] <= 12:
        days = range(1, calendar.monthrange(*chosen)[1] + 1)
        yield from ((*chosen, day) for day in days if first <= date(*chosen, day) <= last)


def _link(changes: ChangeList, day: tuple[int, ...]) -> dict[str, str]:
    names = ("year", "month", "day")
    wanted = {f"created_at__{name}": str(part) for name, part in zip(names, day, strict=False)}
    return {"link": changes.get_query_string(wanted, ["created_at__"]), "title": _title(day)}


def _title(day: tuple[int, ...]) -> str:
    match day:
        case (year, month, of_month):
            return f"{datetime(year, month, of_month, tzinfo=UTC):%-d %B}"
        case (year, month):
            return f"{datetime(year, month, 1, tzinfo=UTC):%B %Y}"
        case (year,):
            return str(year)
    return "All dates"
