"""What a run of subscribers counts as missing, repeated and out of order."""

from __future__ import annotations

import json

import pytest

from orders.management.commands.bench_subscribers import is_perfect
from orders.proving.benchmark.load import LoadPlan
from orders.proving.benchmark.subscriber import Subscriber, subscribe
from orders.proving.benchmark.subscriptions import Delivery, SubscriptionPlan, Subscriptions


def event(order_id: str, sequence: int, at: str = "2026-01-01T00:00:00.000Z") -> tuple[float, bytes]:
    message = {"type": "update", "orderId": order_id, "sequence": sequence, "status": "routing", "at": at}
    # 2026-01-01T00:00:00.250Z
    return 1767225600.25, json.dumps(message).encode()


async def delivered(*messages: tuple[float, bytes], shape: str = "feed") -> Delivery:
    load = LoadPlan("http://127.0.0.1:1", 1, 1, [], "run-")
    run = Subscriptions(SubscriptionPlan(load, 1, shape, 1))
    socket = Subscriber(b"")
    socket.messages = list(messages)
    run._sockets = [(socket, None)]
    run._opened_at = {socket: 1767225600.0}
    return run.delivery({"a": 2, "b": 1})


async def test_a_subscriber_that_was_told_everything_is_perfect() -> None:
    found = await delivered(event("a", 1), event("b", 1), event("a", 2))
    assert found == Delivery([pytest.approx(250)] * 3, 3, 3, 0, 0, 0, {})
    assert is_perfect(found)


async def test_gaps_repeats_and_disorder_are_counted() -> None:
    found = await delivered(event("a", 2), event("a", 1), event("a", 1))
    assert (found.delivered, found.missing, found.repeated, found.out_of_order) == (3, 1, 1, 1)
    assert not is_perfect(found)


async def test_events_from_before_the_connection_have_no_delay_and_refusals_are_counted() -> None:
    refusal = (1767225600.0, json.dumps({"type": "error", "code": "NOT_FOUND"}).encode())
    found = await delivered(event("a", 1, "2025-12-31T23:59:59.000Z"), refusal)
    assert (list(found.delays_ms), found.refusals) == ([], {"NOT_FOUND": 1})


async def test_an_enveloped_event_is_an_event() -> None:
    socket = Subscriber(b"")
    message = {"type": "update", "data": {"orderId": "a", "sequence": 3, "at": "x"}}
    socket.messages = [(1.0, json.dumps(message).encode())]
    assert [(one.order_id, one.sequence) for one in socket.arrivals()] == [("a", 3)]


async def test_a_subscriber_that_nobody_answers_says_so() -> None:
    with pytest.raises(ConnectionRefusedError):
        await subscribe("http://127.0.0.1:1", "/api/orders/ws", None)
