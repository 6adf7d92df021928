"""What ties orders, and which pairs are watched: read-only, but that a group can be cancelled."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from unfold.admin import ModelAdmin, TabularInline

from orders.admin import listing
from orders.admin.columns import OrderColumns, label, order_link, token_name
from orders.admin.open_orders import fires_text
from orders.admin.read_only import MayCancel, ReadOnly
from orders.errors import NotCancellable, NotFound
from orders.intake.cancel import cancel_group
from orders.models import Order, OrderGroup, WatchedPair
from orders.wire.groups import status_of


class GroupOrders(ReadOnly, OrderColumns, TabularInline):  # type: ignore[misc]
    model = Order
    fields = ("order_link", "group_role", "type", "badge", "swap", "fires")
    readonly_fields = fields
    ordering = ("created_at", "group_role")
    extra = 0
    hide_title = True

    @admin.display(description="order")
    def order_link(self, order: Order) -> str:
        """The beginning of its id, leading to its page."""
        return order_link(order.pk)

    @admin.display(description="fires at")
    def fires(self, order: Order) -> str:
        """What its whole amount has to bring; a dash for one that waits for no price."""
        return fires_text(order)


@admin.register(OrderGroup)
class OrderGroupAdmin(MayCancel, ReadOnly, ModelAdmin):  # type: ignore[misc]
    """One of two, brackets, schedules; each with its orders."""

    list_display = ("short_id", "placed", "user", "kind", "standing")
    list_filter = ("kind",)
    list_select_related = ("user",)
    list_per_page = 50
    show_full_result_count = False
    paginator = listing.BoundedPaginator
    search_fields = ("id__exact",)
    inlines = (GroupOrders,)
    actions = ("cancel_groups",)

    def get_fields(self, request: HttpRequest, obj: OrderGroup | None = None) -> list[str]:
        """Exits are a bracket's."""
        exits = ["exits"] if obj is not None and obj.exits else []
        return ["id", "user", "kind", "created_at", *exits]

    def get_queryset(self, request: HttpRequest) -> QuerySet[OrderGroup]:
        """Groups with their orders."""
        groups: QuerySet[OrderGroup] = super().get_queryset(request)
        return groups.prefetch_related("orders")

    @admin.action(description="Cancel what of them no worker has begun", permissions=["cancel"])
    def cancel_groups(self, request: HttpRequest, queryset: QuerySet[OrderGroup]) -> None:
        """An order that is set back for its sibling stays cancelled too."""
        cancelled = late = 0
        for group in queryset.select_related("user"):
            try:
                self.log_change(request, cancel_group(group.user, group.pk), "Cancelled")
                cancelled += 1
            except (NotCancellable, NotFound):
                late += 1
        if cancelled:
            messages.success(request, f"{cancelled} cancelled.")
        if late:
            messages.warning(request, f"{late} not cancelled: nothing of them could be.")

    @admin.display(description="group")
    def short_id(self, group: OrderGroup) -> str:
        """Enough of the id to tell groups apart."""
        return str(group.pk)[:8]

    @admin.display(description="placed (UTC)", ordering="created_at")
    def placed(self, group: OrderGroup) -> str:
        """Date and time to the second."""
        return f"{group.created_at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="status")
    def standing(self, group: OrderGroup) -> str:
        """Open while one of its orders has not ended, then filled or ended; of how many orders."""
        orders: list[Any] = list(group.orders.all())
        status = status_of(orders)
        colour = {"open": "info", "filled": "success"}.get(status, "")
        return format_html("{} <small>of {}</small>", label(status, colour), len(orders))


@admin.register(WatchedPair)
class WatchedPairAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    """The pairs that open orders wait on, and since when those have no price."""

    list_display = ("pair", "network", "watched", "priced_at", "priced_slot", "waits_since", "error_code")
    list_filter = ("network",)
    list_per_page = 100
    fields = readonly_fields = (
        *("pair", "watched", "network", "token_in", "token_out"),
        *("priced_at", "priced_slot", "waits_since", "error_code"),
    )
    show_full_result_count = False

    @admin.display(description="pair", ordering="token_in")
    def pair(self, watched: WatchedPair) -> str:
        """Both tokens, by symbol where they have one."""
        return f"{token_name(watched.token_in)} → {token_name(watched.token_out)}"

    @admin.display(description="watched")
    def watched(self, watched: WatchedPair) -> str:
        """Whether a worker holds its lease."""
        holds = watched.lease_until is not None and watched.lease_until > timezone.now()
        return label("watched", "success") if holds else label("by nobody", "warning")
