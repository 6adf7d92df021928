"""A broker that is gone, frozen, forgetful or deaf (rows 13 to 16)."""

from __future__ import annotations

import shutil

import pytest

from orders.proving.soak.client import Answer
from orders.proving.soak.rig import Rig
from orders.proving.soak.waiting import eventually
from tests.faults.load import orders_coming_in

pytestmark = pytest.mark.faults

# Sooner than a sweep would set an order on its way: only a message is that quick.
BEFORE_THE_SWEEPER_SECONDS = 4


def assert_accepted_within_a_second(answers: list[Answer]) -> None:
    assert {answer.status for answer in answers} == {201}
    assert max(answer.milliseconds for answer in answers) < 1000


def assert_messages_flow_again(rig: Rig) -> None:
    """The progress probe: workers consume, not only sweep."""

    def confirmed_soon() -> bool:
        order_id = rig.client.place()
        return bool(
            rig.client.await_confirmed(order_id)["confirmedAt"]
            and seconds_taken(rig, order_id) < BEFORE_THE_SWEEPER_SECONDS
        )

    eventually(confirmed_soon, 40, "messages reach the workers")


def seconds_taken(rig: Rig, order_id: object) -> float:
    events = rig.books.events()[order_id]  # type: ignore[index]
    return (events[-1].at - events[0].at).total_seconds()


def test_redis_killed_under_load_with_its_log_on_disk(rig: Rig) -> None:
    with orders_coming_in(rig, 100) as load:
        for count in (20, 60):
            load.await_count(count)
            rig.valkey.kill()
            rig.valkey.start()
    for order_id in load.placed:
        rig.client.await_confirmed(order_id, 60)
    assert all(worker.is_alive for worker in rig.workers)
    assert_messages_flow_again(rig)


def test_redis_restarted_without_its_data_under_load(rig: Rig) -> None:
    with orders_coming_in(rig, 100) as load:
        load.await_count(30)
        rig.valkey.kill()
        shutil.rmtree(rig.folder / "valkey" / "appendonlydir")
        rig.valkey.start()
    for order_id in load.placed:
        rig.client.await_confirmed(order_id, 60)
    assert_messages_flow_again(rig)


def test_redis_flushed_under_load(rig: Rig) -> None:
    with orders_coming_in(rig, 100) as load:
        for count in (20, 50, 80):
            load.await_count(count)
            rig.flush_redis()
    for order_id in load.placed:
        rig.client.await_confirmed(order_id, 60)


def test_redis_down_orders_are_accepted_and_executed_all_the_same(rig: Rig) -> None:
    rig.valkey.kill()
    answers = rig.client.post_many(20)
    assert_accepted_within_a_second(answers)
    for answer in answers:
        rig.client.await_confirmed(answer.order_id, 45)
    rig.valkey.start()
    assert all(worker.is_alive for worker in rig.workers)
    assert_messages_flow_again(rig)


def test_redis_frozen_nobody_waits_for_it(rig: Rig) -> None:
    threads = thread_count(rig)
    rig.valkey.freeze()
    answers = [answer for _ in range(3) for answer in rig.client.post_many(20)]
    assert_accepted_within_a_second(answers)
    for answer in answers:
        rig.client.await_confirmed(answer.order_id, 30)
    rig.valkey.thaw()
    assert thread_count(rig) - threads < 20


def test_redis_line_swallows_everything(rig: Rig) -> None:
    rig.redis_line.blackhole()
    answers = rig.client.post_many(20)
    assert_accepted_within_a_second(answers)
    for answer in answers:
        rig.client.await_confirmed(answer.order_id, 45)
    rig.redis_line.pass_through()
    assert_messages_flow_again(rig)


def test_redis_line_breaks_again_and_again(rig: Rig) -> None:
    with orders_coming_in(rig, 100) as load:
        for count in range(10, 100, 10):
            load.await_count(count)
            rig.redis_line.cut()
    for order_id in load.placed:
        rig.client.await_confirmed(order_id, 60)


def thread_count(rig: Rig) -> int:
    status = rig.web.status_file().read_text()
    return int(status.partition("Threads:")[2].split()[0])
