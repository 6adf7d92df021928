"""One engine for all tests that are clients of one; faults of its chain can be switched on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from examples.client import EngineClient
from tests.e2e.engine import RunningEngine


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    """A running engine as `script/server` starts it, with faster slots."""
    running = RunningEngine(tmp_path_factory.mktemp("served"), LOCALNET_ARGS="--allow-faults --slot-ms 100")
    try:
        running.await_up()
        yield running
    finally:
        running.stop()


@pytest.fixture
def client(served: RunningEngine) -> Iterator[EngineClient]:
    """The example client at that engine."""
    with EngineClient(served.url) as connected:
        yield connected
