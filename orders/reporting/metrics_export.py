"""The text that Prometheus scrapes from the web server."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from orders.reporting.metrics_rows import RowMetrics
from orders.telemetry.metrics_processes import CountedMetrics
from orders.wire.errors import read_only


@read_only
def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(RowMetrics())
    registry.register(CountedMetrics())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
