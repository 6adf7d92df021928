"""Clients that drop off, read nothing, or ask for what is not theirs (rows 30 and 31)."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import httpx2
import pytest
from django.conf import settings
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from orders.proving.soak.rig import Rig
from orders.proving.soak.waiting import eventually
from tests.faults.load import orders_coming_in

pytestmark = pytest.mark.faults

# What one client that reads nothing may cost the server.
MOST_KIB = 60 * 1024
NEW_USER = """
from django.contrib.auth.models import User
from knox.models import AuthToken
from orders.access.permissions import let_trade
user, _ = User.objects.get_or_create(username="stranger")
let_trade(user)
print("token", AuthToken.objects.create(user)[1])
"""


def websocket(rig: Rig, path: str, **options: Any) -> ClientConnection:
    return connect(rig.client.url.replace("http", "ws") + path, **options)


def events_until_final(socket: ClientConnection) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = []
    while not seen or seen[-1]["status"] not in ("confirmed", "failed"):
        message = json.loads(socket.recv(timeout=30))
        assert message["type"] == "update", message
        seen.append(message)
    return seen


def stranger_token(rig: Rig) -> str:
    answer = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-v", "0", "-c", NEW_USER],
        env=rig.environment(),
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return answer.stdout.split()[-1]


def test_a_client_that_drops_off_and_comes_back_sees_every_event_once(rig: Rig) -> None:
    rig.chain.fault("sendTransaction", "swallow", count=2)
    with websocket(rig, "/api/orders/connect") as first:
        first.send(
            json.dumps({"action": "execute_order", "tokenIn": "SOL", "tokenOut": "USDC", "amountIn": 1})
        )
        seen = [json.loads(first.recv(timeout=30)) for _ in range(2)]
    order_id = seen[0]["orderId"]
    rig.valkey.kill()
    rig.valkey.start()
    with websocket(rig, "/api/orders/connect") as second:
        last = seen[-1]["sequence"]
        second.send(json.dumps({"action": "subscribe", "orderId": order_id, "after": last}))
        seen += events_until_final(second)
    assert [event["sequence"] for event in seen] == list(range(1, len(seen) + 1))
    assert seen[-1]["status"] == "confirmed"


def test_a_stream_lives_through_a_redis_that_is_restarted_empty(rig: Rig) -> None:
    with websocket(rig, "/api/orders/connect") as stream:
        rig.valkey.kill()
        stream.send(
            json.dumps({"action": "execute_order", "tokenIn": "SOL", "tokenOut": "USDC", "amountIn": 1})
        )
        first = json.loads(stream.recv(timeout=30))
        rig.valkey.start()
        seen = [first, *events_until_final(stream)]
    assert [event["sequence"] for event in seen] == list(range(1, len(seen) + 1))


def test_a_client_that_reads_nothing_costs_the_server_little(rig: Rig) -> None:
    before = resident_kib(rig)
    with websocket(rig, "/api/orders/ws", max_queue=1, close_timeout=1), orders_coming_in(rig, 100):
        pass
    assert resident_kib(rig) - before < MOST_KIB


def test_orders_of_others_do_not_exist(rig: Rig) -> None:
    order_id = rig.client.place()
    rig.client.await_confirmed(order_id)
    headers = {"Authorization": f"Bearer {stranger_token(rig)}"}
    for path in (f"/api/orders/{order_id}", f"/api/orders/{order_id}/events"):
        assert httpx2.get(rig.client.url + path, headers=headers).status_code == 404
    cancelled = httpx2.post(f"{rig.client.url}/api/orders/{order_id}/cancel", headers=headers)
    assert cancelled.status_code == 404
    with websocket(rig, "/api/orders/connect", additional_headers=headers) as stream:
        stream.send(json.dumps({"action": "subscribe", "orderId": str(order_id)}))
        assert json.loads(stream.recv(timeout=10))["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://elsewhere.example"}, {"Authorization": "Bearer no-such-token"}]
)
def test_a_handshake_from_elsewhere_or_with_a_wrong_token_is_refused(
    rig: Rig, headers: dict[str, str]
) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        websocket(rig, "/api/orders/connect", additional_headers=headers)
    assert refusal.value.response.status_code == 403


def resident_kib(rig: Rig) -> int:
    return int(rig.web.status_file().read_text().partition("VmRSS:")[2].split()[0])


def test_health_tells_how_long_the_oldest_order_waits(rig: Rig) -> None:
    for worker in rig.workers:
        worker.freeze()
    order_id = rig.client.place()

    def oldest() -> int:
        checks = httpx2.get(f"{rig.client.url}/health", timeout=10).json()["checks"]
        return int(checks["oldestDueOrderSeconds"])

    eventually(lambda: oldest() >= 2, 20, "the order's age shows")
    for worker in rig.workers:
        worker.thaw()
    rig.client.await_confirmed(order_id)
    eventually(lambda: oldest() == 0, 20, "no order waits")
