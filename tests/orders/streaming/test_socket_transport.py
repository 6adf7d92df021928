"""WebSocket endpoints through the real daphne: clients that do not read, do not answer, or send rubbish."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.sync.client import connect

from orders.access.authentication import local_user
from orders.lifecycle import Status
from orders.models import Order
from tests.factories import OrderFactory, advance
from tests.orders.raw_websocket import BINARY, CLOSE, TEXT, RawWebSocket
from tests.orders.web_process import WebProcess, web_process

pytestmark = pytest.mark.django_db(transaction=True)
# Nearly what may wait for one client; forty replays of it are far more.
_LARGE = "x" * 900_000
_REPLAYS = 40
_MOST_GROWTH_KIB = 24 * 1024


@pytest.fixture
def web(tmp_path: Path) -> Iterator[WebProcess]:
    """A web process that is quick to give up on a client that does not read."""
    with web_process(tmp_path, SOCKET_STALL_SECONDS="1") as running:
        yield running


@pytest.fixture(scope="module")
def tired_web(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebProcess]:
    """One for the tests that need no row; quick to give up on a client that does not answer."""
    folder = tmp_path_factory.mktemp("web")
    with web_process(folder, "--ping-interval", "1", "--ping-timeout", "1") as running:
        yield running


def large_order() -> Order:
    return advance(OrderFactory(user=local_user()), Status.ROUTING, note=_LARGE)


def test_a_client_that_reads_nothing_is_dropped_and_others_get_everything(web: WebProcess) -> None:
    order = large_order()
    with connect(web.socket_url(f"/ws/orders/{order.pk}"), max_size=None) as other:
        assert [json.loads(other.recv(10))["sequence"] for _ in range(2)] == [1, 2]
        before = web.resident_kib()
        with RawWebSocket(web.port, "/api/orders/connect", receive_buffer=4096) as stuck:
            for _ in range(_REPLAYS):
                stuck.send_json({"action": "subscribe", "orderId": str(order.pk)})
            advance(order, Status.BUILDING)
            assert json.loads(other.recv(10))["sequence"] == 3
            stuck.await_reset(10)
        advance(order, Status.SUBMITTED)
        assert json.loads(other.recv(10))["sequence"] == 4
    assert web.resident_kib() - before < _MOST_GROWTH_KIB
    assert "ERROR" not in web.log


def test_a_client_that_reads_in_the_end_gets_all_that_it_asked_for(web: WebProcess) -> None:
    order = large_order()
    with RawWebSocket(web.port, "/api/orders/connect", receive_buffer=4096) as slow:
        for _ in range(_REPLAYS):
            slow.send_json({"action": "subscribe", "orderId": str(order.pk)})
        sequences = [slow.receive_json()["sequence"] for _ in range(2 * _REPLAYS)]
    assert sequences == [1, 2] * _REPLAYS


def test_a_peer_that_answers_no_ping_is_dropped_and_one_that_does_stays(tired_web: WebProcess) -> None:
    with connect(tired_web.socket_url("/api/orders/connect")) as alive:
        with RawWebSocket(tired_web.port, "/api/orders/connect") as dead:
            dead.await_end()
        alive.send('{"action":"ping"}')
        assert json.loads(alive.recv(10)) == {"type": "pong"}


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([(TEXT, True, b'{"action":"\xff"}')], 1007),
        ([(TEXT, True, b"\xed\xa0\x80")], 1007),
        ([(TEXT, True, b"x" * (1024 * 1024 + 1))], 1009),
        ([(3, True, b"no such kind of frame")], 1002),
        ([(0, True, b"the rest of nothing")], 1002),
        ([(TEXT, False, b"a"), (TEXT, True, b"b")], 1002),
    ],
)
def test_what_is_no_websocket_message_closes_with_the_protocols_own_code(
    tired_web: WebProcess, frames: list[tuple[int, bool, bytes]], code: int
) -> None:
    with RawWebSocket(tired_web.port, "/api/orders/connect") as socket:
        for opcode, fin, payload in frames:
            socket.send(payload, opcode, fin)
        assert socket.closing_code() == code
    assert "ERROR" not in tired_web.log


def test_a_message_in_fragments_is_one_message(tired_web: WebProcess) -> None:
    with RawWebSocket(tired_web.port, "/api/orders/connect") as socket:
        text = '{"action":"ping","requestId":"é"}'.encode()
        cut = text.index("é".encode()) + 1
        for part, opcode in ((text[:3], TEXT), (b"", 0), (text[3:cut], 0)):
            socket.send(part, opcode, fin=False)
        socket.send(text[cut:], 0)
        assert socket.receive_json() == {"type": "pong", "requestId": "é"}


@pytest.mark.parametrize(
    ("opcode", "payload", "code"),
    [
        (TEXT, b"x" * 16385, "PAYLOAD_TOO_LARGE"),
        (TEXT, "é".encode() * 8193, "PAYLOAD_TOO_LARGE"),
        (TEXT, b"x" + "\N{SWAN}".encode() * 4096, "PAYLOAD_TOO_LARGE"),
        (TEXT, b"x" * (1024 * 1024), "PAYLOAD_TOO_LARGE"),
        (TEXT, b"x" * 16384, "MALFORMED_BODY"),
        (TEXT, b"", "MALFORMED_BODY"),
        (BINARY, b'{"action":"ping"}', "UNSUPPORTED_MEDIA_TYPE"),
        (BINARY, b"\xff" * (1024 * 1024), "UNSUPPORTED_MEDIA_TYPE"),
        (BINARY, b"", "UNSUPPORTED_MEDIA_TYPE"),
    ],
)
def test_a_message_of_the_wrong_size_or_kind_is_answered(
    tired_web: WebProcess, opcode: int, payload: bytes, code: str
) -> None:
    with RawWebSocket(tired_web.port, "/api/orders/connect") as socket:
        socket.send(payload, opcode)
        assert socket.receive_json()["code"] == code
        socket.send_json({"action": "ping"})
        assert socket.receive_json() == {"type": "pong"}
    assert "ERROR" not in tired_web.log


def test_a_flood_is_closed_with_its_code(tired_web: WebProcess) -> None:
    with RawWebSocket(tired_web.port, "/api/orders/connect") as socket:
        for _ in range(1_000):
            socket.send(b'{"action":"ping"}')
        assert socket.closing_code() == 4008
    assert "ERROR" not in tired_web.log


def test_without_its_database_a_handshake_is_answered_with_try_later(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/gone/engine.sqlite3"
    with web_process(tmp_path, DATABASE_URL=url) as web, RawWebSocket(web.port, "/api/orders/ws") as socket:
        refusal = socket.receive_json()
        assert (refusal["type"], refusal["code"]) == ("error", "DATABASE_UNAVAILABLE")
        opcode, payload = socket.receive()
        assert (opcode, int.from_bytes(payload[:2])) == (CLOSE, 1013)
