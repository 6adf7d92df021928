"""Which processes count as the engine's, and what they have used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from orders.proving.benchmark.processes import CpuMeter, cpu_ms, engine_processes, peak_rss_mib

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux's /proc")


def test_the_supervisors_files_name_the_processes(tmp_path: Path) -> None:
    (tmp_path / "web.pid").write_text("41\n")
    (tmp_path / "worker-1.pid").write_text("42\n")
    (tmp_path / "broken.pid").write_text("")
    assert engine_processes(tmp_path) == {41: "web", 42: "worker-1"}


def test_a_process_is_charged_for_what_it_spends_while_measured(tmp_path: Path) -> None:
    spend = "import sys, time\nwhile time.process_time() < 0.3: pass\nprint(1, flush=True)\nsys.stdin.read()"
    command = [sys.executable, "-c", spend]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        (tmp_path / "web.pid").write_text(f"{process.pid}\n")
        meter = CpuMeter(tmp_path, with_postgres=False)
        assert process.stdout is not None
        process.stdout.readline()
        usage = {part.name: part for part in meter.measure()}
        process.stdin.close() if process.stdin else None
    assert set(usage) == {"web", "bench itself"}
    assert usage["web"].processes == 1
    # Ticks of 10 ms, and the part of the start that was spent before the meter was there.
    assert 200 <= usage["web"].cpu_ms <= 400
    assert usage["web"].peak_rss_mib > 0


def test_a_process_that_is_gone_has_used_nothing() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait(60)
    assert (cpu_ms(process.pid), peak_rss_mib(process.pid)) == (None, 0)


def test_this_process_has_used_memory() -> None:
    assert peak_rss_mib(os.getpid()) > 1
