"""Files that a process makes are its user's alone, whatever the shell's umask, also without a supervisor."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
_MAKE = "import pathlib; pathlib.Path('made').touch(); pathlib.Path('folder').mkdir()"


@pytest.mark.parametrize(
    "command",
    [
        (str(ROOT / "manage.py"), "shell", "--no-imports", "--command", _MAKE),
        ("-c", f"import orderengine.asgi; {_MAKE}"),
        ("-c", f"from orderengine import celery; celery.keep_files_private(); {_MAKE}"),
    ],
    ids=["manage.py", "web", "worker"],
)
def test_what_a_process_makes_is_private(command: tuple[str, ...], tmp_path: Path) -> None:
    subprocess.run(
        (sys.executable, *command),
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "DATA_DIR": str(tmp_path), "ENV_FILE": "no.env"},
        umask=0o022,
        check=True,
        timeout=120,
    )
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()}
    assert (modes["made"], modes["folder"]) == ("0o600", "0o700")
