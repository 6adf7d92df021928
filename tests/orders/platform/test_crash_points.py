"""Crash points do nothing unless asked, and are refused where they must not be."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from orders.platform import crash_points
from orders.platform.crash_points import crash_point, crash_points_are_for_tests

Kills = list[tuple[int, int]]


@pytest.fixture
def kills(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Kills:
    """What would have been killed, with DEBUG on."""
    sent: Kills = []
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append((pid, number)))
    monkeypatch.setattr(crash_points, "_visits", {})
    settings.DEBUG = True
    return sent


def test_nothing_happens_unless_asked(kills: Kills) -> None:
    crash_point(crash_points.SENT)
    assert kills == []


def test_the_named_point_kills_this_process_and_others_do_not(
    kills: Kills, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(crash_points.CRASH_AT, "sent")
    crash_point(crash_points.SIGNED)
    assert kills == []
    crash_point(crash_points.SENT)
    assert kills == [(os.getpid(), signal.SIGKILL)]


def test_a_point_may_freeze_instead(kills: Kills, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(crash_points.CRASH_AT, "sent")
    monkeypatch.setenv(crash_points.CRASH_BY, crash_points.STOP)
    monkeypatch.setattr(signal, "pthread_kill", lambda thread, number: kills.append((thread, number)))
    crash_point(crash_points.SENT)
    assert kills == [(threading.get_ident(), signal.SIGSTOP)]


def test_the_nth_visit_kills(kills: Kills, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(crash_points.CRASH_AT, "sent:3")
    for _ in range(2):
        crash_point(crash_points.SENT)
    assert kills == []
    crash_point(crash_points.SENT)
    assert len(kills) == 1


def test_with_a_once_file_the_next_process_goes_on(
    kills: Kills, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(crash_points.CRASH_AT, "sent")
    monkeypatch.setenv(crash_points.ONCE_FILE, str(tmp_path / "crashed"))
    for _ in range(2):
        crash_point(crash_points.SENT)
    assert len(kills) == 1


def test_without_debug_nothing_crashes_and_the_setting_is_refused(
    kills: Kills, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setenv(crash_points.CRASH_AT, "sent")
    assert crash_points_are_for_tests() == []
    settings.DEBUG = False
    crash_point(crash_points.SENT)
    assert kills == []
    assert [error.id for error in crash_points_are_for_tests()] == ["orders.E010"]


def test_an_unknown_point_is_refused(kills: Kills, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(crash_points.CRASH_AT, "nowhere")
    assert [error.id for error in crash_points_are_for_tests()] == ["orders.E011"]
