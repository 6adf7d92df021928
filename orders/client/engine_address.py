"""Where this machine's engine is: what it has published under DATA_DIR, else what the settings say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings


@dataclass(frozen=True, slots=True)
class EngineAddress:
    """How to reach the engine and the chain that it works on; ``wallet`` is empty when unknown."""

    url: str
    rpc_urls: tuple[str, ...]
    wallet: str
    network: str


def find_engine() -> EngineAddress:
    """The engine that runs on DATA_DIR, or the one that the settings describe."""
    published = _published()
    host = "127.0.0.1" if settings.HOST in {"", "0.0.0.0", "::"} else settings.HOST  # noqa: S104
    bracketed = f"[{host}]" if ":" in host else host
    nodes = published.get("SOLANA_RPC_URL") or settings.SOLANA_RPC_URL
    return EngineAddress(
        url=published.get("url") or f"http://{bracketed}:{settings.PORT}",
        rpc_urls=tuple(url.strip() for url in nodes.split(",") if url.strip()),
        wallet=published.get("WALLET_ADDRESS") or settings.WALLET_ADDRESS,
        network=published.get("SOLANA_NETWORK") or settings.SOLANA_NETWORK,
    )


def _published() -> Mapping[str, str]:
    try:
        found = json.loads((settings.DATA_DIR / "run" / "engine.json").read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
