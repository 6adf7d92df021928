"""Days and weeks: volume, orders, fees, success and latencies, and use by user and by token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, timedelta
from typing import Any, Final, NamedTuple

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from unfold.admin import ModelAdmin

from orders import gateway
from orders.admin import charts
from orders.admin.numbers import USDC_DECIMALS, percent_text, shares_of, sol_text, usdc_text
from orders.admin.read_only import OnePage
from orders.models import DayFigures
from orders.records import day_figures
from orders.reporting import days
from orders.reporting.days import Period, Use

_ALL_TENTHS: Final = 1_000


class _Spans(NamedTuple):
    """A way to cut time up: its name, how many are shown, who reads them, how many days each has."""

    title: str
    most: int
    read: Callable[[date, int], list[Period]]
    length: int


_BY: Final = {"day": _Spans("Days", 30, days.days, 1), "week": _Spans("Weeks", 26, days.weeks, 7)}


@admin.register(DayFigures)
class DaysAdmin(OnePage, ModelAdmin):  # type: ignore[misc]
    """The rows are sums already."""

    page_template = "admin/days.html"

    def page(self, request: HttpRequest) -> HttpResponse:
        """The page, or its table as CSV (``format=csv``)."""
        if request.GET.get("format") != "csv":
            return super().page(request)
        by, periods = _asked(request)
        named = {"Content-Disposition": f'attachment; filename="{by}s.csv"'}
        return HttpResponse(days.csv_of(periods), "text/csv; charset=utf-8", headers=named)

    def page_context(self, request: HttpRequest) -> dict[str, Any]:
        """Periods, a chart of their volume, and use."""
        return _context(*_asked(request))


def _asked(request: HttpRequest) -> tuple[str, list[Period]]:
    """How time is to be cut up, and the periods."""
    by = request.GET.get("by", "")
    by = by if by in _BY else "day"
    return by, _BY[by].read(timezone.now().astimezone(UTC).date(), _BY[by].most)


def _context(by: str, periods: Sequence[Period]) -> dict[str, Any]:
    first = periods[-1].begins
    last = periods[0].begins + timedelta(days=_BY[by].length - 1)
    tokens = {str(token.mint): token.symbol for token in gateway.tokens()}
    return {
        "title": "Days and weeks",
        "by": by,
        "spans": [(name, spans.title, name == by) for name, spans in _BY.items()],
        "lines": [_line(each) for each in periods if each.placed or each.confirmed or each.failed],
        "total": _line(days.total(periods, first)),
        "chart": _chart(periods),
        "times": [periods[-1 - (len(periods) - 1) * part // 4].begins for part in range(5)],
        "users": _used(days.by_user(first, last)),
        "tokens": _used(days.by_token(first, last, tokens)),
        "counted": day_figures.state(),
        "first": first,
        "last": last,
    }


def _line(period: Period) -> dict[str, Any]:
    return {
        "period": period,
        "volume": usdc_text(period.volume),
        "fees": sol_text(period.lamports),
        "success": percent_text(period.success_tenths),
    }


def _chart(periods: Sequence[Period]) -> charts.Chart:
    """Volume in whole USDC, oldest first."""
    one = 10**USDC_DECIMALS
    columns = []
    for each in reversed(periods):
        text = f"{each.begins:%-d %b}: {usdc_text(each.volume)} USDC, {each.confirmed} confirmed"
        columns.append((text, {"volume": max(each.volume // one, 0)}))
    return charts.stacked(columns)


def _used(found: Sequence[Use]) -> list[dict[str, Any]]:
    tenths = shares_of(_ALL_TENTHS, [each.volume for each in found])
    return [
        {
            "use": each,
            "volume": usdc_text(each.volume),
            "sold": usdc_text(each.sold),
            "fees": sol_text(each.lamports),
            "share": percent_text(share),
            "percent": share // 10,
        }
        for each, share in zip(found, tenths, strict=True)
    ]
