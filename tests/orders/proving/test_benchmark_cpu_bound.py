"""CPU an order against what was recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.conf import settings

from orders.proving.benchmark.cpu_bound import check_cpu, ms_per_order, read_recorded
from orders.proving.benchmark.processes import ProcessUsage

RECORDED = {"timesAllowed": 1.5, "msPerOrder": {"2 cores AMD EPYC": 4.0}}
MACHINE = "2 cores AMD EPYC 9B45, Python 3.11.7, sqlite 3.40.1, commit abc"


def test_the_load_generators_own_cpu_is_not_the_engines() -> None:
    usage = [
        ProcessUsage("web", 1, 1_000, 9),
        ProcessUsage("worker-1", 1, 500, 9),
        ProcessUsage("bench itself", 1, 700, 9),
    ]
    assert ms_per_order(usage, 500) == 3.0


@pytest.mark.parametrize(("measured", "passes"), [(1.0, True), (6.0, True), (6.01, False)])
def test_an_order_may_take_so_many_times_the_figure(measured: float, passes: bool) -> None:
    check = check_cpu(RECORDED, MACHINE, measured)
    assert (check.passed, check.detail) == (passes, f"{measured} ms, at most 6.0, 4.0 recorded")


def test_a_machine_without_a_figure_fails_nothing() -> None:
    check = check_cpu(RECORDED, "8 cores Ampere, Python 3.13", 99.0)
    assert check.passed
    assert "no figure is recorded for 8 cores Ampere" in check.detail


def test_the_recorded_figures_can_be_read() -> None:
    recorded = read_recorded(settings.BASE_DIR / "docs" / "cpu-per-order.json")
    assert recorded["timesAllowed"] > 1
    assert all(figure > 0 for figure in recorded["msPerOrder"].values())


@pytest.mark.parametrize("text", ["{}", "[]", "not json", json.dumps({"timesAllowed": "x"})])
def test_a_file_without_figures_raises(tmp_path: Path, text: str) -> None:
    path = tmp_path / "figures.json"
    path.write_text(text)
    with pytest.raises((ValueError, LookupError, TypeError)):
        read_recorded(path)
