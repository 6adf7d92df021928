"""Open orders: what each waits for and how far off that is, by quotes of their own sizes of now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.db.models.lookups import Exact, In
from django.http import HttpRequest
from unfold.contrib.filters.admin import RadioFilter

from dex.types import SwapMode
from orders import gateway
from orders.admin.actions import MOST_CANCELLED
from orders.admin.beside_order import BesideOrder
from orders.admin.columns import label
from orders.errors import NotCancellable, NotFound
from orders.index_conditions import OF_WAITING_ORDER, Unindexed, in_index_order
from orders.intake.cancel import cancel_order
from orders.lifecycle import WAITING, WAITING_TYPES, GroupKind
from orders.models import Order, Trigger
from orders.triggers import rules
from orders.triggers.values import values_now
from orders.wire.waiting import Waiting, above, below, trigger_as_wire


class TypeFilter(RadioFilter):  # type: ignore[misc]
    title = "type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: object) -> Sequence[tuple[str, str]]:
        """The types that wait for a price."""
        return [(each.value, str(each.label)) for each in sorted(WAITING_TYPES)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Trigger]) -> QuerySet[Trigger]:
        """Those of the chosen type."""
        return queryset.filter(order__type=self.value()) if self.value() else queryset


class GroupFilter(RadioFilter):  # type: ignore[misc]
    title = "group"
    parameter_name = "group"

    def lookups(self, request: HttpRequest, model_admin: object) -> Sequence[tuple[str, str]]:
        """Alone, or by what ties it to others."""
        return [("none", "alone"), *((kind.value, str(kind.label)) for kind in GroupKind)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Trigger]) -> QuerySet[Trigger]:
        """Those of the chosen kind of group."""
        if self.value() == "none":
            return queryset.filter(order__group=None)
        return queryset.filter(order__group__kind=self.value()) if self.value() else queryset


class PricedChangeList(ChangeList):
    """A page of open orders, each with what its own amount is worth now: one look at the chain a page.

    By distance they are sorted as watchers have written it down, at most a minute or so ago.
    """

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet[Any]:
        """Those of this network that wait; by distance those alone that have one (others have no price)."""
        rows: QuerySet[Trigger] = super().get_queryset(request, exclude_parameters)
        network = settings.SOLANA_NETWORK
        by = {name.lstrip("-") for name in rows.query.order_by if isinstance(name, str)}
        if "distance_bps" not in by:
            return rows.filter(OF_WAITING_ORDER, order__network=network)
        # The index to go through is that of the distance; what waits no more is not in it.
        waits = In(Unindexed("order__status"), in_index_order(WAITING))
        return rows.filter(
            Q(waits), Q(Exact(Unindexed("order__network"), network)), distance_bps__isnull=False
        )

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, then the prices of its markets."""
        super().get_results(request)
        self.result_list: Any = list(self.result_list)
        values = values_now([trigger.order for trigger in self.result_list])
        for trigger in self.result_list:
            trigger.value_now = values.get(trigger.order)


def distance_bps(trigger: Trigger, value: int) -> int | None:
    """How far the price is from the trigger, in basis points of the price; 0 and below: it is beyond."""
    of = Waiting(trigger.order, trigger)
    return rules.distance_bps(above(of), below(of), value)


def fires_text(order: Order) -> str:
    """When a trigger fires, in whole tokens of its own size; a dash while a trailing stop has no level."""
    trigger = trigger_as_wire(order) or {}
    token = gateway.token_by_mint(order.token_in if order.mode == SwapMode.EXACT_OUT else order.token_out)
    levels = [
        f"{sign} {trigger[name]} {token.symbol if token else ''}".strip()
        for name, sign in (("firesAtOrAbove", "≥"), ("firesAtOrBelow", "≤"))
        if trigger.get(name) is not None
    ]
    return ", ".join(levels) or "-"


@admin.register(Trigger)
class OpenOrdersAdmin(BesideOrder):
    """The open orders, those that moved last first; each leads to its order."""

    list_display = (
        "order_link",
        "user",
        "type",
        "swap",
        "fires",
        "distance",
        "waits_for",
        "group",
        "expires",
    )
    list_filter = (TypeFilter, GroupFilter)
    list_filter_submit = False
    ordering = ("-order__updated_at",)
    actions = ("cancel_orders",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The one that looks at prices."""
        return PricedChangeList

    @admin.action(description="Cancel, with what is tied to them", permissions=["cancel"])
    def cancel_orders(self, request: HttpRequest, queryset: QuerySet[Trigger]) -> None:
        """With one of two the other is cancelled too; what has fired meanwhile is left alone."""
        chosen = [trigger.order for trigger in queryset.select_related("order__user")[:MOST_CANCELLED]]
        groups: set[UUID] = set()
        cancelled = late = 0
        for order in chosen:
            if order.group_id in groups:
                continue
            try:
                self.log_change(request, cancel_order(order.user, order.pk), "Cancelled")
            except (NotCancellable, NotFound):
                late += 1
                continue
            cancelled += 1
            if order.group_id is not None:
                groups.add(order.group_id)
        if cancelled:
            messages.success(request, f"{cancelled} cancelled, groups counted as one.")
        if late:
            messages.warning(request, f"{late} not cancelled: fired or ended meanwhile.")

    @admin.display(description="type")
    def type(self, trigger: Trigger) -> str:
        """The order's type."""
        return trigger.order.type.replace("_", " ")

    @admin.display(description="fires at")
    def fires(self, trigger: Trigger) -> str:
        """What its whole amount has to bring, fees included."""
        return fires_text(trigger.order)

    @admin.display(description="distance", ordering="distance_bps")
    def distance(self, trigger: Trigger) -> str:
        """How far off that is by the quote of now; a dash where there is none."""
        value: int | None = getattr(trigger, "value_now", None)
        bps = None if value is None else distance_bps(trigger, value)
        if bps is None:
            return "-"
        return f"{bps // 100}.{bps % 100:02d} %" if bps > 0 else label("reached", "success")

    @admin.display(description="waits for")
    def waits_for(self, trigger: Trigger) -> str:
        """The price, funds, or the end of a pause after a try in vain."""
        return str((trigger_as_wire(trigger.order) or {}).get("waitingFor", "")).lower()

    @admin.display(description="until (UTC)")
    def expires(self, trigger: Trigger) -> str:
        """Its own expiry; a dash without one."""
        at = trigger.order.expires_at
        return f"{at:%Y-%m-%d %H:%M}" if at else "-"
