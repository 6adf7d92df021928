"""``python -m dex.localnet``: a Solana network for one machine."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from solders.pubkey import Pubkey

from dex.localnet.errors import LedgerRefused
from dex.localnet.genesis import build_genesis
from dex.localnet.programs import BUNDLED
from dex.localnet.server import Localnet, NetworkOptions


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs until SIGTERM or SIGINT; the exit status."""
    options = read_options(arguments)
    try:
        asyncio.run(serve(options))
    except (LedgerRefused, OSError) as error:
        print(f"localnet: {error}", file=sys.stderr)  # noqa: T201 -- this is the command line
        return 1
    return 0


async def serve(options: NetworkOptions) -> None:
    """Runs a network until a signal ends it; raises LedgerRefused, OSError when a port is taken."""
    network = Localnet(options)
    await network.start()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    print(  # noqa: T201 -- this is the command line
        f"localnet ready: {network.url} websocket {network.websocket_url} "
        f"slot {network.chain.slot} genesis {network.chain.genesis_hash}",
        flush=True,
    )
    waiting = [asyncio.create_task(stop.wait()), asyncio.create_task(network.failed())]
    done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()
    await network.stop()
    for task in done:
        task.result()


def read_options(arguments: Sequence[str] | None) -> NetworkOptions:
    """The command line as options."""
    parser = argparse.ArgumentParser(prog="python -m dex.localnet", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8899, help="HTTP; WebSocket is served on the next one")
    parser.add_argument("--ledger", type=Path, metavar="DIR", help="keep the chain here (default: memory)")
    parser.add_argument("--seed", type=int, default=1, help="of the genesis")
    parser.add_argument("--fund", type=Pubkey.from_string, action="append", default=[], metavar="PUBKEY")
    parser.add_argument("--program", type=_program, action="append", default=[], metavar="ADDRESS=FILE.so")
    parser.add_argument("--slot-ms", type=int, default=400)
    parser.add_argument("--allow-faults", action="store_true", help="serve the localnet_ fault methods")
    found = parser.parse_args(arguments)
    return NetworkOptions(
        host=found.host,
        port=found.port,
        ledger=found.ledger,
        seed=found.seed,
        fund=found.fund,
        programs={**BUNDLED, **dict(found.program)},
        genesis=lambda fund: build_genesis(found.seed, fund).accounts,
        slot_ms=found.slot_ms,
        allow_faults=found.allow_faults,
    )


def _program(text: str) -> tuple[Pubkey, Path]:
    address, separator, file = text.partition("=")
    if not separator:
        raise ValueError("expected ADDRESS=FILE.so")
    return Pubkey.from_string(address), Path(file)


if __name__ == "__main__":
    sys.exit(main())
