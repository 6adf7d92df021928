"""The order browser: everything can be read, nothing can be changed, signed bytes stay inside."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import ShowFacets
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin, TabularInline
from unfold.contrib.filters.admin import ChoicesRadioFilter

from orders.admin import listing, record, search
from orders.admin.actions import OrderActions
from orders.admin.columns import AttemptColumns, OrderColumns
from orders.admin.filters import (
    DexFilter,
    NetworkFilter,
    PlacedFilter,
    ReasonFilter,
    StatusFilter,
    TokenFilter,
    UserFilter,
)
from orders.admin.read_only import ReadOnly
from orders.models import Attempt, Order


class AttemptInline(ReadOnly, AttemptColumns, TabularInline):  # type: ignore[misc]
    model = Attempt
    fields = ("number", "badge", "venue", "transaction", "sends", "slot", "error_code", "paid", "signed")
    readonly_fields = fields
    ordering = ("number",)
    extra = 0
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Attempt]:
        """Attempts without their bytes."""
        attempts: QuerySet[Attempt] = super().get_queryset(request)
        return attempts.defer("signed_transaction").select_related("order")


@admin.register(Order)
class OrderAdmin(ReadOnly, OrderActions, OrderColumns, ModelAdmin):  # type: ignore[misc]
    list_display = ("short_id", "placed", "user", "badge", "swap", "dex", "slippage", "transaction")
    list_filter = (
        StatusFilter,
        UserFilter,
        TokenFilter,
        DexFilter,
        ("type", ChoicesRadioFilter),
        NetworkFilter,
        ReasonFilter,
        ("created_at", PlacedFilter),
    )
    list_filter_submit = True
    list_fullwidth = True
    list_select_related = ("user",)
    list_per_page = 50
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    paginator = listing.BoundedPaginator
    date_hierarchy = "created_at"
    search_fields = ("client_order_id",)
    search_help_text = "order id, client order id, transaction, mint or symbol; ids may be cut short"
    ordering = ("-created_at", "-id")
    sortable_by = ("placed",)
    actions = ("cancel_orders", "export_csv")
    inlines = (AttemptInline,)

    def get_fieldsets(self, request: HttpRequest, obj: Order | None = None) -> list[Any]:
        """No form: the page has its own templates, and no column shows itself by being added."""
        return []

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        """Look-ups by index instead of Django's search inside the text, which reads every order."""
        term = search_term.strip()
        return (search.matching(queryset, term) if term else queryset), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list, with its dates."""
        response: HttpResponse = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None) or {}
        if "cl" in context:
            context["date_choices"] = listing.date_choices(context["cl"])
        return response

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The page of one order."""
        order = kwargs.get("obj") or context["original"]
        context |= {"order": record.page_of(order), "may_cancel": self.has_cancel_permission(request)}
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response
