"""How django-unfold is to draw the admin; what is computed for it stands in `orders.admin`."""

from __future__ import annotations

from typing import Any, Final

UNFOLD: Final[dict[str, Any]] = {
    "SITE_TITLE": "Order Execution Engine",
    "SITE_HEADER": "Order Execution Engine",
    "SITE_SYMBOL": "swap_horiz",
    "SITE_FAVICONS": [{"rel": "icon", "href": "orders.admin.theme.favicon", "type": "image/svg+xml"}],
    "ENVIRONMENT": "orders.admin.theme.network_badge",
    "DASHBOARD_CALLBACK": "orders.admin.dashboard.dashboard_context",
    "STYLES": ["orders.admin.theme.stylesheet", "orders.admin.theme.dashboard_stylesheet"],
    "SIDEBAR": {"navigation": "orders.admin.theme.menu"},
    "SHOW_HISTORY": False,
    "COLORS": {
        "primary": {
            "50": "#eef3ff",
            "100": "#e0e9ff",
            "200": "#c4d4ff",
            "300": "#9db7ff",
            "400": "#7193fb",
            "500": "#4e7cf2",
            "600": "#2455d6",
            "700": "#1c46b4",
            "800": "#1a3b90",
            "900": "#1a3573",
            "950": "#132147",
        }
    },
}
