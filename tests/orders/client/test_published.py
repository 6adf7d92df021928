"""Commands beside an engine use its node, at whatever port it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent.parent
DEFAULT = "http://127.0.0.1:8899"
RUNNING = {"SOLANA_NETWORK": "localnet", "SOLANA_RPC_URL": "http://127.0.0.1:8901"}


def node_of_commands(data_dir: Path, published: str | None, **environment: str) -> str:
    """The node that a command uses with this data folder and what an engine has published there."""
    (data_dir / "run").mkdir()
    if published is not None:
        (data_dir / "run" / "engine.json").write_text(published)
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        (sys.executable, "-c", "from orderengine.settings import SOLANA_RPC_URL; print(SOLANA_RPC_URL)"),
        cwd=ROOT,
        env=inherited | {"DATA_DIR": str(data_dir), "ENV_FILE": str(data_dir / "none")} | environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout.strip()


def test_the_node_is_that_of_the_running_engine(tmp_path: Path) -> None:
    assert node_of_commands(tmp_path, json.dumps(RUNNING)) == "http://127.0.0.1:8901"


def test_what_the_settings_name_wins(tmp_path: Path) -> None:
    own = "http://10.0.0.1:8899"
    assert node_of_commands(tmp_path, json.dumps(RUNNING), SOLANA_RPC_URL=own) == own


@pytest.mark.parametrize(
    "published", [None, "", "[]", "{}", json.dumps(RUNNING | {"SOLANA_NETWORK": "devnet"})]
)
def test_without_a_running_engine_of_the_network_it_is_the_default(
    tmp_path: Path, published: str | None
) -> None:
    assert node_of_commands(tmp_path, published) == DEFAULT
