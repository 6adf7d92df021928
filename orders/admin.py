"""The order browser: everything can be read, nothing can be changed, signed bytes stay inside."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from orders.lifecycle import Status
from orders.models import Attempt, Order, OrderEvent
from orders.wire import explorer_url, order_as_wire

STATUS_COLOURS: Final = {
    Status.PENDING.value: "info",
    Status.OPEN.value: "info",
    Status.ROUTING.value: "info",
    Status.BUILDING.value: "info",
    Status.SUBMITTED.value: "warning",
    Status.CONFIRMED.value: "success",
    Status.FAILED.value: "danger",
}


class ReadOnly:
    """Permissions of a record that only the engine writes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Orders come in through the API."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only the journal writes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The record is kept."""
        return False


class EventInline(ReadOnly, TabularInline):  # type: ignore[misc]
    model = OrderEvent
    fields = ("sequence", "status", "at", "data")
    readonly_fields = fields
    ordering = ("sequence",)
    extra = 0


class AttemptInline(ReadOnly, TabularInline):  # type: ignore[misc]
    model = Attempt
    fields = ("number", "state", "signature", "venue", "sends", "slot", "error_code", "created_at")
    readonly_fields = fields
    ordering = ("number",)
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attempt]:
        """Attempts without their bytes."""
        attempts: QuerySet[Attempt] = super().get_queryset(request)
        return attempts.defer("signed_transaction")


@admin.register(Order)
class OrderAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ("short_id", "placed", "user", "type", "badge", "swap", "dex", "transaction", "attempt")
    list_filter = ("status", "type", "dex", "network", "error_code")
    list_select_related = ("user",)
    list_per_page = 50
    show_full_result_count = False
    search_fields = ("client_order_id",)
    search_help_text = "order id, client order id, transaction signature or mint, in full"
    ordering = ("-created_at", "-id")
    inlines = (EventInline, AttemptInline)
    exclude = ("request_hash", "lease_token")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        """Exact matches only: they use indexes, a search inside the text reads every order."""
        term = search_term.strip()
        if not term:
            return queryset, False
        found = Q(client_order_id=term) | Q(signature=term) | Q(token_in=term) | Q(token_out=term)
        found |= Q(pk__in=Attempt.objects.filter(signature=term).values("order_id"))
        order_id = _uuid(term)
        if order_id is not None:
            found |= Q(pk=order_id)
        return queryset.filter(found), False

    @admin.display(description="order", ordering="pk")
    def short_id(self, order: Order) -> str:
        """Enough of the id to tell orders apart; the whole id is on the order's page."""
        return str(order.pk)[:8]

    @admin.display(description="placed (UTC)", ordering="created_at")
    def placed(self, order: Order) -> str:
        """Date and time to the second."""
        return f"{order.created_at:%Y-%m-%d %H:%M:%S}"

    @display(description="status", ordering="status", label=STATUS_COLOURS)  # type: ignore[untyped-decorator]
    def badge(self, order: Order) -> tuple[str, str]:
        """The status, with the reason where there is one."""
        return order.status, f"{order.status}: {order.error_code}" if order.error_code else order.status

    @admin.display(description="swap")
    def swap(self, order: Order) -> str:
        """What goes in, and what came out by the chain or the token that is to."""
        wire = order_as_wire(order)
        received = wire["executedAmountOut"] or wire["executedAmountOutRaw"]
        given = f"{wire['amountIn'] or wire['amountInRaw']} {wire['tokenIn']}"
        return f"{given} → {received} {wire['tokenOut']}" if received else f"{given} → {wire['tokenOut']}"

    @admin.display(description="transaction")
    def transaction(self, order: Order) -> str:
        """The signature, leading to the explorer."""
        url = explorer_url(order.network, order.signature)
        return format_html('<a href="{}">{}…</a>', url, order.signature[:8]) if url else "-"


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
