"""The pools that the engine knows, and who may switch them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from orders.admin.actor import actor
from orders.admin.read_only import ReadOnly
from orders.amounts import from_base_units
from orders.gateway import token_by_mint
from orders.models import KnownPool, PoolState
from orders.records import pools


def _whole(mint: str, amount: int) -> str:
    token = token_by_mint(mint)
    return (
        f"{from_base_units(amount, token.decimals)} {token.symbol}" if token else f"{amount} of {mint[:4]}…"
    )


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
