"""How test files are shared out among processes: what waits for engines first, a folder of one engine whole.

The tests that take longest are few, and xdist begins with the files of many: the last of them then ran in one
process while the others had nothing left. They also wait for most of their time, for engines to start and for
blocks, so that more processes than cores are of use.
"""

from __future__ import annotations

import os
from typing import Any, Final

import pytest
from xdist.scheduler import LoadFileScheduling

# In this order; all other files follow in that of their names.
_FIRST: Final = ("tests/fleet/", "tests/browser/", "tests/e2e/", "tests/orders/proving/", "tests/orders/api/")
# One engine, and one Chromium, serve all of a folder, and end with its last test.
_WHOLE: Final = ("tests/browser/", "tests/e2e/one_engine/")


class SlowestFirst(LoadFileScheduling):
    """A file's tests stay together, so that what a file starts is started once."""

    def _split_scope(self, nodeid: str) -> str:
        folder = next((folder for folder in _WHOLE if nodeid.startswith(folder)), None)
        return folder or str(super()._split_scope(nodeid))


def in_order(items: list[pytest.Item]) -> list[pytest.Item]:
    """The tests as they are to be begun."""
    return sorted(items, key=lambda item: _rank(item.nodeid))


def processes() -> int:
    """How many processes for `-n auto`: three for two cores."""
    return (os.cpu_count() or 1) * 3 // 2


def scheduler(config: pytest.Config, log: Any) -> SlowestFirst | None:
    """For `--dist loadfile`; the other ways are xdist's own."""
    if config.getvalue("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return SlowestFirst(config, log)


def _rank(nodeid: str) -> int:
    return next((rank for rank, folder in enumerate(_FIRST) if nodeid.startswith(folder)), len(_FIRST))
