"""Hostile requests over a real connection: always an answer, in the one error shape, never a fault."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from knox.models import AuthToken

from orders.models import Order
from tests.factories import OrderFactory, UserFactory
from tests.orders.http_line import Answer, HttpLine, http_line

pytestmark = pytest.mark.django_db(transaction=True)
FIVE_SOL = b'{"tokenIn":"SOL","tokenOut":"USDC","amountIn":"5"}'
EXECUTE = "/api/orders/execute"
JSON = {"Content-Type": "application/json"}
CHUNKED = JSON | {"Transfer-Encoding": "chunked"}
LONGEST_HEAD = 16_384


@pytest.fixture(scope="module")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpLine]:
    with http_line(tmp_path_factory.mktemp("web")) as line:
        yield line


@pytest.fixture
def trader(transactional_db: None) -> Any:
    return UserFactory()


@pytest.fixture
def bearer(trader: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {AuthToken.objects.create(trader)[1]}"}


def refused(answer: Answer, status: int, code: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(answer.body)
    assert (answer.status, body["code"]) == (status, code)
    assert body.keys() == {"code", "message", "retryable", "details"}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    return body


def chunked(body: bytes) -> bytes:
    """The body in chunks of seven bytes."""
    parts = [body[start : start + 7] for start in range(0, len(body), 7)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    "path", ["/api/schema/", "/api/docs/", "/health/live", "/static/orders/vendor/uplot/uPlot.esm.js"]
)
def test_head_is_answered_without_a_body_however_long_it_is(web: HttpLine, path: str) -> None:
    told, whole = web.call("HEAD", path), web.call("GET", path)

    assert (told.status, told.body) == (whole.status, b"") == (200, b"")
    assert told.headers["content-length"] == str(len(whole.body))


def test_an_order_in_chunks_is_accepted_as_one_with_a_length(web: HttpLine, bearer: dict[str, str]) -> None:
    answer = web.call("POST", EXECUTE, bearer | CHUNKED, chunked(FIVE_SOL))

    assert (answer.status, json.loads(answer.body)["amountIn"]) == (201, "5")


@pytest.mark.parametrize("size", [65_537, 300_000])
def test_chunks_without_end_are_cut_at_the_cap(web: HttpLine, bearer: dict[str, str], size: int) -> None:
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (size, b" " * size)
    refused(web.call("POST", EXECUTE, bearer | CHUNKED, body), 413, "PAYLOAD_TOO_LARGE")


def test_a_body_without_a_length_is_none(web: HttpLine, bearer: dict[str, str]) -> None:
    body = refused(web.call("POST", EXECUTE, bearer | JSON), 400, "INVALID_REQUEST")
    assert sorted(body["details"]) == ["amountIn", "tokenIn", "tokenOut"]


@pytest.mark.parametrize(
    "body",
    [
        *(b"\xef\xbb\xbf" + FIVE_SOL, b'{"tokenIn":"SO\xffL"}', b"[" * 60_000, b'{"a":' * 12_000),
        *(b'{"amountIn":' + b"9" * 60_000 + b"}", b'{"amountIn":1e99999999999999999999}'),
        *(FIVE_SOL[:-1] + b',"amountIn":"6"}', FIVE_SOL + FIVE_SOL, b"\x00", b"\x1f\x8b\x08\x00"),
    ],
)
def test_bodies_that_are_not_one_json_object(web: HttpLine, bearer: dict[str, str], body: bytes) -> None:
    refused(web.call("POST", EXECUTE, bearer | JSON, body), 400, "MALFORMED_BODY")


@pytest.mark.parametrize(
    "field",
    [
        *(rb'"clientOrderId":"\u0000"', rb'"clientOrderId":"\ud800"', rb'"type":"mark\u0000et"'),
        *(rb'"expiresAt":"\ud800"', rb'"limitPrice":1e400', rb'"slippageBps":1e400', rb'"\u0000":1'),
    ],
)
def test_text_and_numbers_that_a_database_cannot_hold(
    web: HttpLine, bearer: dict[str, str], field: bytes
) -> None:
    body = FIVE_SOL[:-1] + b"," + field + b"}"
    refused(web.call("POST", EXECUTE, bearer | JSON, body), 400, "INVALID_REQUEST")
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        '\xff/;;;="',
        "application/json2",
    ],
)
def test_a_media_type_that_is_not_json(web: HttpLine, bearer: dict[str, str], kind: str) -> None:
    answer = web.call("POST", EXECUTE, bearer | {"Content-Type": kind}, FIVE_SOL)
    refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("charset", ["utf-16", "zlib", "idna", "\xe9", "'"])
def test_a_charset_changes_nothing_because_json_is_utf_8(
    web: HttpLine, bearer: dict[str, str], charset: str
) -> None:
    kind = {"Content-Type": f"application/json; charset={charset}"}
    assert web.call("POST", EXECUTE, bearer | kind, FIVE_SOL).status == 201


@pytest.mark.parametrize("key", ["k" * 256, "k" * 16_000, "a\x80"])
def test_an_idempotency_key_that_is_none(web: HttpLine, bearer: dict[str, str], key: str) -> None:
    answer = web.call("POST", EXECUTE, bearer | JSON | {"Idempotency-Key": key}, FIVE_SOL)
    refused(answer, 400, "INVALID_REQUEST")


def test_a_key_beyond_ascii_is_read_as_utf_8(web: HttpLine, bearer: dict[str, str]) -> None:
    key = {"Idempotency-Key": "café".encode().decode("latin-1")}
    first, again = (web.call("POST", EXECUTE, bearer | JSON | key, FIVE_SOL) for _ in range(2))
    latin = web.call("POST", EXECUTE, bearer | JSON | {"Idempotency-Key": "caf\xe9"}, FIVE_SOL)

    assert (first.status, again.status) == (201, 200)
    assert json.loads(again.body)["clientOrderId"] == "café"
    refused(latin, 400, "INVALID_REQUEST")


def test_two_keys_in_two_headers_are_refused(web: HttpLine, bearer: dict[str, str]) -> None:
    # Names of headers are the same in every letter case; a server may join what has one name.
    keys = {"Idempotency-Key": "one", "idempotency-key": "two"}
    refused(web.call("POST", EXECUTE, bearer | JSON | keys, FIVE_SOL), 400, "INVALID_REQUEST")


@pytest.mark.parametrize("head", ["/api/orders/" + "a" * LONGEST_HEAD, "/api/orders?limit=" + "9" * 200_000])
def test_a_request_line_that_is_too_long(web: HttpLine, bearer: dict[str, str], head: str) -> None:
    refused(web.call("GET", head, bearer), 413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    "headers", [{"X-Long": "x" * LONGEST_HEAD}, {f"X-{number}": "x" for number in range(600)}]
)
def test_headers_that_are_too_many_or_too_long(web: HttpLine, headers: dict[str, str]) -> None:
    refused(web.call("POST", EXECUTE, headers, FIVE_SOL), 413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    "request_bytes",
    [
        *(b"nonsense\r\n\r\n", b"\x16\x03\x01\x02\x00\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"),
        *(b"G\xffT / HTTP/1.1\r\n\r\n", b"GET /\xff HTTP/1.1\r\n\r\n", b"GET /?\xff HTTP/1.1\r\n\r\n"),
        *(b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"GET / HTTP/1.1\r\nX Y: 1\r\n\r\n"),
        *(b"GET / HTTP/1.1\r\nX: a\x00b\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n"),
        *(
            b"POST / HTTP/1.1\r\nContent-Length: 5x\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ),
    ],
)
def test_what_is_not_http_is_answered_and_the_line_closed(web: HttpLine, request_bytes: bytes) -> None:
    refused(web.send(request_bytes), 400, "INVALID_REQUEST")


def test_a_header_value_with_control_characters(web: HttpLine, bearer: dict[str, str]) -> None:
    refused(web.call("GET", "/api/orders", bearer | {"X-Any": "\x85"}), 400, "INVALID_REQUEST")


@pytest.mark.parametrize("value", ["/elsewhere", "\xff", "%ff"])
def test_a_client_does_not_move_the_application(web: HttpLine, bearer: dict[str, str], value: str) -> None:
    order = bearer | JSON | {"Daphne-Root-Path": value}
    answer = web.call("POST", EXECUTE, order, FIVE_SOL)

    assert answer.status == 201
    assert answer.headers["location"].startswith("http://127.0.0.1/api/orders/")


@pytest.mark.parametrize("path", ["/", "/api/orders", "/admin/"])
@pytest.mark.parametrize("session", ['"' + r"\000" * 32 + '"', "\xff" * 32, "'" * 32, "a" * 4_000])
def test_a_session_that_cannot_exist_is_none(web: HttpLine, path: str, session: str) -> None:
    answer = web.call("GET", path, {"Cookie": f"sessionid={session}"})
    assert answer.status == {"/": 200, "/api/orders": 401, "/admin/": 302}[path]


@pytest.mark.parametrize("token", ["a" * 12_000, "\xe9\xe9", "..%00", '"'])
def test_a_token_that_cannot_exist(web: HttpLine, token: str) -> None:
    answer = web.call("GET", "/api/orders", {"Authorization": f"Bearer {token}"})
    refused(answer, 401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    "path",
    [
        *("%00", "%ff%fe", "%2e%2e", "..%2f..%2fetc%2fpasswd", "a" * 15_000, "{}", "1" * 33),
        "0" * 31 + "%D9%A3",
    ],
)
def test_an_order_id_that_is_none(web: HttpLine, bearer: dict[str, str], path: str) -> None:
    refused(web.call("GET", f"/api/orders/{path}", bearer), 404, "NOT_FOUND")
    refused(web.call("POST", f"/api/orders/{path}/cancel", bearer), 404, "NOT_FOUND")


@pytest.mark.parametrize(
    "path",
    [
        *("/static/%00", "/static/../manage.py", "/static/%2e%2e/%2e%2e/manage.py", "/static//etc/passwd"),
        *("/api/orders/%2e%2e/%2e%2e/etc/passwd", "http://evil.example/api/orders", "*", "/.env", "//"),
    ],
)
def test_addresses_that_lead_nowhere(web: HttpLine, bearer: dict[str, str], path: str) -> None:
    refused(web.call("GET", path, bearer), 404, "NOT_FOUND")


@pytest.mark.parametrize("path", ["/", "/metrics", "/api/orders", "/health", "/api/schema/"])
@pytest.mark.parametrize("method", ["FOO", "TRACE", "CONNECT", "PATCH"])
def test_methods_that_are_not_offered(web: HttpLine, bearer: dict[str, str], method: str, path: str) -> None:
    answer = web.call(method, path, bearer)
    refused(answer, 405, "METHOD_NOT_ALLOWED")
    assert "GET" in answer.headers["allow"]


def test_head_and_options_are_answered_without_an_order(web: HttpLine, trader: Any) -> None:
    bearer = {"Authorization": f"Bearer {AuthToken.objects.create(trader)[1]}"}
    order = OrderFactory(user=trader)
    for path in ("/api/orders", f"/api/orders/{order.pk}", "/health/live", "/", "/metrics"):
        head = web.call("HEAD", path, bearer)
        assert (head.status, head.body) == (200, b"")
    assert web.call("OPTIONS", EXECUTE, bearer).status == 200
    assert Order.objects.count() == 1


@pytest.mark.parametrize("host", ["", "a b", "evil.example", "127.0.0.1:x", "[::", "\xff"])
def test_a_host_that_is_not_ours(web: HttpLine, bearer: dict[str, str], host: str) -> None:
    refused(web.call("GET", "/api/orders", bearer | {"Host": host}), 400, "INVALID_REQUEST")


@pytest.mark.parametrize("origin", ["http://[", "\xff", "null", "http://evil.example:99999999"])
def test_an_origin_that_makes_no_sense_gets_no_leave(web: HttpLine, origin: str) -> None:
    answer = web.call("POST", EXECUTE, JSON | {"Origin": origin}, FIVE_SOL)
    refused(answer, 401, "UNAUTHENTICATED")
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=99999999999999999999", "limit"),
        ("limit=1&limit=2", "limit"),
        ("status=pending&status=failed", "status"),
        ("cursor=" + "A" * 10_000, "cursor"),
        ("cursor=bnwwMDAxLTAxLTAxVDAwOjAwOjAwKzIzOjU5fDAw", "cursor"),
        ("since=0001-01-01T00:00:00%2B23:59", "since"),
        ("since=99999-01-01T00:00:00Z", "since"),
        ("until=2026-01-01T00:00:00%2B99:99", "until"),
        ("clientOrderId=%ff%00", "clientOrderId"),
        ("dex=%00", "dex"),
    ],
)
def test_queries_that_make_no_sense(web: HttpLine, bearer: dict[str, str], query: str, field: str) -> None:
    body = refused(web.call("GET", f"/api/orders?{query}", bearer), 400, "INVALID_REQUEST")
    assert list(body["details"]) == [field]


def test_more_query_names_than_anybody_needs(web: HttpLine, bearer: dict[str, str]) -> None:
    query = "&".join(f"a{number}=" for number in range(1_100))
    refused(web.call("GET", f"/api/orders?{query}", bearer), 400, "INVALID_REQUEST")
