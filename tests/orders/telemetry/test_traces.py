"""Traces: an order's way from its POST to its end, as a collector receives it. Need requirements-otel.txt."""

from __future__ import annotations

import logging
import uuid
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.test import Client

from orders import gateway
from orders.models import Order
from orders.pipeline import stages as execution
from tests.orders.chain import TestChain
from tests.orders.log_lines import Log
from tests.orders.order_runs import carry_out
from tests.orders.rest import bearer, place
from tests.orders.rows import order_row
from tests.orders.telemetry.order_spans import CALLER_SPAN, CALLER_TRACE, in_trace, root_of

pytest.importorskip("opentelemetry.exporter.otlp.proto.http", reason="requirements-otel.txt is not installed")

if TYPE_CHECKING:
    from tests.otlp_collector import Collector

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_orders_trace_goes_from_its_request_to_its_settlement(
    client: Client, chain: TestChain, collector: Collector
) -> None:
    answer = place(
        client, traceparent=f"00-{CALLER_TRACE}-{CALLER_SPAN}-01", **{"X-Request-ID": "checkout-7"}
    )
    order_id = UUID(answer.json()["orderId"])
    carry_out([order_id])
    spans = collector.await_spans(lambda spans: any(span.name == "settle" for span in spans))

    request = next(span for span in spans if span.kind == "SERVER")
    assert (request.name, request.trace, request.parent) == (
        "POST /api/orders/execute",
        CALLER_TRACE,
        CALLER_SPAN,
    )
    assert request.attributes == {
        "http.request.method": "POST",
        "http.route": "/api/orders/execute",
        "http.response.status_code": 201,
        "request.id": "checkout-7",
    }
    assert request.links == (root_of(order_id),)

    accept, *stages = in_trace(spans, order_id)
    assert (accept.name, accept.parent, accept.span) == ("accept", "", order_id.hex[16:])
    assert accept.links == ((CALLER_TRACE, request.span),)
    assert accept.attributes == {
        "order.id": str(order_id),
        "order.type": "market",
        "network": "localnet",
        "request.id": "checkout-7",
    }
    assert [(span.name, span.attributes["order.outcome"]) for span in stages] == [
        ("route", "onward"),
        ("build", "onward"),
        ("submit", "onward"),
        ("settle", "landed"),
    ]
    for before, span in zip([accept, *stages], stages, strict=False):
        assert (span.parent, span.links, span.failed) == (accept.span, (), False)
        assert before.began_at <= before.ended_at <= span.began_at <= span.ended_at
    assert {span.service for span in spans} == {"engine-under-test"}


def test_calls_of_the_node_are_spans_of_the_stage_that_made_them(
    client: Client, chain: TestChain, collector: Collector
) -> None:
    order_id = UUID(place(client).json()["orderId"])
    carry_out([order_id])
    spans = collector.await_spans(lambda spans: any(span.name == "settle" for span in spans))

    stages = {span.span: span.name for span in in_trace(spans, order_id)}
    calls = [span for span in in_trace(spans, order_id, calls=True) if span.kind == "CLIENT"]
    made = {(stages[span.parent], span.name) for span in calls}
    assert {
        ("route", "getMultipleAccounts"),
        ("build", "getMultipleAccounts"),
        ("submit", "sendTransaction"),
        ("settle", "getSignatureStatuses"),
    } <= made
    node = chain.url.removeprefix("http://")
    [sent] = [span for span in calls if span.name == "sendTransaction"]
    assert sent.attributes == {
        "rpc.system": "jsonrpc",
        "rpc.method": "sendTransaction",
        "node": node,
        "calls": 1,
    }


