"""One engine for all tests that are clients of one; faults of its chain can be switched on.

Of this package and not of the session: an engine that has nothing left to do still costs a tenth of a core.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from examples.client import EngineClient
from tests.e2e.engine import ROOT, RunningEngine


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    """A running engine as `script/server` starts it on a copy of .env.example, with faster slots."""
    folder = tmp_path_factory.mktemp("served")
    settings = shutil.copy(ROOT / ".env.example", folder / ".env")
    running = RunningEngine(folder, ENV_FILE=str(settings), LOCALNET_ARGS="--allow-faults --slot-ms 100")
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
