"""Django's handle on the app."""

from __future__ import annotations

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = "Engine"

    def ready(self) -> None:
        """Register the system checks, which importing them does, and watch the database's connections."""
        from orders import checks  # noqa: F401
        from orders.platform import crash_points, read_only  # noqa: F401

        read_only.install()
