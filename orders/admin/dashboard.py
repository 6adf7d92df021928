"""The first page of the admin: how orders went in the last hour or day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.http import HttpRequest

from orders.access.permissions import may_switch
from orders.admin import charts
from orders.admin.columns import STATUS_COLOURS
from orders.admin.numbers import percent_text, shares_of, sol_text
from orders.reporting import statistics
from orders.reporting.statistics import Bucket

_WINDOWS: Final = {
    "hour": ("Last hour", timedelta(hours=1)),
    "day": ("Last 24 hours", timedelta(days=1)),
}
_ALL_TENTHS: Final = 1_000


def dashboard_context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the template shows; no figures for staff who may not view orders."""
    if not request.user.has_perm("orders.view_order"):
        return context
    chosen = request.GET.get("window", "")
    chosen = chosen if chosen in _WINDOWS else "hour"
    figures = statistics.statistics(_WINDOWS[chosen][1])
    return context | {
        "figures": figures,
        "windows": [(name, label, name == chosen) for name, (label, _) in _WINDOWS.items()],
        "window_label": _WINDOWS[chosen][0].lower(),
        "success": percent_text(figures.success_percent_tenths),
        "may_switch": may_switch(request.user),
        "statuses": [
            (name, number, STATUS_COLOURS.get(name, ""), share)
            for (name, number), share in zip(
                figures.by_status.items(), shares_of(100, list(figures.by_status.values())), strict=True
            )
        ],
        "paid": {name: sol_text(getattr(figures.paid, name)) for name in ("fees", "in_vain", "tips")},
        "venues": _shares(figures.by_dex),
        "failures": figures.failures,
        "chart": _flow(figures.flow),
        "chart_label": f"Orders placed over the {_WINDOWS[chosen][0].lower()}: {figures.considered} in all",
        "times": _times(figures.since, figures.until),
        "most_orders": statistics.MOST_ORDERS,
        "most_timed": statistics.MOST_TIMED,
    }


def _shares(counted: Any) -> list[tuple[str, int, str, int]]:
    tenths = shares_of(_ALL_TENTHS, [number for _, number in counted])
    return [
        (name.capitalize(), number, percent_text(share), share // 10)
        for (name, number), share in zip(counted, tenths, strict=True)
    ]


def _times(since: datetime, until: datetime) -> list[datetime]:
    return [since + (until - since) * part / 4 for part in range(5)]


def _flow(flow: Sequence[Bucket]) -> charts.Chart:
    """Orders placed, stacked by what became of them."""
    columns: list[tuple[str, Mapping[str, int]]] = []
    for each in flow:
        amounts = {"confirmed": each.confirmed, "failed": each.failed, "other": each.other}
        total = sum(amounts.values())
        text = f"{each.begins:%H:%M}: {total} placed, {each.confirmed} confirmed, {each.failed} failed"
        columns.append((text, amounts))
    return charts.stacked(columns)
