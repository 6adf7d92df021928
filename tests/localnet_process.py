"""Localnets for tests: in the running event loop, or in a thread for synchronous tests."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from solders.account import Account
from solders.pubkey import Pubkey

from dex.localnet.chain import Chain
from dex.localnet.server import Localnet, NetworkOptions

FAST_SLOTS_MS = 20


def free_port_pair(nodes: int = 1) -> int:
    """A port that is free, and so are the next ones (the WebSocket port, further nodes)."""
    while True:
        port = random.randrange(20_000, 32_000)
        try:
            with ExitStack() as probes:
                for number in range(2 * nodes):
                    probes.enter_context(socket.socket()).bind(("127.0.0.1", port + number))
        except OSError:
            continue
        return port


@asynccontextmanager
async def running_localnet(options: NetworkOptions | None = None) -> AsyncIterator[Localnet]:
    """A localnet in this event loop on free ports; ``.url``, ``.websocket_url``, ``.chain``."""
    options = options or NetworkOptions(slot_ms=FAST_SLOTS_MS)
    network = Localnet(replace(options, port=free_port_pair(options.nodes)))
    await network.start()
    try:
        yield network
    finally:
        await network.stop()


@dataclass(slots=True)
class LocalnetThread:
    """A localnet in a thread of its own; from outside only its URLs and these methods may be used."""

    url: str
    websocket_url: str
    _chain: Chain
    _loop: asyncio.AbstractEventLoop
    _stopping: asyncio.Event
    _thread: threading.Thread

    def account(self, address: Pubkey) -> Account | None:
        """The account as the last open slot has it."""

        async def read() -> Account | None:
            return self._chain.bank.accounts.current(address)

        return asyncio.run_coroutine_threadsafe(read(), self._loop).result(timeout=10)

    def put_account(self, address: Pubkey, account: Account | None) -> None:
        """Write an account into the open slot, as if a transaction had; None takes it away."""

        async def write() -> None:
            self._chain.bank.restore({address: account})
            self._chain.bank.accounts.put(address, account)

        asyncio.run_coroutine_threadsafe(write(), self._loop).result(timeout=10)

    def stop(self) -> None:
        """Ends it and waits for the end."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(timeout=10)


def start_localnet_thread(options: NetworkOptions | None = None) -> LocalnetThread:
    """Starts a localnet in a thread and returns when it answers."""
    ready = threading.Event()
    started: list[LocalnetThread] = []

    async def serve() -> None:
        stopping = asyncio.Event()
        async with running_localnet(options) as network:
            loop = asyncio.get_running_loop()
            found = LocalnetThread(network.url, network.websocket_url, network.chain, loop, stopping, thread)
            started.append(found)
            ready.set()
            await stopping.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="localnet", daemon=True)
    thread.start()
    if not ready.wait(timeout=15):
        raise TimeoutError("the localnet did not start")
    return started[0]
