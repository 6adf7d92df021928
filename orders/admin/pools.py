"""The pools that the engine knows, and who may switch them."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.admin.options import ShowFacets
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from unfold.admin import ModelAdmin

from orders.admin.actor import actor
from orders.admin.columns import label, token_name
from orders.admin.read_only import ReadOnly
from orders.amounts import from_base_units, grouped
from orders.gateway import token_by_mint
from orders.models import KnownPool, PoolState
from orders.records import pools

FROM_RECORD: Final = "_from_record"


class PoolStateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The three states."""
        return [("on", "On"), ("off", "Off"), ("left-out", "Left out for a while")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[KnownPool]) -> QuerySet[KnownPool]:
        """The pools in the chosen state."""
        now = timezone.now()
        match self.value():
            case "on":
                return queryset.filter(state=PoolState.ON).exclude(left_out_until__gt=now)
            case "off":
                return queryset.filter(state=PoolState.OFF)
            case "left-out":
                return queryset.filter(state=PoolState.ON, left_out_until__gt=now)
        return queryset


@admin.register(KnownPool)
class KnownPoolAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    """The pools that nodes have listed, and whether orders use them."""

    list_display = (
        *("short_address", "pair", "venue", "network", "standing", "holds", "last_used_at"),
        *("failures", "seen_at"),
    )
    list_filter = ("network", "venue", PoolStateFilter)
    list_fullwidth = True
    list_per_page = 50
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    fields = readonly_fields = (
        *("standing", "pair", "holds", "venue", "network", "address", "mint_a", "mint_b"),
        *("last_used_at", "seen_at", "failures", "failed_at"),
    )
    search_fields = ("address__exact", "mint_a__exact", "mint_b__exact")
    actions = ("switch_off", "switch_on")

    def has_switch_permission(self, request: HttpRequest) -> bool:
        """To switch is the one change that the admin offers here."""
        return request.user.has_perm("orders.change_knownpool")

    @admin.display(description="pool", ordering="address")
    def short_address(self, pool: KnownPool) -> str:
        """Enough of it to tell pools apart."""
        return f"{pool.address[:8]}…"

    @admin.display(description="pair")
    def pair(self, pool: KnownPool) -> str:
        """Both tokens, by symbol where they have one."""
        return f"{token_name(pool.mint_a)} / {token_name(pool.mint_b)}"

    @admin.display(description="reserves")
    def holds(self, pool: KnownPool) -> str:
        """What its vaults held at the last look, in whole tokens where the token is known."""
        held = (pool.reserves or {}).items()
        return format_html_join("", "{}<br>", ((_whole(mint, int(amount)),) for mint, amount in held)) or "-"

    @admin.display(description="state", ordering="state")
    def standing(self, pool: KnownPool) -> str:
        """On, off, or until when it is left out."""
        said = pools.state(pool)
        return label(said, {"on": "success", "off": "danger"}.get(said, "warning"))

    @admin.display(description="failed orders")
    def failures(self, pool: KnownPool) -> str:
        """How many in a row by its fault, and why the last one."""
        return f"{pool.failed_orders}, {pool.failed_reason}" if pool.failed_orders else "-"

    @admin.action(description="Switch off: no order uses them", permissions=["switch"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[KnownPool]) -> HttpResponse | None:
        """For good, until somebody switches them on."""
        count = pools.switch_off(queryset, actor(request))
        messages.success(request, f"{count} switched off.")
        return _back(request)

    @admin.action(description="Switch on: orders may use them", permissions=["switch"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[KnownPool]) -> HttpResponse | None:
        """Also those that the engine leaves out for a while."""
        count = pools.switch_on(queryset, actor(request))
        messages.success(request, f"{count} switched on.")
        return _back(request)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The record of a pool, with its switch for those who may."""
        pool = kwargs.get("obj") or context["original"]
        context |= {"is_on": pools.state(pool) == "on", "may_switch": self.has_switch_permission(request)}
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response


def _back(request: HttpRequest) -> HttpResponse | None:
    """To the record that the switch was thrown on; None for the list."""
    if FROM_RECORD not in request.POST:
        return None
    key = request.POST.get("_selected_action")
    return HttpResponseRedirect(reverse("admin:orders_knownpool_change", args=[key]))


def _whole(mint: str, amount: int) -> str:
    token = token_by_mint(mint)
    if token is None:
        return f"{amount} base units of {token_name(mint)}"
    return f"{grouped(from_base_units(amount, token.decimals))} {token_name(mint)}"
