"""Which spans are sent, and what a collector that is away or silent costs. Need requirements-otel.txt."""

from __future__ import annotations

import logging
import socket
import time
import uuid
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from django.test import Client

from orders.telemetry import starting
from tests.orders.chain import TestChain, eventually
from tests.orders.log_lines import Log
from tests.orders.order_runs import carry_out
from tests.orders.rest import place
from tests.orders.telemetry.order_spans import in_trace, name_collector

pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="requirements-otel.txt is not installed")

if TYPE_CHECKING:
    from tests.otlp_collector import Collector

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("sampler", ["traceidratio", "parentbased_traceidratio"])
def test_a_ratio_samples_that_share_of_the_orders(
    settings: Any, monkeypatch: pytest.MonkeyPatch, sampler: str
) -> None:
    from orders.telemetry.provider import Traces

    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.25")
    traces = Traces("engine-under-test")
    contexts = [traces.order_traces.root(uuid.uuid4()) for _ in range(4_000)]
    sampled = sum(context.trace_flags.sampled for context in contexts)
    traces.close()
    # Six standard deviations of 27 orders.
    assert 836 < sampled < 1_164


def test_a_collector_that_is_away_costs_an_order_nothing_and_the_log_a_line(
    client: Client, chain: TestChain, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        name_collector(f"http://127.0.0.1:{nobody.getsockname()[1]}", settings, monkeypatch)
        log = Log("json")
        logging.getLogger().addHandler(log.handler)
        starting.start("engine-under-test")
        try:
            carry_out([UUID(place(client).json()["orderId"])])
            eventually(lambda: "Connection refused" in log.text())
        finally:
            began = time.monotonic()
            starting.stop()
            ended = time.monotonic()
            logging.getLogger().removeHandler(log.handler)
    assert ended - began < 8
    assert len([line for line in log.lines() if line["logger"].startswith("opentelemetry")]) == 1


def test_a_collector_that_does_not_answer_holds_nobody(
    client: Client, chain: TestChain, collector: Collector
) -> None:
    collector.held.clear()
    carry_out([UUID(place(client).json()["orderId"])])
    eventually(lambda: collector.paths == ["/v1/traces"])
    began = time.monotonic()
    starting.stop()
    assert time.monotonic() - began < 8


def test_what_is_queued_goes_out_at_the_end(
    client: Client, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    starting.stop()
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "3600000")
    starting.start("engine-under-test")
    order_id = UUID(place(client).json()["orderId"])
    assert collector.spans() == []
    starting.stop()
    assert sorted(span.name for span in collector.spans()) == ["POST /api/orders/execute", "accept"]
    assert [span.name for span in in_trace(collector.spans(), order_id)] == ["accept"]
