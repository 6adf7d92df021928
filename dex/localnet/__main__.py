"""``python -m dex.localnet``: a Solana network for one machine."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from solders.pubkey import Pubkey

from dex.localnet.errors import LedgerRefused
from dex.localnet.genesis import build_genesis
from dex.localnet.programs import BUNDLED
from dex.localnet.server import Localnet, NetworkOptions
from dex.localnet.traders import run_traders, trader_keypairs

_TRADERS_STOP_SECONDS: Final = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs until SIGTERM or SIGINT; the exit status."""
    options, traders = read_options(arguments)
    try:
        asyncio.run(serve(options, traders))
    except (LedgerRefused, OSError) as error:
        print(f"localnet: {error}", file=sys.stderr)  # noqa: T201 -- this is the command line
        return 1
    return 0


async def serve(options: NetworkOptions, traders: int = 0) -> None:
    """Runs a network and its traders until a signal; raises LedgerRefused, or OSError for a taken port."""
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
    waiting: list[asyncio.Task[object]] = [
        asyncio.create_task(stop.wait()),
        asyncio.create_task(network.failed()),
    ]
    if traders:
        waiting.append(asyncio.create_task(run_traders(network.url, traders, options.seed)))
    done, others = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    await asyncio.wait(waiting, timeout=_TRADERS_STOP_SECONDS)
    await network.stop()
    for task in done:
        task.result()


def read_options(arguments: Sequence[str] | None) -> tuple[NetworkOptions, int]:
    """The command line as options and a number of traders."""
    parser = argparse.ArgumentParser(prog="python -m dex.localnet", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8899, help="HTTP; WebSocket is served on the next one")
    parser.add_argument("--ledger", type=Path, metavar="DIR", help="keep the chain here (default: memory)")
    parser.add_argument("--seed", type=int, default=1, help="of the genesis")
    parser.add_argument("--fund", type=_address, action="append", default=[], metavar="PUBKEY")
    parser.add_argument("--traders", type=int, default=0, metavar="N", help="keep the pools moving")
    parser.add_argument("--program", type=_program, action="append", default=[], metavar="ADDRESS=FILE.so")
    parser.add_argument("--slot-ms", type=int, default=400)
    parser.add_argument("--allow-faults", action="store_true", help="serve the localnet_ fault methods")
    found = parser.parse_args(arguments)
    options = NetworkOptions(
        host=found.host,
        port=found.port,
        ledger=found.ledger,
        seed=found.seed,
        fund=[*found.fund, *(keypair.pubkey() for keypair in trader_keypairs(found.traders, found.seed))],
        programs={**BUNDLED, **dict(found.program)},
        genesis=lambda fund: build_genesis(found.seed, fund).accounts,
        slot_ms=found.slot_ms,
        allow_faults=found.allow_faults,
    )
    return options, found.traders


def _program(text: str) -> tuple[Pubkey, Path]:
    address, separator, file = text.partition("=")
    if not separator:
        raise argparse.ArgumentTypeError(f"{text!r} is not ADDRESS=FILE.so")
    return _address(address), Path(file)


def _address(text: str) -> Pubkey:
    try:
        return Pubkey.from_string(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not an address") from None


if __name__ == "__main__":
    sys.exit(main())
