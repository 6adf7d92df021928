"""kill -9 between any two steps (rows 1, 2 and 5 to 10 of the catalogue)."""

from __future__ import annotations

import httpx2
import pytest

from orders.platform import crash_points
from orders.proving.soak.rig import Rig

pytestmark = pytest.mark.faults


def only_worker(rig: Rig, crash_point: str) -> None:
    """One worker is left, and it will kill itself at this point."""
    rig.workers[1].kill()
    rig.crash_in(rig.workers[0], crash_point)


def crash_and_come_back(rig: Rig) -> None:
    assert rig.workers[0].await_death() == -9
    rig.workers[0].start()


def test_web_killed_between_commit_and_publish_loses_nothing(rig: Rig) -> None:
    rig.crash_in(rig.web, crash_points.ACCEPTED)
    assert rig.client.post(key="row 1").status == 0
    assert rig.web.await_death() == -9
    rig.web.start()
    again = rig.client.post(key="row 1")
    assert again.status == 200
    assert [o.order_id for o in rig.books.orders().values() if o.client_order_id == "row 1"] == [
        again.order_id
    ]
    rig.client.await_confirmed(again.order_id)


def test_web_killed_before_commit_has_accepted_nothing(rig: Rig) -> None:
    rig.crash_in(rig.web, crash_points.ACCEPTING)
    assert rig.client.post(key="row 2").status == 0
    assert rig.web.await_death() == -9
    assert [o for o in rig.books.orders().values() if o.client_order_id == "row 2"] == []
    rig.web.start()
    assert rig.client.post(key="row 2").status == 201
    assert rig.client.post(key="row 2").status == 200


def test_worker_killed_after_its_quote(rig: Rig) -> None:
    only_worker(rig, crash_points.QUOTED)
    order_id = rig.client.place()
    crash_and_come_back(rig)
    rig.client.await_confirmed(order_id)
    assert rig.attempts_of(order_id) == 1


@pytest.mark.parametrize(
    ("rig", "crash_point"),
    [
        ("sqlite", crash_points.SIGNED),
        ("sqlite", crash_points.STORING),
        ("postgres", crash_points.SIGNED),
    ],
    indirect=["rig"],
)
def test_worker_killed_after_signing_before_the_attempt_is_committed(rig: Rig, crash_point: str) -> None:
    only_worker(rig, crash_point)
    order_id = rig.client.place()
    assert rig.workers[0].await_death() == -9
    assert rig.attempts_of(order_id) == 0
    rig.workers[0].start()
    rig.client.await_confirmed(order_id)
    assert rig.attempts_of(order_id) == 1


def test_worker_killed_after_the_attempt_is_committed_sends_the_same_bytes_later(rig: Rig) -> None:
    only_worker(rig, crash_points.BEFORE_SEND)
    order_id = rig.client.place()
    assert rig.workers[0].await_death() == -9
    (written_ahead,) = rig.books.attempts()[order_id]
    assert (written_ahead.sends, written_ahead.state) == (0, "open")
    rig.workers[0].start()
    order = rig.client.await_confirmed(order_id)
    assert order["txHash"] == written_ahead.signature
    (attempt,) = rig.books.attempts()[order_id]
    assert attempt.sends >= 1


def test_worker_killed_between_send_and_record_does_not_swap_twice(rig: Rig) -> None:
    only_worker(rig, crash_points.SENT)
    order_id = rig.client.place()
    assert rig.workers[0].await_death() == -9
    (sent,) = rig.books.attempts()[order_id]
    assert rig.client.order(order_id)["status"] == "building"
    rig.workers[0].start()
    assert rig.client.await_confirmed(order_id)["txHash"] == sent.signature
    assert rig.attempts_of(order_id) == 1


def test_worker_killed_between_confirmation_and_record(rig: Rig) -> None:
    only_worker(rig, crash_points.SETTLING)
    order_id = rig.client.place()
    assert rig.workers[0].await_death() == -9
    assert rig.client.order(order_id)["status"] == "submitted"
    rig.workers[0].start()
    rig.client.await_confirmed(order_id)
    assert rig.attempts_of(order_id) == 1


def test_all_workers_killed_with_twenty_orders_in_flight(rig: Rig) -> None:
    rig.chain.fault("getMultipleAccounts", "delay", count=3, delay_ms=400)
    order_ids = rig.client.place_many(20)
    for worker in rig.workers:
        worker.kill()
    for worker in rig.workers:
        worker.launch()
    for worker in rig.workers:
        worker.await_ready()
    for order_id in order_ids:
        rig.client.await_confirmed(order_id)


def test_web_is_down_for_readers_only_while_it_restarts(rig: Rig) -> None:
    order_id = rig.client.place()
    rig.web.kill()
    with pytest.raises(httpx2.HTTPError):
        rig.client.order(order_id)
    rig.web.start()
    rig.client.await_confirmed(order_id)
