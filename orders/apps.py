"""Django's handle on the app."""

from __future__ import annotations

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = "Orders"

    def ready(self) -> None:
        """Register the system checks; importing them does it."""
        from orders import checks  # noqa: F401
        from orders.platform import crash_points  # noqa: F401
