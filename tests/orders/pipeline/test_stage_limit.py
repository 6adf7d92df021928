"""A stage that hangs ends its process, and says where it hung."""

from __future__ import annotations

import threading

import pytest

from orders.pipeline import sweeper
from orders.pipeline.stage_limit import LOOP_SECONDS, STAGE_SECONDS, StageLimit
from tests.orders.fakes import FakeBroker, FakePoller


def test_a_stage_that_hangs_ends_its_process(caplog: pytest.LogCaptureFixture) -> None:
    now, ended = 0.0, []
    limit = StageLimit(lambda: now, ended.append)
    with limit.running("route"):
        now = STAGE_SECONDS
        limit.enforce()
        assert ended == []
        now += 1
        limit.enforce()
    assert ended == [70]
    assert f"route has hung for {STAGE_SECONDS + 1} s" in caplog.text
    assert "test_a_stage_that_hangs_ends_its_process" in caplog.text


def test_a_stage_that_has_ended_is_forgotten() -> None:
    now, ended = 0.0, []
    limit = StageLimit(lambda: now, ended.append)
    with pytest.raises(ZeroDivisionError), limit.running("build"):
        raise ZeroDivisionError
    now = 10_000
    limit.enforce()
    assert ended == []


def test_a_loop_has_more_time_and_more_yet_while_it_gets_on() -> None:
    now, ended = 0.0, []
    limit = StageLimit(lambda: now, ended.append)
    with limit.running("a sweep", LOOP_SECONDS):
        for _ in range(3):
            now += LOOP_SECONDS
            limit.enforce()
            limit.renew()
        assert ended == []
        now += LOOP_SECONDS + 1
        limit.enforce()
    assert ended == [70]


def test_one_thread_that_gets_on_is_no_excuse_for_another() -> None:
    now, ended = 0.0, []
    limit = StageLimit(lambda: now, ended.append)
    with limit.running("route"):
        now = STAGE_SECONDS + 1
        other = threading.Thread(target=limit.renew)
        other.start()
        other.join(60)
        limit.enforce()
    assert ended == [70]


def test_a_sweep_that_hangs_ends_its_process() -> None:
    now, ended = 0.0, []
    limit = StageLimit(lambda: now, ended.append)

    def hang() -> None:
        nonlocal now
        now += LOOP_SECONDS + 1
        limit.enforce()

    sweeping = sweeper.Sweeper("tested", FakePoller(), FakeBroker().publish, limit)
    sweeping.steps = (hang,)
    sweeping.sweep()
    assert ended == [70]
