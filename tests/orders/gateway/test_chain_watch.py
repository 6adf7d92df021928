"""The look at the chain that is kept: one at a time, and its age is told."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from orders.gateway import node_health
from orders.gateway.node_health import ChainHealth, ChainWatch


def test_many_who_ask_cost_one_look(monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    go = threading.Event()

    def look() -> ChainHealth:
        looks.append(1)
        go.wait(10)
        return ChainHealth(True, 17)

    monkeypatch.setattr(node_health, "chain_health", look)
    watch = ChainWatch()
    with ThreadPoolExecutor(20) as callers:
        asked = [callers.submit(watch.latest) for _ in range(20)]
        go.set()
        assert {one.result(60) for one in asked} == {ChainHealth(True, 17)}
    assert watch.latest() == ChainHealth(True, 17)
    assert len(looks) == 1


def test_an_old_look_is_told_with_its_age(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    go = threading.Event()
    monkeypatch.setattr(node_health.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(node_health, "_PATIENCE_SECONDS", 0)
    monkeypatch.setattr(node_health, "chain_health", lambda: ChainHealth(True, 17))
    watch = ChainWatch()
    assert watch.latest() == ChainHealth(True, 17)

    def slow() -> Any:
        go.wait(10)
        return ChainHealth(False, None)

    monkeypatch.setattr(node_health, "chain_health", slow)
    now[0] += 9
    assert watch.latest() == ChainHealth(True, 17, age_seconds=9)
    go.set()
    monkeypatch.setattr(node_health, "_PATIENCE_SECONDS", 10)
    assert watch.latest() == ChainHealth(False, None)
