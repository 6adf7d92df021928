"""Workers that are slow, frozen, doubled, or told to go (rows 11, 12 and 28; deploys)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import httpx2
import pytest

from orderengine.celery import app
from orders.lifecycle import STAGES, Status
from orders.pipeline import dispatch
from orders.proving.soak.rig import Rig
from orders.proving.soak.waiting import eventually
from tests.faults.load import orders_coming_in

pytestmark = pytest.mark.faults


def flood_with_messages(rig: Rig, order_ids: list[UUID], copies: int) -> None:
    """The same message again and again, for the whole way and for each stage alone."""
    texts = [str(order_id) for order_id in order_ids]
    with app.connection_for_write(f"redis://127.0.0.1:{rig.redis_line.port}/0") as broker:
        for _ in range(copies):
            dispatch.stages_from(Status.PENDING, order_ids).apply_async(connection=broker)
            for name in STAGES[Status.PENDING].tasks:
                app.send_task(name, args=(texts,), connection=broker)


def test_a_message_delivered_twenty_times_to_eight_threads_swaps_once(rig: Rig) -> None:
    for worker in rig.workers:
        worker.freeze()
    order_id = rig.client.place()
    flood_with_messages(rig, [order_id], copies=20)
    for worker in rig.workers:
        worker.thaw()
    rig.client.await_confirmed(order_id)
    assert rig.attempts_of(order_id) == 1


@pytest.mark.parametrize("rig", ["sqlite"], indirect=True)
def test_messages_that_make_no_sense_and_those_of_orders_that_have_ended_change_nothing(rig: Rig) -> None:
    ended = rig.client.place()
    rig.client.await_confirmed(ended)
    events = rig.books.events()[ended]
    with app.connection_for_write(f"redis://127.0.0.1:{rig.redis_line.port}/0") as broker:
        for name in STAGES[Status.PENDING].tasks:
            for arguments in (
                [],
                [None],
                [7],
                ["text"],
                [["no id"]],
                [{"order": 1}],
                [[str(uuid4())] * 2000],
            ):
                app.send_task(name, args=arguments, connection=broker)
    flood_with_messages(rig, [ended], copies=5)
    rig.client.await_confirmed(rig.client.place())
    assert rig.books.events()[ended] == events
    assert all(worker.is_alive for worker in rig.workers)


@pytest.mark.parametrize("rig", ["sqlite"], indirect=True)
def test_orders_cancelled_while_workers_take_them_up_are_cancelled_or_confirmed(rig: Rig) -> None:
    def place_and_cancel(_: int) -> tuple[UUID, int]:
        order_id = rig.client.place()
        answer = httpx2.post(f"{rig.client.url}/api/orders/{order_id}/cancel", timeout=30)
        return order_id, answer.status_code

    with ThreadPoolExecutor(6) as clients:
        answers = dict(clients.map(place_and_cancel, range(36)))
    rig.await_quiet()
    orders = rig.books.orders()
    ends = {200: "cancelled", 409: "confirmed"}
    assert {order_id: orders[order_id].status for order_id in answers} == {
        order_id: ends[status] for order_id, status in answers.items()
    }


def test_a_worker_frozen_while_it_quotes_finds_its_order_taken_over(rig: Rig) -> None:
    stale, other = rig.workers
    other.kill()
    rig.chain.fault("getMultipleAccounts", "delay", delay_ms=500)
    order_id = rig.client.place()
    rig.client.await_status(order_id, ["routing"])
    stale.freeze()
    other.start()
    rig.client.await_confirmed(order_id)
    stale.thaw()
    assert rig.attempts_of(order_id) == 1


def test_a_worker_frozen_while_it_sends_finds_its_order_confirmed(rig: Rig) -> None:
    stale, other = rig.workers
    other.kill()
    rig.chain.fault("sendTransaction", "delay", delay_ms=1000)
    order_id = rig.client.place()
    eventually(lambda: rig.attempts_of(order_id), 20, "an attempt is committed")
    stale.freeze()
    other.start()
    rig.client.await_confirmed(order_id)
    stale.thaw()
    assert rig.attempts_of(order_id) == 1


def test_two_sweepers_that_run_the_same_orders_at_once_swap_each_once(rig: Rig) -> None:
    rig.valkey.kill()
    order_ids = rig.client.place_many(20)
    for order_id in order_ids:
        rig.client.await_confirmed(order_id, 45)
        assert rig.attempts_of(order_id) == 1
    rig.valkey.start()


def test_a_deploy_by_restart_under_load_loses_nothing(rig: Rig) -> None:
    with orders_coming_in(rig, 100) as load:
        for count, part in zip((10, 25, 45), (*rig.workers, rig.web), strict=True):
            load.await_count(count)
            assert part.terminate() == 0
            part.start()
    for order_id in load.placed:
        rig.client.await_confirmed(order_id)
