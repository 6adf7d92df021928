"""A web process of its own, on the database and the Valkey of the test run: the real daphne."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

from tests.conftest import _die_with_parent

_START_SECONDS = 60
_STOP_SECONDS = 10


class WebProcess:
    """A running daphne; ``port`` is on 127.0.0.1, ``log`` what it has written."""

    def __init__(self, port: int, process: subprocess.Popen[bytes], log: Path) -> None:
        self.port = port
        self._process = process
        self._log = log

    @property
    def log(self) -> str:
        """What it has logged so far."""
        return self._log.read_text()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def resident_kib(self) -> int:
        """The memory it holds now."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    def socket_url(self, path: str) -> str:
        """The address of a WebSocket endpoint."""
        return f"ws://127.0.0.1:{self.port}{path}"

    def await_up(self) -> None:
        """Returns when it answers over HTTP."""
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/live", timeout=5):
                    return
            except (urllib.error.URLError, OSError) as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"daphne did not start: {self.log}") from error
                time.sleep(0.05)


@contextmanager
def web_process(folder: Path, *arguments: str, **environment: str) -> Iterator[WebProcess]:
    """daphne with these arguments, started as the Procfile does; stopped at the end."""
    port, log = _free_port(), folder / "web.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(port)),
                *(*arguments, "orderengine.asgi:application"),
            ],
            env={**os.environ, **_engine_settings(folder), **environment},
            cwd=settings.BASE_DIR,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=_die_with_parent,
        )
    web = WebProcess(port, process, log)
    try:
        web.await_up()
        yield web
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(60)


def _engine_settings(folder: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": _database_url(),
        "REDIS_URL": settings.REDIS_URL,
        "DATA_DIR": str(folder),
        "ENV_FILE": str(folder / "no.env"),
        "DEBUG": "true",
        "HOST": "127.0.0.1",
    }


def _database_url() -> str:
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    access = f"{database['USER']}:{database['PASSWORD']}".rstrip(":")
    host, port = database["HOST"], f":{database['PORT']}" if database["PORT"] else ""
    folder = "/" if host.startswith("/") else ""
    return f"postgres://{access}@{folder}{host}{port}/{database['NAME']}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
