"""What an engine that runs on a data folder has written down for commands beside it: its addresses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path


def published(data_dir: Path) -> Mapping[str, str]:
    """Address by name (``url``, ``SOLANA_RPC_URL``, …); empty where none has run or it has ended in order."""
    try:
        found = json.loads((data_dir / "run" / "engine.json").read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def rpc_url(data_dir: Path, network: str, default: str) -> str:
    """The node of the engine that runs on a data folder, if it is of this network."""
    running = published(data_dir)
    return running.get("SOLANA_RPC_URL", default) if running.get("SOLANA_NETWORK") == network else default
