"""What the engine goes by, to be read: the kill switch, the pools that it knows."""

from __future__ import annotations

from django.contrib import admin
from unfold.admin import ModelAdmin

from orders.admin.read_only import ReadOnly
from orders.models import KnownPool, TradingSwitch


@admin.register(TradingSwitch)
class TradingSwitchAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    """How the switch stands; `manage.py trading` throws it."""

    list_display = ("__str__", "reason", "changed_by", "changed_at")


@admin.register(KnownPool)
class KnownPoolAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    """The pools that nodes have listed."""

    list_display = (
        *("address", "venue", "network", "seen_at"),
        *("failed_orders", "failed_at", "failed_reason", "left_out_until"),
    )
    list_filter = ("network", "venue")
    search_fields = ("address__exact",)
