"""How soon others go on with what a dead worker held, with leases and sweeps as long as in the field."""

from __future__ import annotations

import time
from collections.abc import Iterator
from uuid import UUID

import pytest

from orders.platform import crash_points
from orders.proving.soak.rig import Rig, RigPlan
from orders.proving.soak.waiting import eventually
from tests.faults.test_chain import attempt_states

pytestmark = pytest.mark.faults

# What a slow machine takes on top: the promise is 5 s after a restart, 10 s after a death.
SLACK_SECONDS = 3


@pytest.fixture(scope="module")
def field_rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    field = {"LEASE_SECONDS": "30", "SWEEP_SECONDS": "2", "REBROADCAST_SECONDS": "2"}
    running = Rig(RigPlan(tmp_path_factory.mktemp("takeover"), settings=field))
    running.start()
    running.client.await_confirmed(running.client.place())
    yield running
    running.restore()
    running.verify(60)
    running.stop()


def died_with_an_order(rig: Rig, crash_point: str) -> UUID:
    """An order in the hands of the first worker, the only one, when that was killed."""
    first, second = rig.workers
    second.kill()
    rig.crash_in(first, crash_point)
    order_id = rig.client.place()
    eventually(lambda: not first.is_alive, 30, "the crash")
    return order_id


@pytest.mark.parametrize("crash_point", [crash_points.QUOTED, crash_points.SIGNED, crash_points.SENT])
def test_after_a_restart_of_everything_orders_move_within_five_seconds(
    field_rig: Rig, crash_point: str
) -> None:
    order_id = died_with_an_order(field_rig, crash_point)
    second = field_rig.workers[1]
    second.start()
    second.await_ready()
    ready = time.monotonic()
    field_rig.client.await_confirmed(order_id, 30)
    assert time.monotonic() - ready < 5 + SLACK_SECONDS
    field_rig.restore()


def test_ten_seconds_after_a_worker_died_another_has_gone_on(field_rig: Rig) -> None:
    first, second = field_rig.workers
    second.freeze()
    field_rig.crash_in(first, crash_points.SIGNED)
    order_id = field_rig.client.place()
    eventually(lambda: not first.is_alive, 30, "the crash")
    second.thaw()
    died = time.monotonic()
    field_rig.client.await_confirmed(order_id, 40)
    assert time.monotonic() - died < 10 + SLACK_SECONDS
    field_rig.restore()


def test_five_seconds_after_a_worker_died_another_sees_new_pools(field_rig: Rig) -> None:
    seen = field_rig.launch()["pool"]
    eventually(lambda: seen in field_rig.books.launches(), 10, "a watch")
    # One of the two holds the watch: it is killed, whichever it is, and what it misses is launched at once.
    for dying in field_rig.workers:
        dying.kill()
        died = time.monotonic()
        missed = field_rig.launch()["pool"]
        eventually(lambda missed=missed: missed in field_rig.books.launches(), 20, "the other's watch")
        assert time.monotonic() - died < 5 + SLACK_SECONDS
        dying.start()
        dying.await_ready()


def test_from_a_frozen_worker_nothing_is_taken_before_its_lease_is_over(field_rig: Rig) -> None:
    first, second = field_rig.workers
    second.kill()
    field_rig.freeze_in(first, crash_points.QUOTED)
    order_id = field_rig.client.place()
    first.await_freeze()
    second.start()
    second.await_ready()
    # Six sweeps and more, in which a dead one would have been found.
    until = time.monotonic() + 13
    eventually(lambda: time.monotonic() > until, 20, "six sweeps")
    assert field_rig.client.order(order_id)["status"] == "routing"
    first.thaw()
    field_rig.client.await_confirmed(order_id, 40)
    assert attempt_states(field_rig, order_id) == ["landed"]
