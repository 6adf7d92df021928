"""Open sniper orders: what each waits for, and by which rules."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from orders.admin.actions import MOST_CANCELLED
from orders.admin.beside_order import BesideOrder
from orders.errors import NotCancellable, NotFound
from orders.index_conditions import OF_WAITING_ORDER
from orders.intake.cancel import cancel_order
from orders.models import Hold, LaunchRules
from orders.wire.sniping import rules_text


@admin.register(LaunchRules)
class SnipersAdmin(BesideOrder):
    """Those that wait, the newest first; each leads to its order."""

    list_display = ("order_link", "user", "swap", "placed_of", "waits_for", "rules", "pool", "group")
    list_filter = ("held_by",)
    ordering = ("-order__created_at",)
    actions = ("cancel_orders",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[LaunchRules]:
        """Those of this network that wait."""
        rows: QuerySet[LaunchRules] = super().get_queryset(request)
        return rows.filter(OF_WAITING_ORDER, order__network=settings.SOLANA_NETWORK)

    @admin.action(description="Cancel", permissions=["cancel"])
    def cancel_orders(self, request: HttpRequest, queryset: QuerySet[LaunchRules]) -> None:
        """What a budget has placed already goes on; what has fired meanwhile is left alone."""
        cancelled = late = 0
        for rules in queryset.select_related("order__user")[:MOST_CANCELLED]:
            try:
                self.log_change(request, cancel_order(rules.order.user, rules.order.pk), "Cancelled")
                cancelled += 1
            except (NotCancellable, NotFound):
                late += 1
        if cancelled:
            messages.success(request, f"{cancelled} cancelled.")
        if late:
            messages.warning(request, f"{late} not cancelled: fired or ended meanwhile.")

    @admin.display(description="placed")
    def placed_of(self, rules: LaunchRules) -> str:
        """Of a budget: how many of its purchases; a dash for one token."""
        return "-" if rules.max_orders is None else f"{rules.placed} of {rules.max_orders}"

    @admin.display(description="waits for", ordering="held_by")
    def waits_for(self, rules: LaunchRules) -> str:
        """Why it has not bought yet, in words."""
        return str(Hold(rules.held_by).label) or "new pools"

    @admin.display(description="rules")
    def rules(self, rules: LaunchRules) -> str:
        """Its rules in a line."""
        return rules_text(rules)
