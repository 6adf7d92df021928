"""What becomes a span, in which trace, with which links and attributes.

An order's trace has the order's id: every process knows it, whatever message brought the order there. It
begins with ``accept``; each stage adds a span. A batch of several orders is also a span of its own, which
holds the calls of the node, in a trace of its own; it and the spans of its orders link to each other.

Nothing is exported before a stage ends, and nothing of one that found nothing to do. Attributes are ids,
codes, counts and names: no body, path, address or text of an error gets into them.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from opentelemetry.context import Context
from opentelemetry.trace import (
    Link,
    Span,
    SpanKind,
    StatusCode,
    Tracer,
    format_span_id,
    format_trace_id,
    set_span_in_context,
)

from orders.telemetry.order_traces import OrderTraces, within

_OK: Final = "ok"
_under_way: Final[ContextVar[Work | None]] = ContextVar("under_way", default=None)


def work_under_way() -> Work | None:
    """What was begun in this context, by this thread or for it, and has not ended."""
    return _under_way.get()


@dataclass(frozen=True, slots=True)
class NodeCall:
    """One request to a node; times are nanoseconds, since 1970 and long."""

    node: str
    method: str
    ended_at: int
    lasted: int
    calls: Counter[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one order in a stage."""

    outcome: str
    failed: bool = False


class Work:
    """A span under way in this context, and the calls of the node that belong to it."""

    def __init__(self, tracer: Tracer, span: Span) -> None:
        self.span = span
        self._tracer = tracer
        self._waiting: list[NodeCall] | None = []
        self._is_kept = False
        self._token = _under_way.set(self)

    @property
    def ids(self) -> dict[str, str]:
        """As log lines name them."""
        context = self.span.get_span_context()
        return {"trace_id": format_trace_id(context.trace_id), "span_id": format_span_id(context.span_id)}

    def note(self, call: NodeCall) -> None:
        """A call of the node has ended; it may be one that outlives the work that began it."""
        waiting = self._waiting
        if waiting is not None:
            waiting.append(call)
        elif self._is_kept:
            self._export_call(call)

    def _leave(self) -> None:
        _under_way.reset(self._token)

    def _keep(self) -> None:
        self._is_kept = True
        waiting, self._waiting = self._waiting or [], None
        for call in waiting:
            self._export_call(call)
        self.span.end()

    def _drop(self) -> None:
        self._waiting = None

    def _export_call(self, call: NodeCall) -> None:
        failed = {code for _, code in call.calls if code != _OK}
        attributes: dict[str, str | int | list[str]] = {
            "rpc.system": "jsonrpc",
            "rpc.method": call.method,
            "node": call.node,
            "calls": sum(call.calls.values()),
        }
        if failed:
            attributes["codes"] = sorted(failed)
        span = self._tracer.start_span(
            call.method,
            set_span_in_context(self.span, Context()),
            SpanKind.CLIENT,
            attributes,
            start_time=call.ended_at - call.lasted,
        )
        if failed:
            span.set_status(StatusCode.ERROR)
        span.end(call.ended_at)


class RequestWork(Work):
    """An HTTP request that is being answered."""

    def __init__(self, tracer: Tracer, span: Span, method: str) -> None:
        super().__init__(tracer, span)
        self._method = method

    def answered(self, route: str | None, status: int, request_id: str) -> None:
        """Name the answer; ``route`` is the pattern of the path, None where nothing fits it."""
        self.span.set_attribute("http.response.status_code", status)
        self.span.set_attribute("request.id", request_id)
        if route is not None:
            self.span.set_attribute("http.route", route)
            self.span.update_name(f"{self._method} {route}")
        if status >= 500:
            self.span.set_status(StatusCode.ERROR)

    def end(self) -> None:
        """The answer is made."""
        self._leave()
        self._keep()


class StageWork(Work):
    """A stage at work on a batch."""

    def __init__(
        self,
        tracer: Tracer,
        order_traces: OrderTraces,
        stage: str,
        asked: Collection[UUID],
        home: UUID | None,
    ) -> None:
        self._order_traces = order_traces
        self._stage = stage
        self._asked = asked
        self._home = home
        self._began_at = time.time_ns()
        self._results: dict[UUID, Result] = {}
        self._error = ""
        super().__init__(tracer, self._begin(tracer, home))

    def add(self, results: Mapping[UUID, Result]) -> None:
        """These orders have come to something."""
        self._results |= results

    def failed(self, error: str) -> None:
        """The stage broke off with an exception of this name."""
        self._error = error

    def end(self) -> None:
        """Export what was reported, if anything was."""
        self._leave()
        if self._error:
            self._results = {order_id: Result("broke off", failed=True) for order_id in self._asked}
        if not self._results:
            self._drop()
            return
        if self._home is not None and self._home not in self._results:
            # It was somebody else's by then, and others were taken along: this is not its story.
            self._home, self.span = None, self._begin(self._tracer, None)
        self._describe()
        self._keep()

    def _begin(self, tracer: Tracer, home: UUID | None) -> Span:
        parent = Context() if home is None else within(self._order_traces.root(home))
        return tracer.start_span(self._stage, parent, start_time=self._began_at)

    def _describe(self) -> None:
        self.span.set_attribute("orders", len(self._results))
        for outcome, count in Counter(result.outcome for result in self._results.values()).items():
            self.span.set_attribute(f"outcome.{outcome}", count)
        if self._error:
            self.span.set_attribute("error.type", self._error)
            self.span.set_status(StatusCode.ERROR)
        for order_id, result in self._results.items():
            if order_id == self._home:
                self.span.set_attributes(_attributes(order_id, result))
                _mark(self.span, result)
            else:
                self._export_in_its_trace(order_id, result)

    def _export_in_its_trace(self, order_id: UUID, result: Result) -> None:
        root = self._order_traces.root(order_id)
        self.span.add_link(root)
        span = self._tracer.start_span(
            self._stage,
            within(root),
            attributes=_attributes(order_id, result),
            links=[Link(self.span.get_span_context())],
            start_time=self._began_at,
        )
        _mark(span, result)
        span.end()


def _attributes(order_id: UUID, result: Result) -> dict[str, str]:
    return {"order.id": str(order_id), "order.outcome": result.outcome}


def _mark(span: Span, result: Result) -> None:
    if result.failed:
        span.set_status(StatusCode.ERROR)
