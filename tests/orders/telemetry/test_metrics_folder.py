"""The counts of several processes: summed while they live, kept when they die, folded when there are many."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from orders.telemetry import metrics_folder

COUNTING = """
import os, signal, sys
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
registry = CollectorRegistry()
Counter("seen", "x", ["what"], registry=registry).labels("a\\u00e9").inc(int(sys.argv[1]))
Histogram("took_seconds", "x", buckets=(1, 2), registry=registry).observe(1.5)
Gauge("held", "x", multiprocess_mode="livesum", registry=registry).set(5)
print("counted", flush=True)
sys.stdin.read()
"""


class Counting:
    """A process that has counted and lives until it is killed."""

    def __init__(self, shared: Path, count: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", COUNTING, str(count)],
            env=os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(shared)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def await_count(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"counted\n"

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(60)


def samples(shared: Path) -> dict[str, float]:
    return {
        sample.name + sample.labels.get("le", ""): sample.value
        for metric in metrics_folder.read(shared)
        for sample in metric.samples
    }


def test_processes_are_summed_and_the_dead_keep_their_counts_but_hold_nothing(tmp_path: Path) -> None:
    one, other = Counting(tmp_path, 2), Counting(tmp_path, 3)
    try:
        one.await_count()
        other.await_count()
        both = {"seen_total": 5, "took_seconds_count": 2, "took_seconds_sum": 3}
        buckets = {"took_seconds_bucket1.0": 0, "took_seconds_bucket2.0": 2, "took_seconds_bucket+Inf": 2}
        assert samples(tmp_path) == {**both, **buckets, "held": 10}
        one.kill()
        assert samples(tmp_path) == {**both, **buckets, "held": 5}
    finally:
        one.kill()
        other.kill()
    assert samples(tmp_path) == {**both, **buckets}


def test_many_dead_processes_become_one_file_a_kind_and_no_count_is_lost(tmp_path: Path) -> None:
    many = metrics_folder.MOST_DEAD_FILES + 1
    for _ in range(2):
        processes = [Counting(tmp_path, 1) for _ in range(many)]
        for process in processes:
            process.await_count()
        for process in processes:
            process.kill()
        samples(tmp_path)
    assert samples(tmp_path)["seen_total"] == 2 * many
    assert samples(tmp_path)["took_seconds_bucket2.0"] == 2 * many
    assert sorted(path.name for path in tmp_path.glob("*.db")) == ["counter_0.db", "histogram_0.db"]
