"""A parent network and forks of it, in one event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from dex.localnet.fork.network import Fork, ForkOptions, open_fork
from dex.localnet.fork.parent import Backoff
from dex.localnet.server import Localnet, NetworkOptions
from tests.dex.localnet.network_swaps import GENESIS, MINTS, WALLET, options
from tests.localnet_process import FAST_SLOTS_MS, free_port_pair, running_localnet

QUICK = Backoff(busy=(0.01, 0.01, 0.01), unreachable=(0.01,))
SOL_USDC = (MINTS["SOL"], MINTS["USDC"])
SOL_USDC_POOLS = sum({pool.base.mint, pool.quote.mint} == set(SOL_USDC) for pool in GENESIS.pools)


@asynccontextmanager
async def running_parent() -> AsyncIterator[Localnet]:
    """A localnet with genesis, stand-ins and faults."""
    async with running_localnet(options(faults=True)) as network:
        yield network


@asynccontextmanager
async def running_fork(
    fork: ForkOptions, ledger: Path | None = None, **changes: object
) -> AsyncIterator[Fork]:
    """A fork on free ports that funds the wallet of the swaps."""
    network = NetworkOptions(
        slot_ms=FAST_SLOTS_MS, port=free_port_pair(), ledger=ledger, fund=[WALLET], allow_faults=True
    )
    found = await open_fork(replace(network, **changes), fork)  # type: ignore[arg-type]
    await found.network.start()
    try:
        yield found
    finally:
        await found.network.stop()
        await found.origin.aclose()


def fork_of(parent: Localnet, cache: Path, **changes: object) -> ForkOptions:
    """Forks the pools of SOL/USDC with little patience."""
    found = ForkOptions(parent.url, pairs=[SOL_USDC], cache=cache, backoff=QUICK)
    return replace(found, **changes)  # type: ignore[arg-type]
