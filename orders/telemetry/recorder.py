"""Makes spans of what the hooks report."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from opentelemetry.context import Context
from opentelemetry.trace import Link, SpanKind, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from orders.lifecycle import Status
from orders.models import Order
from orders.telemetry.order_traces import OrderTraces, root_of
from orders.telemetry.spans import NodeCall, RequestWork, Result, StageWork, work_under_way

if TYPE_CHECKING:
    from orders.telemetry.stage_log import BatchOutcome

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})


class SpanRecorder:
    """Makes spans of what the hooks report."""

    def __init__(self, tracer: Tracer, order_traces: OrderTraces) -> None:
        self._tracer = tracer
        self._order_traces = order_traces
        self._propagator = TraceContextTextMapPropagator()

    def begin_stage(self, stage: str, order_ids: Collection[UUID] | None, alone: UUID | None) -> StageWork:
        asked = order_ids or ()
        home = next(iter(asked)) if len(asked) == 1 else alone
        return StageWork(self._tracer, self._order_traces, stage, asked, home)

    def done(self, outcome: BatchOutcome) -> None:
        work = work_under_way()
        if isinstance(work, StageWork):
            work.add(_results(outcome))

    def came_to(self, outcome: str, orders: Sequence[Order]) -> None:
        work = work_under_way()
        if isinstance(work, StageWork):
            work.add({order.pk: Result(outcome, order.status == Status.FAILED) for order in orders})

    def begin_request(self, method: str, headers: Mapping[str, str]) -> RequestWork:
        known = method if method in _METHODS else "_OTHER"
        parent = self._propagator.extract(headers, Context())
        attributes = {"http.request.method": known}
        span = self._tracer.start_span(known, parent, SpanKind.SERVER, attributes)
        return RequestWork(self._tracer, span, known)

    def accepted(self, order: Order) -> None:
        """The first span of an order's trace: from its arrival to its commit."""
        work = work_under_way()
        links = []
        if work is not None:
            links.append(Link(work.span.get_span_context()))
            work.span.add_link(self._order_traces.root(order.pk))
        with root_of(order.pk):
            arrived_at = (order.created_at - _EPOCH) // timedelta(microseconds=1) * 1000
            span = self._tracer.start_span(
                "accept",
                Context(),
                attributes={
                    "order.id": str(order.pk),
                    "order.type": order.type,
                    "network": order.network,
                    "request.id": order.request_id,
                },
                links=links,
                start_time=arrived_at,
            )
        span.end()

    def called(self, node: str, method: str, seconds: float, calls: Counter[tuple[str, str]]) -> None:
        """Of calls that belong to no stage and no request, such as looking for pools, nothing is reported."""
        work = work_under_way()
        if work is not None:
            work.note(NodeCall(node, method, time.time_ns(), int(seconds * 1_000_000_000), calls))


def _results(outcome: BatchOutcome) -> dict[UUID, Result]:
    results = {order.pk: Result("left") for order in outcome.orders}
    results |= {order_id: Result("onward") for order_id in outcome.onward}
    results |= {order.pk: Result("waiting") for order in outcome.waiting}
    results |= {
        order.pk: Result(order.error_code or str(order.status), order.status == Status.FAILED)
        for order in outcome.ended
    }
    return results
