"""A RabbitMQ of one's own, from the machine's packages."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import amqp

from orders.proving.soak.rig import free_port
from orders.proving.soak.waiting import eventually

# The one on PATH changes to another user; this one runs as anyone who starts it.
SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
_START_SECONDS = 60


def connection(port: int) -> amqp.Connection:
    """An open connection to it; raises OSError when it does not answer."""
    found = amqp.Connection(f"127.0.0.1:{port}", connect_timeout=2)
    found.connect()
    return found


@contextmanager
def rabbitmq(folder: Path) -> Iterator[int]:
    """Start it with its data in ``folder``; gives its port, and ends it with the name server it brings."""
    port, names = free_port(2), free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "ERL_EPMD_PORT": str(names),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"fleet{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(port + 1),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONF_ENV_FILE": os.devnull,
    }
    with (folder / "output").open("wb") as output:
        server = subprocess.Popen(
            (str(SERVER),), env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        eventually(lambda: _answers(port), _START_SECONDS, lambda: (folder / "output").read_text())
        yield port
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        epmd = shutil.which("epmd")
        if epmd is not None:
            # It serves until no node is registered any more, which it learns a moment later.
            kill = (epmd, "-port", str(names), "-kill")
            eventually(
                lambda: subprocess.run(kill, capture_output=True, check=False, timeout=120).returncode == 0,
                20,
                "epmd ended",
            )


def _answers(port: int) -> bool:
    try:
        connection(port).close()
    except (OSError, amqp.AMQPError):
        return False
    return True
