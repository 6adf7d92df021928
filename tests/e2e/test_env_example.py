"""The engine starts from a copy of the shipped example of a configuration, as the README tells to."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.e2e.engine import ROOT, RunningEngine

pytestmark = pytest.mark.e2e


def test_the_engine_starts_from_a_copy_of_the_example(tmp_path: Path) -> None:
    copied = shutil.copy(ROOT / ".env.example", tmp_path / ".env")
    engine = RunningEngine(tmp_path, ENV_FILE=str(copied))
    try:
        engine.await_up()
        assert engine.live_status() == 200
    finally:
        engine.stop()


def test_a_line_of_the_example_works_once_its_mark_is_taken_away(tmp_path: Path) -> None:
    example = (ROOT / ".env.example").read_text()
    wanted = ("DEFAULT_SLIPPAGE_BPS", "MAX_SLIPPAGE_BPS", "LOG_LEVEL", "WORKERS", "ALLOWED_HOSTS")
    chosen, count = re.subn(rf"^# ((?:{'|'.join(wanted)})=)", r"\1", example, flags=re.MULTILINE)
    assert count == len(wanted)
    (tmp_path / ".env").write_text(chosen.replace("=orders.example.com", "=127.0.0.1"))
    engine = RunningEngine(tmp_path, ENV_FILE=str(tmp_path / ".env"))
    try:
        shown = engine.manage(
            "shell", "-v", "0", "-c", "from django.conf import settings as s; print(s.ALLOWED_HOSTS)"
        )
        assert shown.stdout.split() == ["['127.0.0.1']"], shown.stderr
        engine.await_up()
        assert engine.live_status() == 200
    finally:
        engine.stop()
