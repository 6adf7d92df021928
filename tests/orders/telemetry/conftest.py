"""Fixtures of the tests of traces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from orders.telemetry import starting
from tests.orders.telemetry.order_spans import name_collector

if TYPE_CHECKING:
    from tests.otlp_collector import Collector


@pytest.fixture
def collector(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector, and traces that go to it."""
    from tests.otlp_collector import Collector

    collector = Collector()
    name_collector(collector.url, settings, monkeypatch)
    settings.MIDDLEWARE = ["orders.telemetry.middleware.TracedRequests", *settings.MIDDLEWARE]
    starting.start("engine-under-test")
    yield collector
    starting.stop()
    collector.stop()
