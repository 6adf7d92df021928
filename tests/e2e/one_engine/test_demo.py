"""The demos against a running engine: every type of order, and every sniper order, does what it should."""

from __future__ import annotations

import subprocess
import sys

import pytest

from examples.client import EngineClient
from tests.e2e.engine import ROOT, RunningEngine

pytestmark = pytest.mark.e2e


def demo(served: RunningEngine, what: str) -> list[str]:
    """The judged lines of a demo that has gone well."""
    run = subprocess.run(
        (sys.executable, "manage.py", "demo", what),
        cwd=ROOT,
        env=served.environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.splitlines()[-1] == "all did what they should"
    return [line for line in run.stdout.splitlines() if line.startswith(("OK", "NOT OK"))]


def test_every_order_type_does_what_it_should(served: RunningEngine, client: EngineClient) -> None:
    before = client.quotes("SOL", "USDC", "1")["best"]["price"]
    assert len(demo(served, "orders")) == 10
    after = client.quotes("SOL", "USDC", "1")["best"]["price"]
    assert abs(float(after) / float(before) - 1) < 1e-3


def test_every_sniper_order_does_what_it_should(served: RunningEngine) -> None:
    assert len(demo(served, "launches")) == 8
