"""Jito's block engine: the same signed bytes once more, to the validators that take tips.

Source: docs.jito.wtf, low latency transaction send. Its sendTransaction takes what Solana's takes; the tip is
a transfer of SOL to one of eight accounts, inside the transaction, so that a swap that fails pays none.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import httpx2
from solders.pubkey import Pubkey

from dex.errors import ChainError
from dex.rpc.jsonrpc import JsonRpcClient
from dex.rpc.observing import Observer

# Lamports: below the first no auction is won; nobody means to tip more than the second.
LEAST_TIP: Final = 1_000
MOST_TIP: Final = 100_000_000
TIP_ACCOUNTS: Final = tuple(
    Pubkey.from_string(text)
    for text in (
        "96gYZGLnJYVFmbjzopPSU6QiEV5fGqZNyN9nmNhvrZU5",
        "HFqU5x63VTqvQss8hp11i4wVV8bD44PvwucfZ2bU7gRe",
        "Cw8CFyM9FkoMi7K7Crf6HNQqf4uEMzpKw6QNghXLvLkY",
        "ADaUMid9yfUytqMBgopwjb2DTLSokTSzL1zt6iGPaS49",
        "DfXygSm4jCyNCybVYYK6DwvWqjKee8pbDmJGcLWNDXjh",
        "ADuUkR4vqLUMWXxW9gh6D6L8pMSawimctcNZ5pGwDcEt",
        "DttWaMuVvTiduZRnguLF7jNxTgiMBZ1hyAumKUiL2KRL",
        "3AVi9Tg9Uo68tJfuvoKvqKNWKkC5wPdSSdeBnizKZ6jT",
    )
)
_TIMEOUT_SECONDS: Final = 5


def tip_account(memo: str) -> Pubkey:
    """One of the accounts, always the same for ``memo``: transactions spread over them."""
    return TIP_ACCOUNTS[hashlib.sha256(memo.encode()).digest()[0] % len(TIP_ACCOUNTS)]


class JitoRelay:
    """Sends beside the nodes; nobody waits for it. Belongs to the event loop that first used it."""

    def __init__(
        self,
        url: str,
        *,
        observer: Observer | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._rpc = JsonRpcClient(
            url, timeout_seconds=_TIMEOUT_SECONDS, observer=observer, transport=transport
        )
        self._sending: set[asyncio.Task[None]] = set()

    def send_soon(self, raws: Sequence[bytes]) -> None:
        """Send each transaction in a request of its own; an answer does not say whether it lands."""
        for raw in raws:
            task = asyncio.create_task(self._send(raw))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def aclose(self) -> None:
        """Wait for what is being sent and give the connections back."""
        await asyncio.gather(*self._sending)
        await self._rpc.aclose()

    async def _send(self, raw: bytes) -> None:
        # The nodes have the same bytes; an error here is counted by the observer and costs nothing else.
        with suppress(ChainError):
            await self._rpc.call("sendTransaction", base64.b64encode(raw).decode(), {"encoding": "base64"})
