"""The counts of this machine's processes as one collector, and a worker's own port for them."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from orders.telemetry import count_files, counters, metrics_folder

logger = logging.getLogger(__name__)


class CountedMetrics(Collector):
    """What processes have counted: all that share the folder, or this one where there is none."""

    def collect(self) -> Iterable[Metric]:
        """Read at each scrape."""
        if settings.PROMETHEUS_MULTIPROC_DIR:
            count_files.catch_up()
            try:
                return metrics_folder.read(Path(settings.PROMETHEUS_MULTIPROC_DIR))
            except OSError as error:
                logger.warning("only this process's counts are shown: %s", error.strerror)
        return counters.REGISTRY.collect()


def serve_from_worker() -> None:
    """Serve the counts on WORKER_METRICS_PORT at HOST; 0 is off.

    A port that is taken, by another worker of this machine perhaps, is no reason not to work.
    """
    if not settings.WORKER_METRICS_PORT:
        return
    registry = CollectorRegistry()
    registry.register(CountedMetrics())
    try:
        start_http_server(settings.WORKER_METRICS_PORT, settings.HOST, registry)
    except OSError as error:
        logger.warning("WORKER_METRICS_PORT %d: %s", settings.WORKER_METRICS_PORT, error.strerror)
