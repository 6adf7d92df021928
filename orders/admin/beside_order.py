"""Lists of rows that stand beside an order each: what they share."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.options import ShowFacets
from unfold.admin import ModelAdmin

from orders.admin import listing
from orders.admin.columns import group_link, order_link, swap_text
from orders.admin.read_only import MayCancel, ReadOnly


class BesideOrder(MayCancel, ReadOnly, ModelAdmin):  # type: ignore[misc]
    """The columns that say whose order it is, and which."""

    list_display_links = None
    list_fullwidth = True
    list_select_related = ("order", "order__user", "order__group")
    list_per_page = 50
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    paginator = listing.BoundedPaginator

    @admin.display(description="order")
    def order_link(self, row: Any) -> str:
        """The beginning of its id, leading to its page."""
        return order_link(row.pk)

    @admin.display(description="user")
    def user(self, row: Any) -> str:
        """Whose it is."""
        return str(row.order.user.get_username())

    @admin.display(description="swap")
    def swap(self, row: Any) -> str:
        """Amounts and tokens."""
        return swap_text(row.order)

    @admin.display(description="group")
    def group(self, row: Any) -> str:
        """What ties it to others."""
        return group_link(row.order)
