"""The first page of the admin: how orders went in the last hour or day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.http import HttpRequest

from orders.admin.columns import STATUS_COLOURS
from orders.amounts import from_base_units
from orders.records import kill_switch
from orders.reporting import statistics

_WINDOWS: Final = {
    "hour": ("Last hour", timedelta(hours=1)),
    "day": ("Last 24 hours", timedelta(days=1)),
}
_CHART_HEIGHT: Final = 120
_LAMPORT_DECIMALS: Final = 9


def dashboard_context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the template shows; no figures for staff who may not view orders."""
    if not request.user.has_perm("orders.view_order"):
        return context
    chosen = request.GET.get("window", "")
    chosen = chosen if chosen in _WINDOWS else "hour"
    figures = statistics.statistics(_WINDOWS[chosen][1])
    return context | {
        "figures": figures,
        "trading": kill_switch.state(),
        "windows": [(name, label, name == chosen) for name, (label, _) in _WINDOWS.items()],
        "window_label": _WINDOWS[chosen][0].lower(),
        "success": _percent_text(figures.success_percent_tenths),
        "statuses": [
            (name, number, STATUS_COLOURS.get(name, ""), number * 100 // figures.considered)
            for name, number in figures.by_status.items()
        ],
        "paid": {name: _sol(getattr(figures.paid, name)) for name in ("fees", "in_vain", "tips")},
        "venues": _shares(figures.by_dex),
        "failures": figures.failures,
        "bars": _bars(figures.flow),
        "chart_height": _CHART_HEIGHT,
        "most_orders": statistics.MOST_ORDERS,
        "most_timed": statistics.MOST_TIMED,
    }


def _sol(lamports: int) -> str:
    return from_base_units(lamports, _LAMPORT_DECIMALS)


def _percent_text(tenths: int | None) -> str:
    return "-" if tenths is None else f"{tenths // 10}.{tenths % 10} %"


def _shares(counted: Any) -> list[tuple[str, int, str, int]]:
    total = sum(number for _, number in counted)
    return [
        (name.capitalize(), number, _percent_text(number * 1000 // total), number * 100 // total)
        for name, number in counted
    ]


def _bars(flow: Any) -> list[dict[str, Any]]:
    """Stacked bars, in units of the chart's height from its top."""
    tallest = max((each.confirmed + each.failed + each.other for each in flow), default=0) or 1
    bars = []
    for index, each in enumerate(flow):
        bottom = _CHART_HEIGHT
        parts = []
        for kind, number in (("confirmed", each.confirmed), ("failed", each.failed), ("other", each.other)):
            height = number * _CHART_HEIGHT // tallest or min(number, 1)
            bottom -= height
            parts.append({"kind": kind, "y": bottom, "height": height})
        total = each.confirmed + each.failed + each.other
        text = f"{each.begins:%H:%M}: {total} placed, {each.confirmed} confirmed, {each.failed} failed"
        bars.append({"x": index * 10, "parts": parts, "text": text})
    return bars
