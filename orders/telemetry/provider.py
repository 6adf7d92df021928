"""OpenTelemetry's SDK, set up from its own OTEL_ variables: sampling, the queue and the exporter.

Spans wait in a bounded queue and are sent by a thread of the SDK. When the collector is slow or away the
queue fills up and spans are dropped; no order waits.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Final

from opentelemetry.exporter.otlp.proto.http import trace_exporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from orders.telemetry.order_traces import HalvesSwapped, OrderIds, OrderTraces
from orders.telemetry.recorder import SpanRecorder

_FLUSH_SECONDS: Final = 3
_COMPLAINT_SECONDS: Final = 60


class Traces:
    """The tracer of this process, from now until `close`."""

    def __init__(self, service: str) -> None:
        # One line per minute, not several for each batch that a dead collector does not take.
        self._complaints = Seldom(_COMPLAINT_SECONDS)
        logging.getLogger(trace_exporter.__name__).addFilter(self._complaints)
        self._provider = TracerProvider(
            resource=_resource(service), id_generator=OrderIds(), shutdown_on_exit=False
        )
        self._provider.sampler = HalvesSwapped(self._provider.sampler)
        self._provider.add_span_processor(BatchSpanProcessor(trace_exporter.OTLPSpanExporter()))
        self.order_traces = OrderTraces(self._provider.sampler)
        self.recorder = SpanRecorder(self._provider.get_tracer("orders"), self.order_traces)
        self._ending = threading.Event()
        # Waits from the start: at the end of a process no thread can be started, and the SDK's own end may
        # last for minutes.
        self._closer = threading.Thread(target=self._end, name="traces-end", daemon=True)
        self._closer.start()

    def close(self) -> None:
        """Send what is queued and end; returns after some seconds whatever the collector does."""
        self._ending.set()
        self._closer.join(_FLUSH_SECONDS)

    def _end(self) -> None:
        self._ending.wait()
        self._provider.shutdown()
        logging.getLogger(trace_exporter.__name__).removeFilter(self._complaints)


class Seldom(logging.Filter):
    """Lets one line pass, then none for ``seconds``."""

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self._seconds = seconds
        self._next_at = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        now = time.monotonic()
        if now < self._next_at:
            return False
        self._next_at = now + self._seconds
        return True


def _resource(service: str) -> Resource:
    resource = Resource.create()
    if not str(resource.attributes[SERVICE_NAME]).startswith("unknown_service"):
        return resource
    return resource.merge(Resource({SERVICE_NAME: service}))
