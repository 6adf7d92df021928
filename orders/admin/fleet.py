"""Workers and nodes: who is at work, when it was last seen, how far each node is."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin

from orders import gateway
from orders.admin.read_only import OnePage
from orders.models import WorkerProcess
from orders.pipeline.sweeper import oldest_due_seconds
from orders.reporting.workers import fleet

_NODE_COLOURS: Final = {"ok": "success", "lagging": "warning", "unknown": ""}


@admin.register(WorkerProcess)
class FleetAdmin(OnePage, ModelAdmin):  # type: ignore[misc]
    """Workers are not looked at one by one."""

    page_template = "admin/fleet.html"

    def page_context(self, request: HttpRequest) -> dict[str, Any]:
        """Workers by their rows, nodes as this web process sees them."""
        now, chain = timezone.now(), gateway.watched_chain_health()
        return {
            "title": "Workers and nodes",
            "workers": fleet(now),
            "now": now,
            "chain": chain,
            "nodes": [(node, _NODE_COLOURS.get(str(node.state), "danger")) for node in chain.nodes],
            "oldest_due": oldest_due_seconds(now),
        }
