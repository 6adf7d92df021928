"""An engine of its own for the browser: `manage.py run_engine` in a folder of its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from tests.localnet_process import free_port_pair

ROOT = Path(__file__).resolve().parent.parent.parent
_START_SECONDS = 120
_STOP_SECONDS = 20
_COMMAND_SECONDS = 60


class BrowsedEngine:
    """A running engine; ``url`` is its page. Use it as a context manager."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.data_dir = folder / "data"
        self.url = ""
        self._output = folder / "output"
        self._environment = environment

    def __enter__(self) -> BrowsedEngine:
        port = free_port_pair()
        own = {
            "DATA_DIR": str(self.data_dir),
            "PORT": str(port),
            "LOCALNET_PORT": str(free_port_pair()),
            "ENV_FILE": str(self.data_dir / "no.env"),
        }
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                (sys.executable, str(ROOT / "manage.py"), "run_engine"),
                env=_inherited() | own | self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.url = f"http://127.0.0.1:{port}"
        try:
            self._await_up()
        except BaseException:
            # Nobody else ends it then.
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(60)

    def kill(self, part: str) -> None:
        """Kill a part ("web", "localnet"); the engine starts another one in its place."""
        os.kill(int((self.data_dir / "run" / f"{part}.pid").read_text()), signal.SIGKILL)

    def manage(self, *arguments: str, **environment: str) -> str:
        """What a management command on the engine's data prints."""
        settings = {"DATA_DIR": str(self.data_dir), "ENV_FILE": str(self.data_dir / "no.env")}
        command = (sys.executable, str(ROOT / "manage.py"), *arguments)
        surroundings = _inherited() | settings | self._environment | environment
        run = subprocess.run(
            command, env=surroundings, check=True, capture_output=True, text=True, timeout=_COMMAND_SECONDS
        )
        return run.stdout

    def add_staff(self, name: str) -> None:
        """Make a superuser whose password is its name."""
        arguments = ("--noinput", f"--username={name}", "--email=")
        self.manage("createsuperuser", *arguments, DJANGO_SUPERUSER_PASSWORD=name)

    async def get(self, path: str) -> Any:
        """The JSON at an address of the API."""
        return await asyncio.to_thread(self._ask, path, None)

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        """The JSON that answers a JSON body."""
        return await asyncio.to_thread(self._ask, path, body)

    def _ask(self, path: str, body: dict[str, Any] | None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def _await_up(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while " is up " not in self._output.read_text():
            assert self._process.poll() is None, self._output.read_text()
            assert time.monotonic() < deadline, self._output.read_text()
            time.sleep(0.05)


def _inherited() -> dict[str, str]:
    """What its processes take from the test run, whose own database and Redis are not the engine's."""
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
