"""The first page of the admin: how orders went in the last hour or day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.http import HttpRequest

from orders.access.permissions import may_switch
from orders.admin.columns import STATUS_COLOURS
from orders.amounts import from_base_units
from orders.reporting import statistics

_WINDOWS: Final = {
    "hour": ("Last hour", timedelta(hours=1)),
    "day": ("Last 24 hours", timedelta(days=1)),
}
_CHART_HEIGHT: Final = 120
_LAMPORT_DECIMALS: Final = 9
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
        "success": _percent_text(figures.success_percent_tenths),
        "may_switch": may_switch(request.user),
        "statuses": [
            (name, number, STATUS_COLOURS.get(name, ""), share)
            for (name, number), share in zip(
                figures.by_status.items(), shares_of(100, list(figures.by_status.values())), strict=True
            )
        ],
        "paid": {name: _sol(getattr(figures.paid, name)) for name in ("fees", "in_vain", "tips")},
        "venues": _shares(figures.by_dex),
        "failures": figures.failures,
        "bars": _bars(figures.flow),
        "scale": _scale(figures.flow),
        "times": _times(figures.since, figures.until),
        "chart_height": _CHART_HEIGHT,
        "most_orders": statistics.MOST_ORDERS,
        "most_timed": statistics.MOST_TIMED,
    }


def _sol(lamports: int) -> str:
    return from_base_units(lamports, _LAMPORT_DECIMALS)


def _percent_text(tenths: int | None) -> str:
    return "-" if tenths is None else f"{tenths // 10}.{tenths % 10} %"


def _shares(counted: Any) -> list[tuple[str, int, str, int]]:
    tenths = shares_of(_ALL_TENTHS, [number for _, number in counted])
    return [
        (name.capitalize(), number, _percent_text(share), share // 10)
        for (name, number), share in zip(counted, tenths, strict=True)
    ]


def shares_of(whole: int, counts: Sequence[int]) -> list[int]:
    """``whole`` shared out by ``counts`` in integers that add up to it: largest remainders go up."""
    total = sum(counts)
    if not total:
        return [0] * len(counts)
    shares = [count * whole // total for count in counts]
    by_remainder = sorted(range(len(counts)), key=lambda at: counts[at] * whole % total, reverse=True)
    for at in by_remainder[: whole - sum(shares)]:
        shares[at] += 1
    return shares


def _scale(flow: Any) -> list[int]:
    """What the top, the middle and the bottom of the chart stand for."""
    tallest = max((each.confirmed + each.failed + each.other for each in flow), default=0)
    # A middle between two orders would be none.
    return [tallest, tallest // 2, 0] if tallest and tallest % 2 == 0 else [tallest, 0]


def _times(since: datetime, until: datetime) -> list[datetime]:
    return [since + (until - since) * part / 4 for part in range(5)]


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
