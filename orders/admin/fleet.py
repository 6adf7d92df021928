"""Workers and nodes: who is at work, when it was last seen, how far each node is."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.admin import ModelAdmin

from orders import gateway
from orders.admin.read_only import ReadOnly
from orders.models import WorkerProcess
from orders.pipeline.sweeper import oldest_due_seconds
from orders.reporting.workers import fleet

_NODE_COLOURS: Final = {"ok": "success", "lagging": "warning", "unknown": ""}


@admin.register(WorkerProcess)
class FleetAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    """One page in place of a list: workers are not looked at one by one."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Workers by their rows, nodes as this web process sees them."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        now, chain = timezone.now(), gateway.watched_chain_health()
        context = {
            **self.admin_site.each_context(request),
            "title": "Workers and nodes",
            "workers": fleet(now),
            "now": now,
            "chain": chain,
            "nodes": [(node, _NODE_COLOURS.get(str(node.state), "danger")) for node in chain.nodes],
            "oldest_due": oldest_due_seconds(now),
        }
        return TemplateResponse(request, "admin/fleet.html", context)
