"""What is refused around an order: bodies, media types, methods, addresses, queries, hosts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from orders.models import Order
from tests.factories import OrderFactory, UserFactory
from tests.orders.rest import FIVE_SOL, place, refused

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_is_written() -> Any:
    yield
    assert not Order.objects.filter(client_order_id__isnull=True, user__username="local").exists()


@pytest.mark.parametrize(
    "body",
    [
        *(" ", "nonsense", "[]", "null", "5", '"text"', '{"a":1', "{'a':1}", '{"a":1}{"b":2}', "\ufeff{}"),
        *('{"a":NaN}', '{"a":Infinity}', '{"a":-Infinity}', '{"a":1,"a":2}', '{"a":{"b":1,"b":2}}'),
        *("[" * 30_000, '{"a":' * 9_000, '{"a":' + "9" * 5_000 + "}", '{"a":0.' + "9" * 5_000 + "}"),
        *('{"a":1e99999999999999999999}', b"\xff\xfe{}", b'{"a":"\xc3\x28"}'),
    ],
)
def test_a_body_that_is_not_one_unambiguous_json_object(client: Client, body: str | bytes) -> None:
    refused(place(client, body), 400, "MALFORMED_BODY")


def test_an_empty_body(client: Client) -> None:
    refused(place(client, ""), 400, "INVALID_REQUEST", "tokenIn", "tokenOut", "amountIn")


def test_a_body_over_64_kib(client: Client) -> None:
    body = refused(place(client, json.dumps(FIVE_SOL) + " " * 65_536), 413, "PAYLOAD_TOO_LARGE")
    assert body["details"] == {"maxBytes": 65_536}


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "x"]
)
def test_a_body_that_is_not_declared_as_json(client: Client, kind: str) -> None:
    answer = client.post("/api/orders/execute", json.dumps(FIVE_SOL), content_type=kind)
    refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


def test_an_answer_in_another_format(client: Client) -> None:
    answer = client.get("/api/orders", headers={"Accept": "text/html"})
    refused(answer, 406, "NOT_ACCEPTABLE")


@pytest.mark.parametrize(
    ("method", "path"),
    [("put", "/api/orders"), ("post", "/api/quotes"), ("get", "/api/orders/x/cancel"), ("delete", "/health")],
)
def test_a_method_that_is_not_offered(client: Client, method: str, path: str) -> None:
    answer = getattr(client, method)(path)
    refused(answer, 405, "METHOD_NOT_ALLOWED")
    assert "OPTIONS" in answer["Allow"]


@pytest.mark.parametrize(
    "path",
    [
        *("/api", "/api/", "/api/nothing", "/api/orders/a/b/c", "/health/x", "/nothing"),
        *("/ws/orders/x", "/favicon.ico"),
    ],
)
@pytest.mark.parametrize("debug", [True, False])
def test_an_address_that_does_not_exist(client: Client, path: str, debug: bool, settings: Any) -> None:
    settings.DEBUG = debug
    refused(client.get(path), 404, "NOT_FOUND")


@pytest.mark.parametrize("order_id", ["x", "0", "..%2f..", "%00", "6f1f2a1e-6a0e-4df1-9c43-7f0a3ce1f2a", "é"])
def test_an_order_id_that_is_none(client: Client, order_id: str) -> None:
    refused(client.get(f"/api/orders/{order_id}"), 404, "NOT_FOUND")
    refused(client.post(f"/api/orders/{order_id}/cancel"), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        *(("limit=0", "limit"), ("limit=201", "limit"), ("limit=-1", "limit"), ("limit=x", "limit")),
        *(("limit=1e2", "limit"), ("limit=" + "9" * 5000, "limit"), ("limit=\u0663", "limit")),
        *(
            ("cursor=x", "cursor"),
            ("cursor=%00", "cursor"),
            ("cursor=bnxhfGI", "cursor"),
            ("cursor=é", "cursor"),
        ),
        *(("open=1", "open"), ("open=True", "open"), ("wallet=%00", "wallet")),
        *(("status=done", "status"), ("status=pending,", "status"), ("type=swap", "type")),
        *(
            ("since=yesterday", "since"),
            ("until=2026-01-01", "until"),
            ("since=9999-12-31T23:59:59-23:59", "since"),
        ),
        *(("clientOrderId=%00", "clientOrderId"), ("dex=%00", "dex"), ("token=%00", "token")),
    ],
)
def test_a_list_query_that_makes_no_sense(client: Client, query: str, field: str) -> None:
    refused(client.get(f"/api/orders?{query}"), 400, "INVALID_REQUEST", field)


@pytest.mark.parametrize("after", ["-1", "x", "1.5", str(2**31), "9" * 5000])
def test_a_sequence_that_is_none(client: Client, after: str) -> None:
    order = OrderFactory(user=UserFactory(username="local"), client_order_id="kept")
    refused(client.get(f"/api/orders/{order.pk}/events?after={after}"), 400, "INVALID_REQUEST", "after")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "INVALID_REQUEST"),
        ("tokenIn=SOL&tokenOut=USDC", "INVALID_REQUEST"),
        ("tokenIn=SOL&tokenOut=USDC&amount=0", "INVALID_AMOUNT"),
        ("tokenIn=SOL&tokenOut=USDC&amount=1.0000000001", "INVALID_AMOUNT"),
        ("tokenIn=SOL&tokenOut=USDC&amountInRaw=1.5", "INVALID_AMOUNT"),
        ("tokenIn=SOL&tokenOut=USDC&amount=1&amountIn=1", "INVALID_REQUEST"),
        ("tokenIn=SOL&tokenOut=USDC&amount=1&slippageBps=5001", "INVALID_REQUEST"),
        ("tokenIn=SOL&tokenOut=SOL&amount=1", "SAME_TOKEN"),
        ("tokenIn=SOL&tokenOut=XYZ&amount=1", "UNKNOWN_TOKEN"),
    ],
)
def test_a_quote_request_that_makes_no_sense(client: Client, query: str, code: str) -> None:
    refused(client.get(f"/api/quotes?{query}"), 400, code)


def test_a_host_that_is_not_ours(client: Client) -> None:
    refused(client.get("/api/orders", headers={"Host": "evil.example"}), 400, "INVALID_REQUEST", "host")


@pytest.mark.parametrize("path", ["/", "/api/orders", "/admin/", "/static/none.js", "/health"])
def test_an_unknown_host_never_gets_the_page_for_developers(client: Client, settings: Any, path: str) -> None:
    settings.DEBUG = True
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    for host in ("evil.example", "a b", ""):
        refused(client.get(path, headers={"Host": host}), 400, "INVALID_REQUEST", "host")
