"""``python -m dex.localnet``: a Solana network for one machine."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Sequence
from typing import Final

from dex.localnet.command_line import CommandLine, read_command_line
from dex.localnet.errors import ForkRefused, LedgerRefused, ScenarioRefused, UnusableProgram
from dex.localnet.fork.network import open_fork
from dex.localnet.launches.rivals import run_rivals
from dex.localnet.scenario.player import ScenarioPlayer
from dex.localnet.server import Localnet
from dex.localnet.traders import run_traders

_TRADERS_STOP_SECONDS: Final = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs until SIGTERM or SIGINT; the exit status."""
    try:
        asyncio.run(serve(read_command_line(arguments)))
    except (ForkRefused, LedgerRefused, ScenarioRefused, UnusableProgram, OSError) as error:
        print(f"localnet: {error}", file=sys.stderr)  # noqa: T201 -- this is the command line
        return 1
    return 0


async def serve(command: CommandLine) -> None:
    """Runs a network and its traders until a signal.

    Raises ForkRefused, LedgerRefused, ScenarioRefused, UnusableProgram, or OSError for a taken port.
    """
    fork = None if command.fork is None else await open_fork(command.options, command.fork)
    network = Localnet(command.options) if fork is None else fork.network
    if command.scenario:
        ScenarioPlayer(network.chain, command.scenario, command.traders_network)
    await network.start()
    if fork is not None and command.fork is not None:
        print(f"localnet {fork.description(command.fork)}", flush=True)  # noqa: T201 -- the command line
    # What is loaded stays: to look through it for garbage again and again would hold the network up.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    print(  # noqa: T201 -- this is the command line
        f"localnet ready: {' '.join(network.urls)} websocket {network.websocket_url} "
        f"slot {network.chain.slot} genesis {network.chain.genesis_hash}",
        flush=True,
    )
    waiting: list[asyncio.Task[object]] = [
        asyncio.create_task(stop.wait()),
        asyncio.create_task(network.failed()),
    ]
    if command.traders:
        trading = run_traders(
            network.url, command.traders, command.options.seed, network=command.traders_network
        )
        waiting.append(asyncio.create_task(trading))
    if command.rivals:
        options = command.options
        competing = run_rivals(
            network.url,
            command.rivals,
            options.seed,
            slot_ms=options.slot_ms,
            network=command.traders_network,
        )
        waiting.append(asyncio.create_task(competing))
    done, others = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    await asyncio.wait(waiting, timeout=_TRADERS_STOP_SECONDS)
    await network.stop()
    if fork is not None:
        await fork.origin.aclose()
    for task in done:
        task.result()


if __name__ == "__main__":
    sys.exit(main())
