"""The databases that the faults are tried on: a SQLite file, or a PostgreSQL that can be stopped."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg

from orders.proving.soak.waiting import eventually
from tests import postgres


class StoppablePostgres:
    """A running server that can be stopped the hard way and started again."""

    def __init__(self, url: str) -> None:
        self._folder = Path(url.removeprefix("postgres://postgres@/").removesuffix("/postgres"))
        self._data = self._folder / "data"
        self._again: subprocess.Popen[bytes] | None = None

    def create(self) -> str:
        """The address of a fresh database on it."""
        name = f"faults_{uuid4().hex[:12]}"
        with psycopg.connect(
            host=str(self._folder), user="postgres", dbname="postgres", autocommit=True
        ) as server:
            server.execute(f"CREATE DATABASE {name}")
            # The throw-away server forgets commits when it is killed; these tests are about just that.
            server.execute(f"ALTER DATABASE {name} SET synchronous_commit = on")
        return f"postgres://postgres@/{self._folder}/{name}"

    def cut_connections(self, url: str) -> None:
        """End every session on a database, whatever it is in the midst of."""
        with psycopg.connect(
            host=str(self._folder), user="postgres", dbname="postgres", autocommit=True
        ) as server:
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                [url.rpartition("/")[2]],
            )

    def stop_immediately(self) -> None:
        """PostgreSQL's immediate shutdown: as a crash, connections break off."""
        pid = int((self._data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)
        if self._again is not None:
            self._again.wait(30)
        eventually(lambda: not (self._data / "postmaster.pid").exists(), 30, "PostgreSQL stopped")

    def start(self) -> None:
        """Start it with the options that it had; returns when it answers."""
        command = shlex.split((self._data / "postmaster.opts").read_text())
        owner = self._data.owner()
        with (self._folder / "server.log").open("ab") as log:
            self._again = subprocess.Popen(
                command,
                **postgres._as_user(None if os.geteuid() else owner),
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=postgres._die_with_parent,
            )
        eventually(self._answers, 30, "PostgreSQL answers")

    def end(self) -> None:
        """Stop what was started here for good."""
        if self._again is not None and self._again.poll() is None:
            self._again.send_signal(signal.SIGINT)
            self._again.wait(30)

    def _answers(self) -> bool:
        try:
            psycopg.connect(host=str(self._folder), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def stoppable_postgres() -> Iterator[StoppablePostgres]:
    """A server of these tests alone."""
    with postgres.postgres_server() as url:
        server = StoppablePostgres(url)
        try:
            yield server
        finally:
            server.end()
