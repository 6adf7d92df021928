"""The spans of orders, and the collector that gets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

if TYPE_CHECKING:
    from tests.otlp_collector import Seen

CALLER_TRACE, CALLER_SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def name_collector(url: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the environment names it, to the engine's settings and to OpenTelemetry's SDK."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
    settings.OTEL_EXPORTER_OTLP_ENDPOINT, settings.TRACING = url, True


def in_trace(spans: list[Seen], order_id: UUID, *, calls: bool = False) -> list[Seen]:
    """The spans of an order's trace, without the calls of the node unless they are asked for."""
    return [span for span in spans if span.trace == order_id.hex and (calls or span.kind != "CLIENT")]


def root_of(order_id: UUID) -> tuple[str, str]:
    return order_id.hex, order_id.hex[16:]
