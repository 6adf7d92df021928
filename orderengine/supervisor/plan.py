"""What to start, read from the environment once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from orderengine.supervisor.errors import CannotStartError

DEFAULT_LOCALNET_PORT = 8899


@dataclass(frozen=True, slots=True)
class EnginePlan:
    """The settings of one engine. ``None`` for a URL means: start the embedded part."""

    host: str
    port: int
    data_dir: Path
    database_url: str | None
    redis_url: str | None
    solana_rpc_url: str | None
    workers: int
    worker_concurrency: int
    localnet_port: int
    localnet_traders: int
    localnet_launches: int
    localnet_rivals: int

    @property
    def reachable_host(self) -> str:
        """The address under which this machine reaches the web server."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)  # noqa: S104

    @property
    def url(self) -> str:
        """The web server's address for people on this machine."""
        host = f"[{self.reachable_host}]" if ":" in self.reachable_host else self.reachable_host
        return f"http://{host}:{self.port}"


def read_plan(environment: Mapping[str, str], data_dir: Path) -> EnginePlan:
    """Read the plan. Empty variables count as unset.

    Raises CannotStartError for a number that is none or is out of range, and for a network name
    that the embedded chain cannot be.
    """
    plan = EnginePlan(
        host=environment.get("HOST") or "127.0.0.1",
        port=_whole_number(environment, "PORT", 8000, 1, 65535),
        data_dir=data_dir,
        database_url=environment.get("DATABASE_URL") or None,
        redis_url=_redis_url(environment),
        solana_rpc_url=environment.get("SOLANA_RPC_URL") or None,
        workers=_whole_number(environment, "WORKERS", 2, 1, 64),
        worker_concurrency=_whole_number(environment, "WORKER_CONCURRENCY", 2, 1, 256),
        localnet_port=_whole_number(environment, "LOCALNET_PORT", DEFAULT_LOCALNET_PORT, 1, 65534),
        localnet_traders=_whole_number(environment, "LOCALNET_TRADERS", 0, 0, 64),
        localnet_launches=_whole_number(environment, "LOCALNET_LAUNCHES", 0, 0, 86_400),
        localnet_rivals=_whole_number(environment, "LOCALNET_RIVALS", 0, 0, 64),
    )
    network = environment.get("SOLANA_NETWORK") or "localnet"
    if plan.solana_rpc_url is None and network != "localnet":
        raise CannotStartError(
            f"SOLANA_NETWORK={network} needs SOLANA_RPC_URL: the embedded chain is localnet"
        )
    return plan


def public_address(url: str) -> str:
    """A URL as it may be shown: without user, password, path or key (RPC providers put keys in the path)."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return parts.path
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}"


def _redis_url(environment: Mapping[str, str]) -> str | None:
    if environment.get("REDIS_URL"):
        return environment["REDIS_URL"]
    if not (environment.get("REDIS_HOST") or environment.get("REDIS_PORT")):
        return None
    port = _whole_number(environment, "REDIS_PORT", 6379, 1, 65535)
    return f"redis://{environment.get('REDIS_HOST') or '127.0.0.1'}:{port}/0"


def _whole_number(environment: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise CannotStartError(f"{name}={text} is not a whole number from {low} to {high}")
    return int(text)
