"""``python -m dex.localnet.launches``: bots that buy what a localnet launches, beside that localnet."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections.abc import Sequence

from dex.localnet.launches.rivals import run_rivals


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(
        prog="python -m dex.localnet.launches", description="Bots that compete for localnet's launches."
    )
    parser.add_argument("--url", default="http://127.0.0.1:8899", help="RPC address of the localnet")
    parser.add_argument("--rivals", type=int, default=10, metavar="N")
    parser.add_argument("--seed", type=int, default=1, help="of the localnet")
    found = parser.parse_args(arguments)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run_rivals(found.url, found.rivals, found.seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
