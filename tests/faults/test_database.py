"""A database that goes away, or is locked, and comes back (rows 17 and 18)."""

from __future__ import annotations

import resource
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from orders.proving.soak.client import Answer
from orders.proving.soak.rig import Rig
from orders.proving.soak.waiting import eventually
from tests.faults.conftest import Rigs
from tests.faults.load import orders_coming_in

pytestmark = pytest.mark.faults


@contextmanager
def writers_locked_out(rig: Rig) -> Iterator[None]:
    """SQLite has no server to stop: somebody holds its write lock instead."""
    other = sqlite3.connect(rig.folder / "engine.sqlite3", timeout=20, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextmanager
def database_away(rig: Rig, rigs: Rigs) -> Iterator[None]:
    if rig.database_url.startswith("sqlite"):
        with writers_locked_out(rig):
            yield
        return
    rigs.postgres.stop_immediately()
    try:
        yield
    finally:
        rigs.postgres.start()


@pytest.mark.parametrize("rig", ["postgres"], indirect=True)
def test_postgres_stopped_under_load_answers_503_and_goes_on(rig: Rig, rigs: Rigs) -> None:
    with orders_coming_in(rig, 80) as load:
        for count in (20, 50):
            load.await_count(count)
            with database_away(rig, rigs):
                refused = rig.client.post()
                assert (refused.status, refused.body["code"]) == (503, "DATABASE_UNAVAILABLE")
                assert refused.body["retryable"] is True
    for order_id in load.placed:
        rig.client.await_confirmed(order_id, 60)
    assert len(set(load.placed)) == 80


@pytest.mark.parametrize("rig", ["sqlite"], indirect=True)
def test_sqlite_locked_under_load_keeps_clients_waiting_and_goes_on(rig: Rig) -> None:
    answers: list[Answer] = []
    with orders_coming_in(rig, 80) as load:
        load.await_count(20)
        with writers_locked_out(rig):
            waiting = threading.Thread(target=lambda: answers.append(rig.client.post()))
            waiting.start()
            waiting.join(1)
            assert waiting.is_alive()
        waiting.join(20)
    assert [answer.status for answer in answers] == [201]
    for order_id in load.placed:
        rig.client.await_confirmed(order_id, 60)


@pytest.mark.parametrize("rig", ["postgres"], indirect=True)
def test_postgres_cuts_every_connection_again_and_again(rig: Rig, rigs: Rigs) -> None:
    """Commits whose answer gets lost: nobody knows whether they were done."""
    with orders_coming_in(rig, 60) as load:
        for count in range(4, 60, 4):
            load.await_count(count)
            rigs.postgres.cut_connections(rig.database_url)
    for order_id in load.placed:
        rig.client.await_confirmed(order_id, 60)
    assert len(set(load.placed)) == 60


@contextmanager
def no_room_on_disk(rig: Rig) -> Iterator[None]:
    """The engine's processes may make no file larger, nor write behind the first byte of one."""
    parts = [rig.web, *rig.workers]
    for part in parts:
        resource.prlimit(part.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        for part in parts:
            resource.prlimit(part.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)


@pytest.mark.parametrize("rig", ["sqlite"], indirect=True)
def test_sqlite_that_cannot_write_answers_503_and_goes_on_when_there_is_room(rig: Rig) -> None:
    with orders_coming_in(rig, 40) as load:
        for count in (10, 25):
            load.await_count(count)
            with no_room_on_disk(rig):
                refused = rig.client.post()
                assert (refused.status, refused.body["code"]) == (503, "DATABASE_UNAVAILABLE")
                refused = rig.client.post()
                assert refused.status == 503
    for order_id in load.placed:
        rig.client.await_confirmed(order_id, 60)


def test_database_away_between_send_and_record(rig: Rig, rigs: Rigs) -> None:
    rig.chain.fault("sendTransaction", "delay", delay_ms=500)
    order_id = rig.client.place()
    eventually(lambda: rig.books.is_being_sent(order_id), 20, "a worker sends")
    with database_away(rig, rigs):
        eventually(lambda: order_id in {one.order_id for one in rig.chain.landed()}, 20, "the swap landed")
    rig.client.await_confirmed(order_id, 60)
    assert rig.attempts_of(order_id) == 1
