"""An engine whose folder is on a full volume: reads go on, orders are refused, then all is as before."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx2
import pytest

from orders.proving.soak.client import EngineClient
from orders.proving.soak.waiting import eventually
from tests.e2e.engine import PARTS, RunningEngine
from tests.volumes import TinyVolume, tiny_volume

pytestmark = pytest.mark.faults

KILOBYTES = 60_000


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[TinyVolume]:
    with tiny_volume(tmp_path / "volume", KILOBYTES) as mounted:
        yield mounted


@pytest.fixture
def engine(tmp_path: Path, volume: TinyVolume) -> Iterator[RunningEngine]:
    running = RunningEngine(tmp_path, DATA_DIR=str(volume.path / "data"))
    running.data_dir = volume.path / "data"
    try:
        running.await_up()
        yield running
    finally:
        running.stop()


def children(parent: int) -> set[int]:
    """The processes that this one has started and not yet waited for."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, its_parent = entry.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if int(its_parent) == parent and state != "Z":
            found.add(int(entry.parent.name))
    return found


def health(url: str) -> tuple[int, str]:
    answer = httpx2.get(f"{url}/health", timeout=30)
    return answer.status_code, answer.json()["checks"]["acceptance"]


def is_read(url: str, order_id: UUID) -> bool:
    try:
        return httpx2.get(f"{url}/api/orders/{order_id}", timeout=30).status_code == 200
    except httpx2.HTTPError:
        return False


def refusal(client: EngineClient) -> object:
    answer = client.post()
    return answer.status == 503 and answer.body["details"].get("reason")


def test_a_full_volume_stops_orders_alone_and_only_while_it_is_full(
    engine: RunningEngine, volume: TinyVolume
) -> None:
    client = EngineClient(engine.url)
    before = client.place()
    client.await_confirmed(before)
    started = {part: engine.pid(part) for part in PARTS}
    volume.fill()

    said = eventually(lambda: refusal(client), 30, "an order is refused")
    assert said == "there is no room on its disk"
    assert health(engine.url) == (503, "the database: there is no room on its disk")
    for part in ("web", "worker-1"):
        os.kill(started[part], signal.SIGKILL)
    eventually(lambda: is_read(engine.url, before), 30, "a web server started meanwhile reads orders")
    eventually(lambda: health(engine.url)[0] == 503, 30, "and says that it accepts none")
    assert len(children(engine.process.pid)) <= len(PARTS)

    volume.empty()
    client.await_confirmed(client.place_surely(), 60)
    assert health(engine.url)[1] == "ok"
    eventually(lambda: len(children(engine.process.pid)) == len(PARTS), 30, "each part runs once")
    assert {started["worker-2"], started["valkey"]} <= children(engine.process.pid)
    client.close()
