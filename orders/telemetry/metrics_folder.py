"""The counts of all processes of one machine: files in the folder PROMETHEUS_MULTIPROC_DIR.

Each process writes files of its own, named by its process id. What a dead one has counted still counts, so
its files stay, folded into one when there are many; what it held open (``live`` gauges) is dropped. Who
reads or folds holds the lock of the folder, so that nothing is read twice or not at all.
"""

from __future__ import annotations

import fcntl
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector

from orders.telemetry.count_files import ReservedFile

# No process has this id: it stands for all that are dead.
DEAD_PID: Final = 0
MOST_DEAD_FILES: Final = 16
_KINDS: Final = ("counter", "histogram")


def read(folder: Path) -> Iterable[Metric]:
    """The sums over all processes, dead ones too; raises OSError where the folder cannot be used."""
    with _held(folder):
        _drop_what_the_dead_held(folder)
        # Where there is no room for the fold, the files stay as they are.
        with suppress(OSError):
            for kind in _KINDS:
                _fold(folder, kind)
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(folder))
        return list(registry.collect())


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _drop_what_the_dead_held(folder: Path) -> None:
    for file in folder.glob("gauge_live*_*.db"):
        if not _is_alive(_pid(file)):
            file.unlink(missing_ok=True)


def _fold(folder: Path, kind: str) -> None:
    dead = [file for file in folder.glob(f"{kind}_*.db") if not _is_alive(_pid(file))]
    if len(dead) <= MOST_DEAD_FILES:
        return
    draft = folder / f"{kind}.draft"
    draft.unlink(missing_ok=True)
    try:
        _write_sums(draft, dead)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    for file in dead:
        file.unlink()
    draft.rename(folder / f"{kind}_{DEAD_PID}.db")


def _write_sums(draft: Path, files: Sequence[Path]) -> None:
    sums: Counter[str] = Counter()
    for file in files:
        for key, value, *_ in MmapedDict.read_all_values_from_file(str(file)):
            sums[key] += value
    folded: Any = ReservedFile(str(draft))
    try:
        for key, value in sums.items():
            folded.write_value(key, value, 0.0)
    finally:
        folded.close()


def _pid(file: Path) -> int:
    return int(file.stem.rpartition("_")[2])


def _is_alive(pid: int) -> bool:
    if pid == DEAD_PID:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