def test_orders_of_one_batch_keep_their_traces_and_are_linked_with_the_batch(
    user: User, chain: TestChain, collector: Collector
) -> None:
    orders = [order_row(user), order_row(user)]
    ids = [order.pk for order in orders]
    for stage in (execution.route, execution.build, execution.submit):
        assert set(stage(ids).onward) == set(ids)
    spans = collector.await_spans(lambda spans: sum(span.name == "submit" for span in spans) == 3)

    for name in ("route", "build", "submit"):
        [batch] = [span for span in spans if span.name == name and span.trace not in {pk.hex for pk in ids}]
        assert sorted(batch.links) == sorted(map(root_of, ids))
        assert batch.attributes == {"orders": 2, "outcome.onward": 2}
        assert any(span.parent == batch.span for span in spans if span.kind == "CLIENT")
        for order_id in ids:
            [own] = [span for span in in_trace(spans, order_id) if span.name == name]
            assert (own.parent, own.links) == (order_id.hex[16:], ((batch.trace, batch.span),))
            assert own.attributes == {"order.id": str(order_id), "order.outcome": "onward"}


def test_an_order_that_was_taken_along_is_told_in_its_own_trace(
    user: User, chain: TestChain, collector: Collector
) -> None:
    named, taken_along = order_row(user), order_row(user)
    execution.route([named.pk])
    spans = collector.await_spans(lambda spans: sum(span.name == "route" for span in spans) == 2)

    [host] = [span for span in in_trace(spans, named.pk) if span.name == "route"]
    [guest] = [span for span in in_trace(spans, taken_along.pk) if span.name == "route"]
    assert host.links == (root_of(taken_along.pk),)
    assert guest.links == ((host.trace, host.span),)


def test_a_stage_whose_own_order_was_elsewhere_is_not_told_in_its_trace(
    user: User, chain: TestChain, collector: Collector
) -> None:
    elsewhere, taken_along = order_row(user, status="confirmed"), order_row(user)
    execution.route([elsewhere.pk])
    spans = collector.await_spans(lambda spans: sum(span.name == "route" for span in spans) == 2)

    assert in_trace(spans, elsewhere.pk) == []
    assert [span.name for span in in_trace(spans, taken_along.pk)] == ["route"]


def test_a_stage_that_finds_nothing_to_do_is_no_span(
    user: User, chain: TestChain, collector: Collector
) -> None:
    order = order_row(user)
    execution.build([order.pk])
    execution.route([order.pk])
    spans = collector.await_spans(lambda spans: any(span.name == "route" for span in spans))
    assert [span.name for span in spans if span.kind != "CLIENT"] == ["route"]


def test_a_failed_order_names_its_reason(user: User, chain: TestChain, collector: Collector) -> None:
    order = order_row(user, amount_in=10**18)
    execution.route([order.pk])
    [span] = in_trace(collector.await_spans(lambda spans: any(s.name == "route" for s in spans)), order.pk)

    assert span.failed
    assert span.attributes["order.outcome"] == Order.objects.get(pk=order.pk).error_code


def test_a_call_that_fails_carries_its_code_and_the_order_waits(
    user: User, chain: TestChain, collector: Collector
) -> None:
    order = order_row(user)
    gateway.warm_up()
    chain.fault("getMultipleAccounts", "unavailable", count=20)
    assert execution.route([order.pk]).onward == []
    spans = collector.await_spans(lambda spans: any(span.name == "route" for span in spans))

    [stage] = in_trace(spans, order.pk)
    assert (stage.attributes["order.outcome"], stage.failed) == ("waiting", False)
    failed = [span for span in spans if span.failed]
    assert {span.name for span in failed} == {"getMultipleAccounts"}
    assert {tuple(span.attributes["codes"]) for span in failed} == {("CHAIN_UNREACHABLE",)}


