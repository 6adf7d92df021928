"""What the engine goes by: the kill switch, the pools that it knows; both can be thrown by those who may."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from orders.admin.read_only import ReadOnly
from orders.amounts import from_base_units
from orders.gateway import token_by_mint
from orders.models import KnownPool, PoolState, TradingSwitch
from orders.records import audit, kill_switch, pools

_MOST_REASON = 255
SWITCH = "orders.change_tradingswitch"


def _whole(mint: str, amount: int) -> str:
    token = token_by_mint(mint)
    return (
        f"{from_base_units(amount, token.decimals)} {token.symbol}" if token else f"{amount} of {mint[:4]}…"
    )


def actor(request: HttpRequest) -> audit.Actor:
    """Who acts in the admin, and from where."""
    return audit.Actor(request.user.get_username(), request.META.get("REMOTE_ADDR") or "this machine")


@admin.register(TradingSwitch)
class TradingSwitchAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    """How the switch stands; it is thrown on the dashboard, or by `manage.py trading`."""

    list_display = ("__str__", "reason", "changed_by", "changed_at")

    def get_urls(self) -> list[URLPattern]:
        """Besides the list, the address that throws the switch."""
        throw = self.admin_site.admin_view(require_POST(self.throw))
        return [path("throw/", throw, name="orders_tradingswitch_throw"), *super().get_urls()]

    def throw(self, request: HttpRequest) -> HttpResponseRedirect:
        """Switch trading on or off, with the reason; off needs one."""
        if not request.user.has_perm(SWITCH):
            raise PermissionDenied
        on, reason = request.POST.get("to") == "on", request.POST.get("reason", "").strip()[:_MOST_REASON]
        if not on and not reason:
            messages.error(request, "Trading stays on: say why it is to be off.")
        else:
            kill_switch.switch(on=on, reason=reason, by=actor(request))
            messages.success(request, f"Trading is {'on' if on else 'off'}.")
        return HttpResponseRedirect(reverse("admin:index"))


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
        found = [(mint, token_by_mint(mint)) for mint in (pool.mint_a, pool.mint_b)]
        return " / ".join(token.symbol if token else f"{mint[:4]}…" for mint, token in found)

    @admin.display(description="reserves")
    def holds(self, pool: KnownPool) -> str:
        """What its vaults held at the last look, in whole tokens where the token is known."""
        held = (pool.reserves or {}).items()
        return ", ".join(_whole(mint, int(amount)) for mint, amount in held) or "-"

    @admin.display(description="state", ordering="state")
    def standing(self, pool: KnownPool) -> str:
        """On, off, or until when it is left out."""
        return pools.state(pool)

    @admin.display(description="failed orders")
    def failures(self, pool: KnownPool) -> str:
        """How many in a row by its fault, and why the last one."""
        return f"{pool.failed_orders}, {pool.failed_reason}" if pool.failed_orders else "-"

    @admin.action(description="Switch off: no order uses them", permissions=["switch"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[KnownPool]) -> None:
        """For good, until somebody switches them on."""
        count = pools.switch_off(queryset, actor(request))
        messages.success(request, f"{count} switched off.")

    @admin.action(description="Switch on: orders may use them", permissions=["switch"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[KnownPool]) -> None:
        """Also those that the engine leaves out for a while."""
        count = pools.switch_on(queryset, actor(request))
        messages.success(request, f"{count} switched on.")
