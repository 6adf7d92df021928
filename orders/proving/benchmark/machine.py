"""Where a run took place: without it no figure means anything."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

from django.conf import settings
from django.db import connection


def machine_line() -> str:
    """Cores, CPU, Python, database engine and commit in one line."""
    parts = (
        f"{os.cpu_count()} cores {_cpu_model()}",
        f"Python {platform.python_version()}",
        _database(),
        f"commit {_commit(settings.BASE_DIR)}",
    )
    return ", ".join(parts)


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


def _database() -> str:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT sqlite_version()")
        else:
            cursor.execute("SHOW server_version")
        return f"{connection.vendor} {cursor.fetchone()[0]}"


def _commit(folder: Path) -> str:
    git = shutil.which("git")
    if git is None:
        return "unknown"
    command = [git, "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=9"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return found.stdout.strip() or "unknown"
