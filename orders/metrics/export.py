"""The text that Prometheus scrapes from the web server."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from orders.api.exceptions import read_only
from orders.metrics.processes import CountedMetrics
from orders.metrics.rows import RowMetrics


@read_only
def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(RowMetrics())
    registry.register(CountedMetrics())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
