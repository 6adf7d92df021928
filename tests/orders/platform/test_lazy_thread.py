"""Threads that are started when they are needed, also after one could not be."""

from __future__ import annotations

import threading

import pytest

from orders.platform.lazy_thread import LazyThread


@pytest.mark.parametrize("refusal", [RuntimeError("can't start new thread"), MemoryError()])
def test_a_start_that_failed_is_tried_again(monkeypatch: pytest.MonkeyPatch, refusal: Exception) -> None:
    ran = threading.Event()
    thread = LazyThread("tested", ran.set)

    def refuse(self: threading.Thread) -> None:
        raise refusal

    with monkeypatch.context() as starved:
        starved.setattr(threading.Thread, "start", refuse)
        assert not thread.ensure()
    assert thread.ensure()
    assert ran.wait(5)


def test_a_thread_that_runs_is_not_started_twice() -> None:
    ends, starts = threading.Event(), []

    def run() -> None:
        starts.append(threading.current_thread())
        ends.wait(5)

    thread = LazyThread("tested", run)
    assert thread.ensure()
    assert thread.ensure()
    ends.set()
    thread.join()
    assert len(starts) == 1
