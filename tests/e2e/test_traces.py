"""Traces of a running engine: an order from web through a worker; and without a collector nothing of them."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from solders.keypair import Keypair

from examples.client import EngineClient
from tests.e2e.engine import ROOT, RunningEngine, until

if TYPE_CHECKING:
    from tests.otlp_collector import Seen

pytestmark = pytest.mark.e2e

needs_otel = pytest.mark.skipif(
    importlib.util.find_spec("opentelemetry") is None, reason="requirements-otel.txt is not installed"
)
CALLER_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
COLLECTOR_KEY = "a-collectors-key-0123456789"
# In the place of OpenTelemetry: notes who imports it, and is not there.
ABSENT = """
import sys
from pathlib import Path
frame = sys._getframe(1)
while "importlib" in frame.f_code.co_filename:
    frame = frame.f_back
with Path(__file__).with_name("importers").open("a") as importers:
    importers.write(frame.f_code.co_filename + chr(10))
raise ModuleNotFoundError("No module named 'opentelemetry'", name="opentelemetry")
"""


@pytest.fixture
def without_otel(tmp_path: Path) -> Path:
    """A folder for PYTHONPATH with which OpenTelemetry cannot be imported, by anyone who tries."""
    package = tmp_path / "absent" / "opentelemetry"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(ABSENT)
    return package.parent


def importers(without_otel: Path) -> set[str]:
    """Packages of the environment that tried; a file of the engine's own is named by its path."""
    note = without_otel / "opentelemetry" / "importers"
    files = note.read_text().split() if note.exists() else []
    return {file.partition("site-packages/")[2].partition("/")[0] or file for file in files}


def place_and_await_end(engine: RunningEngine) -> UUID:
    body = json.dumps({"tokenIn": "SOL", "tokenOut": "USDC", "amountIn": "1"}).encode()
    headers = {"Content-Type": "application/json", "traceparent": f"00-{CALLER_TRACE}-00f067aa0ba902b7-01"}
    request = urllib.request.Request(f"{engine.url}/api/orders/execute", body, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        order_id = UUID(json.load(answer)["orderId"])
    with EngineClient(engine.url) as client:
        until(lambda: client.order(str(order_id))["status"] == "confirmed", 30, engine.said)
    return order_id


def written(engine: RunningEngine) -> bytes:
    return b"".join(path.read_bytes() for path in (engine.data_dir / "logs").iterdir())


@needs_otel
def test_an_order_is_followed_from_web_through_a_worker_and_no_key_is_logged(tmp_path: Path) -> None:
    from tests.otlp_collector import Collector

    collector = Collector()
    # Nothing goes out by itself within this test: what arrives was sent at the end of the processes.
    engine = RunningEngine(
        tmp_path,
        LOG_LEVEL="DEBUG",
        LOCALNET_ARGS="--slot-ms 100",
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_EXPORTER_OTLP_HEADERS=f"Authorization=Bearer%20{COLLECTOR_KEY}",
        OTEL_BSP_SCHEDULE_DELAY="3600000",
    )
    try:
        engine.await_up()
        order_id = place_and_await_end(engine)
        assert collector.spans() == []
        engine.stop()
    finally:
        engine.stop()
        collector.stop()

    spans = collector.spans()
    assert_one_story(spans, order_id)
    assert {headers["authorization"] for headers in collector.headers} == {f"Bearer {COLLECTOR_KEY}"}
    assert COLLECTOR_KEY.encode() not in written(engine)


def assert_one_story(spans: list[Seen], order_id: UUID) -> None:
    story = [span for span in spans if span.trace == order_id.hex and span.kind == "INTERNAL"]
    assert [(span.name, span.service) for span in story] == [
        ("accept", "order-engine-web"),
        *((name, "order-engine-worker") for name in ("route", "build", "submit", "settle")),
    ]
    [request] = [span for span in spans if span.trace == CALLER_TRACE]
    assert (request.name, request.links) == ("POST /api/orders/execute", ((order_id.hex, order_id.hex[16:]),))


def test_without_a_collector_the_engine_imports_no_opentelemetry(tmp_path: Path, without_otel: Path) -> None:
    engine = RunningEngine(tmp_path, LOCALNET_ARGS="--slot-ms 100", PYTHONPATH=str(without_otel))
    try:
        engine.await_up()
        place_and_await_end(engine)
    finally:
        engine.stop()
    # redis-py looks for its metrics by itself.
    assert importers(without_otel) <= {"redis"}


@pytest.mark.parametrize(
    "command",
    [
        ("manage.py", "check"),
        ("-m", "daphne", "-p", "1", "orderengine.asgi:application"),
        ("-m", "celery", "-A", "orderengine", "worker", "-P", "threads", "-c", "1"),
    ],
    ids=["check", "web", "worker"],
)
def test_a_collector_without_the_packages_is_refused(
    tmp_path: Path, without_otel: Path, command: tuple[str, ...]
) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(without_otel),
        "DATA_DIR": str(tmp_path),
        "ENV_FILE": os.devnull,
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
        "REDIS_URL": "redis://127.0.0.1:1",
        "WALLET_KEYPAIR": str(Keypair()),
    }
    run = subprocess.run(
        (sys.executable, *command),
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode != 0
    text = "OTEL_EXPORTER_OTLP_ENDPOINT needs OpenTelemetry: pip install -r requirements-otel.txt"
    assert text in run.stdout + run.stderr
