"""The commands of docker-compose.yml, run: three workers, two web servers, PostgreSQL and Redis."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.client import EngineClient as ExampleClient
from orders.proving.soak.waiting import eventually
from tests.fleet.figures import shares
from tests.fleet.running import Fleet, FleetPlan
from tests.postgres import find_binaries, postgres_server

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    try:
        find_binaries()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    with postgres_server() as address:
        running = Fleet(FleetPlan(tmp_path_factory.mktemp("fleet") / "run", address, webs=2, workers=3))
        try:
            running.start()
            yield running
        finally:
            running.stop()


def test_every_health_check_passes(fleet: Fleet) -> None:
    assert all(fleet.probe("web", web) for web in fleet.webs)
    assert all(fleet.probe("worker", worker) for worker in fleet.workers)
    assert fleet.probe("localnet", fleet.localnet)
    fleet.webs[1].freeze()
    assert not fleet.probe("web", fleet.webs[1])
    fleet.webs[1].thaw()


def test_an_order_posted_at_one_web_server_is_followed_at_the_other(fleet: Fleet) -> None:
    order_id = str(fleet.clients[0].place())
    with ExampleClient(fleet.urls[1], fleet.token) as other:
        statuses = [update["status"] for update in other.follow(order_id)]
    assert statuses == ["pending", "routing", "building", "submitted", "confirmed"]


def test_orders_go_on_when_a_worker_is_killed_and_each_swaps_once(fleet: Fleet) -> None:
    first, second = fleet.clients
    placed = first.place_many(30)
    fleet.workers[0].kill()
    placed += second.place_many(30)
    fleet.workers[0].start()
    accepted = first.accepted | second.accepted
    eventually(lambda: not fleet.checker.unfinished(accepted), 90, "all orders at their end")
    fleet.checker.verify(accepted)
    assert {first.order(order_id)["status"] for order_id in placed} == {"confirmed"}


def test_every_worker_takes_its_part(fleet: Fleet) -> None:
    def all_have_worked() -> bool:
        fleet.clients[0].place_many(9)
        return all(counts["claimed"] for counts in shares(fleet).values())

    assert eventually(all_have_worked, 60, "each worker has claimed orders")


def test_workers_with_queues_of_their_own_share_the_work_by_stage(tmp_path: Path) -> None:
    plan = FleetPlan(tmp_path / "run", postgres=None, workers=2, queues=("route", "build,submit"))
    fleet = Fleet(plan)
    try:
        fleet.start()
        for order_id in fleet.clients[0].place_many(10):
            fleet.clients[0].await_confirmed(order_id)
        quoting, signing = shares(fleet).values()
    finally:
        fleet.stop()
    assert quoting == {"claimed": 10, "routed": 10, "sent": 0, "settled": 0}
    assert signing == {"claimed": 0, "routed": 0, "sent": 10, "settled": 10}
