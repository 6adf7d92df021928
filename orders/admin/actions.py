"""What staff can do with chosen orders: cancel those that no worker has begun, and take them along as CSV."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin, messages
from django.core.handlers.asgi import ASGIRequest
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone

from orders.admin import csv_export
from orders.admin.read_only import MayCancel
from orders.errors import NotCancellable, NotFound
from orders.intake.cancel import cancel_order
from orders.lifecycle import Status
from orders.models import Order
from orders.reporting.csv_text import one_by_one

MOST_CANCELLED: Final = 500
# The form on an order's page sends it, to come back there.
FROM_ORDER_PAGE: Final = "_from_order_page"

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Order]
else:
    _Admin = object


class OrderActions(MayCancel, _Admin):
    """Actions of the order list. Both go the ways that callers of the API go."""

    @admin.action(description="Cancel (pending and open only)", permissions=["cancel"])
    def cancel_orders(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
        """Cancel what can still be cancelled, and say what could not."""
        orders = list(queryset.select_related("user")[: MOST_CANCELLED + 1])
        too_late: Counter[str] = Counter()
        cancelled, groups = 0, set()
        for order in orders[:MOST_CANCELLED]:
            refusal = self._cancel(request, order)
            if refusal is None and order.group_id is not None:
                groups.add(order.group_id)
            elif refusal == Status.CANCELLED and order.group_id in groups:
                # It went with its sibling.
                refusal = None
            cancelled += refusal is None
            if refusal is not None:
                too_late[refusal] += 1
        self._report(request, cancelled, too_late, is_cut=len(orders) > MOST_CANCELLED)
        if FROM_ORDER_PAGE in request.POST and len(orders) == 1:
            return HttpResponseRedirect(reverse("admin:orders_order_change", args=[orders[0].pk]))
        return None

    @admin.action(description="Export as CSV", permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Order]) -> StreamingHttpResponse:
        """The chosen orders, newest first, as a file."""
        pages = csv_export.csv_pages(queryset, csv_export.MOST_ROWS)
        # A server of the other kind would gather the whole file in memory before it sent a byte.
        body: Any = one_by_one(pages) if isinstance(request, ASGIRequest) else pages
        response = StreamingHttpResponse(body, content_type="text/csv; charset=utf-8")
        is_cut = queryset.order_by()[: csv_export.MOST_ROWS + 1].count() > csv_export.MOST_ROWS
        if is_cut:
            messages.warning(
                request, f"The file holds the newest {csv_export.MOST_ROWS} of the chosen orders."
            )
        name = f"orders-{'newest-' if is_cut else ''}{timezone.now():%Y-%m-%d-%H%M%S}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def _cancel(self, request: HttpRequest, order: Order) -> str | None:
        try:
            cancelled = cancel_order(order.user, order.pk)
        except NotCancellable as error:
            return str(error.details["status"])
        except NotFound:
            return "gone"
        self.log_change(request, cancelled, "Cancelled")
        return None

    def _report(self, request: HttpRequest, cancelled: int, too_late: Counter[str], *, is_cut: bool) -> None:
        if cancelled:
            messages.success(request, f"{_counted(cancelled)} cancelled.")
        if too_late:
            stages = ", ".join(f"{count} {stage}" for stage, count in sorted(too_late.items()))
            messages.warning(request, f"{_counted(too_late.total())} not cancelled, too late: {stages}.")
        if is_cut:
            messages.warning(request, f"Only the first {MOST_CANCELLED} orders were looked at.")


def _counted(number: int) -> str:
    return f"{number} order" if number == 1 else f"{number} orders"