def test_a_stage_that_breaks_off_names_the_error_and_none_of_its_text(
    user: User, chain: TestChain, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("https://node/a-key-0123456789")

    monkeypatch.setattr("orders.gateway.quote_swaps", broken)
    order = order_row(user)
    with pytest.raises(RuntimeError):
        execution.route([order.pk])
    [span] = collector.await_spans(len)

    assert (span.trace, span.failed) == (order.pk.hex, True)
    assert span.attributes == {
        "orders": 1,
        "outcome.broke off": 1,
        "error.type": "RuntimeError",
        "order.id": str(order.pk),
        "order.outcome": "broke off",
    }
    assert b"a-key-0123456789" not in b"".join(collector.bodies)


def test_a_request_without_a_trace_begins_one_and_an_unsampled_one_is_left_out(
    client: Client, collector: Collector
) -> None:
    left_out = UUID(place(client, traceparent=f"00-{CALLER_TRACE}-{CALLER_SPAN}-00").json()["orderId"])
    malformed = UUID(place(client, traceparent="00-0-0-01").json()["orderId"])
    spans = collector.await_spans(lambda spans: len(spans) >= 3)

    assert sorted(span.trace for span in spans if span.name == "accept") == sorted(
        [left_out.hex, malformed.hex]
    )
    [request] = [span for span in spans if span.kind == "SERVER"]
    assert (request.links, request.parent) == ((root_of(malformed),), "")
    assert request.trace not in {CALLER_TRACE, left_out.hex, malformed.hex}


def test_a_repeated_request_begins_no_second_trace(client: Client, collector: Collector) -> None:
    body = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1", "clientOrderId": "once"}
    assert [place(client, body).status_code for _ in range(2)] == [201, 200]
    spans = collector.await_spans(lambda spans: sum(span.kind == "SERVER" for span in spans) == 2)
    assert len([span for span in spans if span.name == "accept"]) == 1


def test_requests_are_named_by_their_route_and_probes_are_left_out(
    client: Client, collector: Collector
) -> None:
    for path in ("/health/live", "/metrics", f"/api/orders/{uuid.uuid4()}", "/no/such/place"):
        client.get(path)
    client.generic("BREW", "/api/orders")
    spans = collector.await_spans(lambda spans: len(spans) >= 3)

    told = [(span.name, span.attributes["http.response.status_code"]) for span in spans]
    assert told == [("GET /api/orders/<str:order_id>", 404), ("GET /", 404), ("_OTHER /api/orders", 405)]


def test_no_secret_and_no_body_gets_into_a_span(
    client: Client, user: User, chain: TestChain, settings: Any, collector: Collector
) -> None:
    settings.SOLANA_RPC_URL = f"{chain.url}/path-key-0123456789?api-key=query-key-0123456789"
    headers = bearer(user)
    body = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "0.012345678", "clientOrderId": "my-own-key"}
    order_id = UUID(place(client, body, **headers).json()["orderId"])
    carry_out([order_id])
    client.get("/api/orders?token=typed-by-mistake", headers=headers)
    collector.await_spans(lambda spans: {"settle", "GET /api/orders"} <= {span.name for span in spans})

    sent = b"".join(collector.bodies)
    assert str(order_id).encode() in sent
    texts = ("path-key", "query-key", "api-key", "typed-by-mistake", "my-own-key", "12345678")
    for text in (*texts, headers["Authorization"].partition(" ")[2]):
        assert text.encode() not in sent, text


def test_log_lines_name_the_trace(client: Client, chain: TestChain, collector: Collector) -> None:
    log = Log("json")
    root = logging.getLogger()
    level = root.level
    root.addHandler(log.handler)
    root.setLevel(logging.DEBUG)
    try:
        order_id = UUID(place(client, traceparent=f"00-{CALLER_TRACE}-{CALLER_SPAN}-01").json()["orderId"])
        execution.route([order_id])
    finally:
        root.removeHandler(log.handler)
        root.setLevel(level)
    spans = collector.await_spans(lambda spans: any(span.name == "route" for span in spans))

    [answered] = log.lines("answered")
    [request] = [span for span in spans if span.kind == "SERVER"]
    assert (answered["trace_id"], answered["span_id"]) == (CALLER_TRACE, request.span)
    [done] = log.lines("done")
    [stage] = [span for span in spans if span.name == "route"]
    assert (done["trace_id"], done["span_id"]) == (order_id.hex, stage.span)
