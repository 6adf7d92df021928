"""Orders that tests take through every stage, and their spans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from orders import execution, gateway, settlement
from orders.lifecycle import AttemptState
from orders.models import Attempt
from tests.orders.chain import eventually

if TYPE_CHECKING:
    from tests.otlp_collector import Seen

CALLER_TRACE, CALLER_SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def name_collector(url: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the environment names it, to the engine's settings and to OpenTelemetry's SDK."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
    settings.OTEL_EXPORTER_OTLP_ENDPOINT, settings.TRACING = url, True


def carry_out(order_ids: list[UUID]) -> None:
    """Every stage, as workers run them."""
    for stage in (execution.route, execution.build, execution.submit):
        assert set(stage(order_ids).onward) == set(order_ids)
    attempts = Attempt.objects.filter(order__in=order_ids, state=AttemptState.OPEN)
    watched = [
        settlement.Watched(each, gateway.dead_check(each.last_valid_block_height), 0, 0) for each in attempts
    ]
    done: set[str] = set()

    def all_done() -> bool:
        done.update(settlement.settle([each for each in watched if each.attempt.signature not in done]))
        return len(done) == len(watched)

    eventually(all_done)


def in_trace(spans: list[Seen], order_id: UUID, *, calls: bool = False) -> list[Seen]:
    """The spans of an order's trace, without the calls of the node unless they are asked for."""
    return [span for span in spans if span.trace == order_id.hex and (calls or span.kind != "CLIENT")]


def root_of(order_id: UUID) -> tuple[str, str]:
    return order_id.hex, order_id.hex[16:]
