"""Where this machine's engine is: what it has published under DATA_DIR, else what the settings say."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from orders.client import published


@dataclass(frozen=True, slots=True)
class EngineAddress:
    """How to reach the engine and the chain that it works on; ``wallet`` is empty when unknown."""

    url: str
    rpc_urls: tuple[str, ...]
    wallet: str
    network: str


def find_engine() -> EngineAddress:
    """The engine that runs on DATA_DIR, or the one that the settings describe."""
    running = published.published(settings.DATA_DIR)
    host = "127.0.0.1" if settings.HOST in {"", "0.0.0.0", "::"} else settings.HOST  # noqa: S104
    bracketed = f"[{host}]" if ":" in host else host
    nodes = running.get("SOLANA_RPC_URL") or settings.SOLANA_RPC_URL
    return EngineAddress(
        url=running.get("url") or f"http://{bracketed}:{settings.PORT}",
        rpc_urls=tuple(url.strip() for url in nodes.split(",") if url.strip()),
        wallet=running.get("WALLET_ADDRESS") or settings.WALLET_ADDRESS,
        network=running.get("SOLANA_NETWORK") or settings.SOLANA_NETWORK,
    )
