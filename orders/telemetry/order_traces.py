"""The trace of an order: its ids come from the order's, so that every process names it alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final
from uuid import UUID

from opentelemetry.context import Context
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    TraceFlags,
    TraceState,
    set_span_in_context,
)
from opentelemetry.util.types import Attributes

_HALF: Final = (1 << 64) - 1
_order: Final[ContextVar[UUID | None]] = ContextVar("order", default=None)


class OrderIds(RandomIdGenerator):
    """Random ids, except for a span that is begun under `root_of`."""

    def generate_trace_id(self) -> int:
        order = _order.get()
        return super().generate_trace_id() if order is None else order.int

    def generate_span_id(self) -> int:
        order = _order.get()
        return super().generate_span_id() if order is None else order.int & _HALF


@contextmanager
def root_of(order_id: UUID) -> Iterator[None]:
    """The span begun here is the first of the order's trace: both its ids come from the order's."""
    token = _order.set(order_id)
    try:
        yield
    finally:
        _order.reset(token)


class HalvesSwapped(Sampler):
    """Asks another sampler about an id with its halves swapped.

    Samplers by ratio compare the lower half with a bound. In an order's id, a UUID, that half begins with two
    bits that are always 10 (RFC 9562, 4.1): a ratio up to a half would sample no order at all.
    """

    def __init__(self, inner: Sampler) -> None:
        self._inner = inner

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        swapped = (trace_id & _HALF) << 64 | trace_id >> 64
        return self._inner.should_sample(parent_context, swapped, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        return f"HalvesSwapped{{{self._inner.get_description()}}}"


class OrderTraces:
    """Names the traces of orders, sampled or not as ``sampler`` decides."""

    def __init__(self, sampler: Sampler) -> None:
        self._sampler = sampler

    def root(self, order_id: UUID) -> SpanContext:
        """The first span of the order's trace, anyone who made it."""
        decision = self._sampler.should_sample(Context(), order_id.int, "accept").decision
        sampled = TraceFlags.SAMPLED if decision is Decision.RECORD_AND_SAMPLE else TraceFlags.DEFAULT
        flags = TraceFlags(TraceFlags.RANDOM_TRACE_ID | sampled)
        return SpanContext(order_id.int, order_id.int & _HALF, is_remote=True, trace_flags=flags)


def within(root: SpanContext) -> Context:
    """The context of a span that belongs to the trace of ``root``."""
    return set_span_in_context(NonRecordingSpan(root), Context())
