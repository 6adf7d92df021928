"""How the admin looks and what its menu offers; named in the settings as UNFOLD reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse

from orders.records import kill_switch


def stylesheet(request: HttpRequest) -> str:
    """Address of what the admin's own templates need beside the theme."""
    return static("orders/css/admin.css")


def dashboard_stylesheet(request: HttpRequest) -> str:
    """Address of what the dashboard alone needs."""
    return static("orders/css/admin-dashboard.css")


def favicon(request: HttpRequest) -> str:
    """The sign of the order page."""
    return static("orders/icon.svg")


def network_badge(request: HttpRequest) -> list[str]:
    """The network in words and a colour, red where real money moves."""
    network = settings.SOLANA_NETWORK
    return [network, {"localnet": "success", "devnet": "info"}.get(network, "danger")]


def with_trading(each_context: Callable[[HttpRequest], dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """The context of every page with the kill switch, for staff: while it is off each page says why."""

    def context(request: HttpRequest) -> dict[str, Any]:
        found = each_context(request)
        return found | {"trading": kill_switch.state()} if found.get("has_permission") else found

    return context


def menu(request: HttpRequest) -> list[dict[str, Any]]:
    """The side bar, without what this person may not see."""
    groups = [
        (
            "Orders",
            [
                _item("Dashboard", "monitoring", "index"),
                *_model(request, "orders.dayfigures", "calendar_month"),
                *_model(request, "orders.order", "swap_horiz"),
                *_model(request, "orders.trigger", "hourglass_empty"),
                *_model(request, "orders.launchrules", "my_location"),
                *_model(request, "orders.ordergroup", "join_inner"),
                *_model(request, "orders.watchedpair", "visibility"),
                *_model(request, "orders.launch", "rocket_launch"),
                *_model(request, "orders.launchwatch", "radar"),
                *_model(request, "orders.tradingswitch", "power_settings_new"),
                *_model(request, "orders.knownpool", "water"),
                *_model(request, "orders.daysales", "account_balance_wallet"),
                *_model(request, "orders.workerprocess", "dns"),
            ],
        ),
        (
            "Access",
            [
                *_model(request, "auth.user", "person"),
                *_model(request, "auth.group", "group"),
                *_model(request, "knox.authtoken", "key"),
                *_model(request, "orders.auditentry", "history"),
            ],
        ),
        (
            "Engine",
            [
                # Its address begins every other, so it would always look chosen.
                {
                    "title": "Order page",
                    "icon": "candlestick_chart",
                    "link": reverse("order-page"),
                    "active": False,
                },
                {"title": "API", "icon": "api", "link": "/api/docs/"},
                {"title": "Health", "icon": "monitor_heart", "link": "/health"},
            ],
        ),
    ]
    return [{"title": title, "separator": True, "items": items} for title, items in groups if items]


_TITLES = {
    "orders.dayfigures": "Days and weeks",
    "orders.order": "Order browser",
    "orders.trigger": "Open orders",
    "orders.launchrules": "Sniper orders",
    "orders.ordergroup": "Order groups",
    "orders.watchedpair": "Watched pairs",
    "orders.launch": "New pools",
    "orders.launchwatch": "Watch for new pools",
    "orders.tradingswitch": "Kill switch",
    "orders.knownpool": "Pools",
    "orders.daysales": "Wallet and caps",
    "orders.workerprocess": "Workers and nodes",
    "orders.auditentry": "Audit log",
    "auth.user": "Users",
    "auth.group": "Groups",
    "knox.authtoken": "API tokens",
}


def _model(request: HttpRequest, label: str, icon: str) -> list[dict[str, Any]]:
    app, model = label.split(".")
    if not request.user.has_perm(f"{app}.view_{model}"):
        return []
    return [_item(_TITLES[label], icon, f"{app}_{model}_changelist")]


def _item(title: str, icon: str, name: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse(f"admin:{name}")}
