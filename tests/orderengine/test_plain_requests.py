"""Plain requests over real connections: whole, in pieces, one behind another, beside what is not plain."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from knox.models import AuthToken

from orderengine.plain_requests import Answering, read_head
from orders.api.plain_orders import PlainAnswer, PlainRequest
from orders.models import Order
from orders.proving.soak.waiting import eventually
from tests.factories import UserFactory
from tests.orders.http_line import HttpLine, http_line

START = b"POST /api/orders/execute HTTP/1.1\r\n"
LEAST = b"Host: h\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
BODY = b'{"tokenIn":"SOL","tokenOut":"USDC","amountIn":"5"}'


def test_a_head_is_read_with_names_in_lower_case() -> None:
    found = read_head(START + LEAST + b"Idempotency-Key: \t k \r\n\r\n{}more")
    assert found is not None
    headers, begin = found
    assert headers == {
        "host": "h",
        "content-type": "application/json",
        "content-length": "2",
        "idempotency-key": "k",
    }
    assert begin == len(START + LEAST) + len(b"Idempotency-Key: \t k \r\n\r\n")


@pytest.mark.parametrize(
    "head",
    [
        START.replace(b"POST", b"PUT") + LEAST + b"\r\n",
        START.replace(b"execute", b"execute?a=b") + LEAST + b"\r\n",
        START.replace(b"1.1", b"1.0") + LEAST + b"\r\n",
        START + LEAST,
        START + LEAST + b"Host: h\r\n\r\n",
        START + LEAST + b"Cookie: a=b\r\n\r\n",
        START + LEAST + b"Origin: http://h\r\n\r\n",
        START + LEAST + b"Transfer-Encoding: chunked\r\n\r\n",
        START + LEAST + b"Expect: 100-continue\r\n\r\n",
        START + LEAST + b"Connection: close\r\n\r\n",
        START + LEAST + b"Accept: text/html\r\n\r\n",
        START + LEAST + b"Accept: application/json; indent=4, */*\r\n\r\n",
        START + LEAST + b"User-Agent: a\x00b\r\n\r\n",
        START + LEAST + b" folded\r\n\r\n",
        START + LEAST + b"User-Agent : a\r\n\r\n",
        START + LEAST.replace(b": 2", b": 2, 2") + b"\r\n",
        START + LEAST.replace(b": 2", b": -2") + b"\r\n",
        START + LEAST.replace(b": 2", b": 65537") + b"\r\n",
        START + LEAST.replace(b"application/json", b"text/plain") + b"\r\n",
        START + LEAST + b"User-Agent: " + b"a" * 8_192 + b"\r\n\r\n",
    ],
)
def test_another_head_is_not_plain(head: bytes) -> None:
    assert read_head(head) is None


@pytest.fixture(scope="module")
def web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpLine]:
    with http_line(tmp_path_factory.mktemp("web")) as line:
        yield line


@pytest.fixture
def head(transactional_db: None) -> bytes:
    token = AuthToken.objects.create(UserFactory())[1]
    return (
        START
        + b"Host: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: Bearer "
        + token.encode()
    )


def post(head: bytes, body: bytes = BODY, *more: bytes) -> bytes:
    return b"\r\n".join([head, *more, b"Content-Length: %d" % len(body), b"", body])


class Line:
    """A connection on which bytes are sent as they are given, and answers read one by one."""

    def __init__(self, opened: socket.socket) -> None:
        self.socket = opened
        self._file = self.socket.makefile("rb")

    def answer(self) -> tuple[int, dict[str, str], dict[str, Any]]:
        status = int(self._file.readline().split()[1])
        headers: dict[str, str] = {}
        while (line := self._file.readline().strip()) != b"":
            name, _, value = line.decode().partition(": ")
            headers[name.lower()] = value
        return status, headers, json.loads(self._file.read(int(headers["content-length"])))


@pytest.fixture
def line(web: HttpLine) -> Iterator[Line]:
    opened = Line(web.connected())
    yield opened
    opened.socket.close()


@pytest.mark.parametrize("error", [OSError(24, "Too many open files"), MemoryError(), KeyError("a fault")])
def test_whatever_goes_wrong_the_view_is_asked(error: Exception) -> None:
    def fail(_: Sequence[PlainRequest]) -> list[PlainAnswer | None]:
        raise error

    requests = [PlainRequest("127.0.0.1", secure=False, headers={}, body=BODY)] * 3
    assert Answering(fail)._answers(requests) == [None, None, None]


def test_a_plain_order_is_accepted(line: Line, head: bytes) -> None:
    line.socket.sendall(post(head))
    status, headers, body = line.answer()
    assert (status, body["amountIn"]) == (201, "5")
    assert headers["location"] == f"http://127.0.0.1/api/orders/{body['orderId']}"
    assert headers["server"] == "daphne"


@pytest.mark.parametrize("cut", [20, 60, -10, -len(BODY)])
def test_an_order_in_two_pieces_is_accepted(line: Line, head: bytes, cut: int) -> None:
    whole = post(head)
    line.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.socket.sendall(whole[:cut])
    line.socket.sendall(whole[cut:])
    assert line.answer()[0] == 201
    line.socket.sendall(whole)
    assert line.answer()[0] == 201


def test_orders_one_behind_another_are_answered_in_turn(line: Line, head: bytes) -> None:
    keys = [f"k{number}" for number in range(30)]
    line.socket.sendall(b"".join(post(head, BODY, f"Idempotency-Key: {key}".encode()) for key in keys))
    answers = [line.answer() for _ in keys]
    assert [status for status, _, _ in answers] == [201] * len(keys)
    assert [body["clientOrderId"] for _, _, body in answers] == keys


def test_a_key_that_was_used_for_another_order_is_answered(line: Line, head: bytes) -> None:
    key = b"Idempotency-Key: used"
    other = BODY.replace(b'"5"', b'"6"')
    line.socket.sendall(post(head, BODY, key) + post(head, other, key) + post(head, BODY, key))
    answers = [line.answer() for _ in range(3)]
    assert [status for status, _, _ in answers] == [201, 422, 200]
    assert answers[1][2]["code"] == "IDEMPOTENCY_MISMATCH"


def test_what_is_not_plain_takes_its_turn(line: Line, head: bytes) -> None:
    requests = [
        post(head),
        post(head, b"{}"),
        b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        post(head, BODY, b"Origin: http://127.0.0.1"),
        post(head),
    ]
    line.socket.sendall(b"".join(requests))
    assert [line.answer()[0] for _ in requests] == [201, 400, 200, 201, 201]


def test_a_caller_that_hangs_up_has_its_order(web: HttpLine, line: Line, head: bytes) -> None:
    with web.connected() as other:
        other.sendall(post(head, BODY, b"Idempotency-Key: gone"))
    eventually(lambda: Order.objects.filter(client_order_id="gone").exists(), 20, "the order on record")
    line.socket.sendall(post(head, BODY, b"Idempotency-Key: gone"))
    status, headers, _ = line.answer()
    assert (status, headers["idempotent-replayed"]) == (200, "true")
    assert Order.objects.count() == 1
