"""Other bots that buy what localnet launches, in a process of their own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_STOP_SECONDS: Final = 5


@contextmanager
def rivals(rpc_url: str, count: int) -> Iterator[None]:
    """Meanwhile so many bots compete at the node; none for 0."""
    if not count:
        yield
        return
    command = [sys.executable, "-m", "dex.localnet.launches", "--url", rpc_url, "--rivals", str(count)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603
    try:
        yield
    finally:
        process.terminate()
        process.wait(_STOP_SECONDS)
