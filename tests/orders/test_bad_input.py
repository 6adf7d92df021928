"""Every rule of the API about what it refuses: the status, the code, and the one error shape."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from orders import frames
from orders.api.exceptions import as_order_error, known_codes
from orders.api.parsers import read_json
from orders.errors import MalformedBody, OrderError
from orders.models import Order
from orders.wire import parse_order
from tests.factories import SOL, USDC, OrderFactory, UserFactory

pytestmark = pytest.mark.django_db
FIVE_SOL = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "5"}


def refused(answer: Any, status: int, code: str, *fields: str) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["code"]) == (status, code)
    assert body.keys() == {"code", "message", "retryable", "details"}
    assert body["message"] and isinstance(body["retryable"], bool)
    if fields:
        assert sorted(body["details"]) == sorted(fields)
    assert answer["Content-Type"] == "application/json"
    return body


def place(client: Client, body: object, **headers: str) -> Any:
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    return client.post("/api/orders/execute", text, content_type="application/json", headers=headers)


@pytest.fixture(autouse=True)
def _nothing_is_written() -> Any:
    yield
    assert not Order.objects.filter(client_order_id__isnull=True, user__username="local").exists()


@pytest.mark.parametrize(
    "amount",
    [
        *(
            "0",
            "-1",
            "",
            " ",
            "abc",
            "1e3",
            "+1",
            "1,5",
            "0x10",
            "\u0661",
            "1.5.0",
            "NaN",
            "Infinity",
            "-Infinity",
        ),
        *("9" * 49, "1.0000000001", "9223372036.854775808"),
        *(0, -1, 0.0, -0.5, 1e-10, 1e300, 10**30, True, False, [], {}, ["1"]),
    ],
)
def test_an_amount_that_is_not_a_positive_amount_of_the_mint(client: Client, amount: object) -> None:
    refused(place(client, FIVE_SOL | {"amountIn": amount}), 400, "INVALID_AMOUNT")


@pytest.mark.parametrize("number", ["1e999999999", "-1e-999999999", "1e-400", "0." + "0" * 90 + "1"])
def test_a_number_that_would_be_costly_to_expand(client: Client, number: str) -> None:
    body = f'{{"tokenIn":"SOL","tokenOut":"USDC","amountIn":{number}}}'
    refused(place(client, body), 400, "INVALID_AMOUNT")


@pytest.mark.parametrize("raw", ["0", "-1", "1.5", "1e3", "", "abc", 0, -1, 1.5, 2**63, str(2**63), True, []])
def test_a_raw_amount_that_is_no_positive_64_bit_integer(client: Client, raw: object) -> None:
    body = {"tokenIn": "SOL", "tokenOut": "USDC", "amountInRaw": raw}
    refused(place(client, body), 400, "INVALID_AMOUNT")


def test_an_amount_that_is_missing(client: Client) -> None:
    refused(place(client, {"tokenIn": "SOL", "tokenOut": "USDC"}), 400, "INVALID_REQUEST", "amountIn")


@pytest.mark.parametrize("pair", [("amount", "amountIn"), ("amountIn", "amountInRaw")])
def test_two_amounts(client: Client, pair: tuple[str, str]) -> None:
    body = {"tokenIn": "SOL", "tokenOut": "USDC"} | dict.fromkeys(pair, "5")
    refused(place(client, body), 400, "INVALID_REQUEST", pair[1])


@pytest.mark.parametrize("token", ["XYZ", "So1111", SOL.lower(), "SOL ", "\uff33\uff2f\uff2c", USDC[:-1]])
@pytest.mark.parametrize("side", ["tokenIn", "tokenOut"])
def test_a_token_that_is_not_in_the_list(client: Client, side: str, token: str) -> None:
    refused(place(client, FIVE_SOL | {side: token}), 400, "UNKNOWN_TOKEN")


@pytest.mark.parametrize("token", ["", 5, True, [], {}, "x" * 65, "SO\u0000L", "\ud800"])
@pytest.mark.parametrize("side", ["tokenIn", "tokenOut"])
def test_a_token_that_is_no_name(client: Client, side: str, token: object) -> None:
    refused(place(client, FIVE_SOL | {side: token}), 400, "INVALID_REQUEST", side)


@pytest.mark.parametrize("other", ["SOL", "sol", SOL])
def test_a_token_for_itself(client: Client, other: str) -> None:
    refused(place(client, FIVE_SOL | {"tokenOut": other}), 400, "SAME_TOKEN")


@pytest.mark.parametrize("kind", ["", "stop", "market ", "\uff2d\uff21\uff32\uff2b\uff25\uff34"])
def test_a_type_that_does_not_exist(client: Client, kind: str) -> None:
    refused(place(client, FIVE_SOL | {"type": kind}), 400, "INVALID_REQUEST", "type")


@pytest.mark.parametrize("kind", [5, True, [], {}, "x" * 65])
def test_a_type_that_is_no_word(client: Client, kind: object) -> None:
    refused(place(client, FIVE_SOL | {"type": kind}), 400, "INVALID_REQUEST", "type")


@pytest.mark.parametrize("slippage", ["50", 0.5, 50.0, True, [], -1, 5001, 10**30])
def test_a_slippage_that_is_no_allowed_number_of_basis_points(client: Client, slippage: object) -> None:
    refused(place(client, FIVE_SOL | {"slippageBps": slippage}), 400, "INVALID_REQUEST", "slippageBps")


@pytest.mark.parametrize(
    "moment",
    [
        "",
        "tomorrow",
        "2030-01-01",
        "2030-01-01T00:00:00",
        "2030-13-01T00:00:00Z",
        1893456000,
        True,
        [],
        "9999-12-31T23:59:59-23:59",
        "0001-01-01T00:00:00+23:59",
        "2020-01-01T00:00:00Z",
    ],
)
def test_an_expiry_that_is_no_moment_ahead(client: Client, moment: object) -> None:
    refused(place(client, FIVE_SOL | {"expiresAt": moment}), 400, "INVALID_REQUEST", "expiresAt")


@pytest.mark.parametrize("price", ["0", "-1", "abc", True, [], 1e300])
def test_a_limit_price_that_is_no_price(client: Client, price: object) -> None:
    refused(place(client, FIVE_SOL | {"limitPrice": price}), 400, "INVALID_REQUEST", "limitPrice")


@pytest.mark.parametrize("key", ["", 5, True, [], "x" * 256, "a\nb", "a\u0000b", "\ud800"])
def test_a_client_order_id_that_is_no_key(client: Client, key: object) -> None:
    refused(place(client, FIVE_SOL | {"clientOrderId": key}), 400, "INVALID_REQUEST", "clientOrderId")


@pytest.mark.parametrize("key", ["", "x" * 256, "\x80"])
def test_an_idempotency_key_that_is_none(client: Client, key: str) -> None:
    answer = place(client, FIVE_SOL, **{"Idempotency-Key": key})
    refused(answer, 400, "INVALID_REQUEST", "idempotencyKey")


def test_two_keys_that_differ(client: Client) -> None:
    answer = place(client, FIVE_SOL | {"clientOrderId": "a"}, **{"Idempotency-Key": "b"})
    refused(answer, 400, "INVALID_REQUEST", "clientOrderId")


def test_fields_that_do_not_exist_are_named_without_echoing_control_characters(client: Client) -> None:
    body = refused(place(client, FIVE_SOL | {"slippage": 1, "\ud800": 1}), 400, "INVALID_REQUEST")
    assert body["details"] == {"slippage": "unknown field", "\\ud800": "unknown field"}


def test_all_wrong_fields_are_named_at_once(client: Client) -> None:
    answer = place(client, {"tokenIn": 5, "type": 5, "amountIn": "x"})
    refused(answer, 400, "INVALID_REQUEST", "tokenIn", "tokenOut", "type")


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
    "path", ["/api", "/api/", "/api/nothing", "/api/orders/a/b/c", "/health/x", "/nothing"]
)
@pytest.mark.parametrize("debug", [True, False])
def test_an_address_that_does_not_exist(client: Client, path: str, debug: bool, settings: Any) -> None:
    settings.DEBUG = debug
    if path == "/nothing" and debug:
        pytest.skip("outside /api/ the developer sees Django's page")
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
        *(("status=done", "status"), ("status=pending,", "status"), ("type=stop", "type")),
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
    refused(client.get("/api/orders", headers={"Host": "evil.example"}), 400, "INVALID_REQUEST")


def test_a_fault_of_the_server_gives_a_request_id_and_no_inner_text() -> None:
    for fault in (RuntimeError("secret"), IntegrityError("secret"), KeyError("secret")):
        wire = as_order_error(fault).as_wire()
        assert (wire["code"], list(wire["details"])) == ("INTERNAL", ["requestId"])
        assert "secret" not in json.dumps(wire)


def test_a_fault_in_a_view_is_answered_in_the_same_shape(client: Client, monkeypatch: Any) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("orders.api.order_views.place_order", broken)
    client.raise_request_exception = False
    body = refused(place(client, FIVE_SOL), 500, "INTERNAL", "requestId")
    assert len(body["details"]["requestId"]) == 32


def test_a_database_that_does_not_answer_is_worth_another_try(client: Client, monkeypatch: Any) -> None:
    def down(*_: Any) -> None:
        raise OperationalError("secret")

    monkeypatch.setattr("orders.api.order_views.place_order", down)
    body = refused(place(client, FIVE_SOL), 503, "DATABASE_UNAVAILABLE")
    assert body["retryable"] is True


def test_every_code_is_listed_once_and_in_capitals() -> None:
    codes = known_codes()
    assert {"INVALID_AMOUNT", "NOT_FOUND", "INTERNAL", "TOO_MANY_REQUESTS"} <= set(codes)
    assert all(code == code.upper() for code in codes)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
FIELDS = ("tokenIn", "tokenOut", "amount", "amountIn", "amountInRaw", "type", "slippageBps", "limitPrice")


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from((*FIELDS, "expiresAt", "clientOrderId")) | st.text(), JSON_VALUES))
def test_any_object_is_either_understood_or_refused(payload: dict[str, Any]) -> None:
    try:
        parse_order(read_json(json.dumps(payload)))
    except OrderError as error:
        json.dumps(error.as_wire()).encode()
        assert error.http_status == 400


@settings(max_examples=200, deadline=None)
@given(st.text() | st.binary())
def test_any_text_is_either_json_or_refused(body: str | bytes) -> None:
    try:
        read_json(body)
    except MalformedBody as error:
        assert error.http_status == 400


def test_the_socket_reads_frames_by_the_same_rules() -> None:
    with pytest.raises(MalformedBody):
        frames.read_frame('{"amountIn":NaN}')
