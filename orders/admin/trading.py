"""The kill switch: how it stands, since when, by whom and why; thrown here and on the dashboard."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from orders.access.permissions import may_switch
from orders.admin.actor import origin
from orders.admin.read_only import OnePage
from orders.errors import Forbidden, InvalidRequest
from orders.intake.trading_switch import switch_trading
from orders.models import AuditEntry, TradingSwitch
from orders.records import kill_switch

_MOST_SHOWN: Final = 50
_ACTIONS: Final = ("trading on", "trading off")
_PAGES: Final = {"switch": "admin:orders_tradingswitch_changelist"}


@admin.register(TradingSwitch)
class TradingSwitchAdmin(OnePage, ModelAdmin):  # type: ignore[misc]
    """The one switch with its history; it is thrown by those who have the permission."""

    page_template = "admin/kill_switch.html"

    def get_urls(self) -> list[URLPattern]:
        """Besides the page, the address that throws the switch."""
        throw = self.admin_site.admin_view(require_POST(self.throw))
        return [path("throw/", throw, name="orders_tradingswitch_throw"), *super().get_urls()]

    def page_context(self, request: HttpRequest) -> dict[str, Any]:
        """How it stands, and every throw of late."""
        return {
            "title": "Kill switch",
            "trading": kill_switch.state(),
            "may_switch": may_switch(request.user),
            "back": "switch",
            "entries": AuditEntry.objects.filter(action__in=_ACTIONS)[:_MOST_SHOWN],
        }

    def throw(self, request: HttpRequest) -> HttpResponseRedirect:
        """Switch trading on or off, with the reason; off needs one."""
        # The admin lets nobody in who is not known.
        user: Any = request.user
        on, reason = request.POST.get("to") == "on", request.POST.get("reason", "")
        try:
            switch_trading(user, origin(request), on=on, reason=reason)
        except Forbidden as error:
            raise PermissionDenied from error
        except InvalidRequest as error:
            messages.error(request, error.message)
        else:
            messages.success(request, f"Trading was switched {'on' if on else 'off'}.")
        return HttpResponseRedirect(reverse(_PAGES.get(request.POST.get("back", ""), "admin:index")))
