"""A byte to the supervisor every few seconds, for as long as this process gets anywhere.

A process that is stopped or hangs as a whole (a lock of the interpreter that is never given back) sends none:
no thread of it runs. A pipe needs neither a volume nor a port.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Mapping
from typing import Final

# The pipe's writing end, as the supervisor hands it on.
DESCRIPTOR: Final = "PULSE_FD"
_EVERY_SECONDS: Final = 2


def start(environment: Mapping[str, str] = os.environ) -> None:
    """Begin, where somebody waits for it."""
    if descriptor := environment.get(DESCRIPTOR):
        threading.Thread(target=_beat, args=(int(descriptor),), name="pulse", daemon=True).start()


def _beat(descriptor: int) -> None:
    while True:
        # Full: the supervisor is held up. Gone: so is this process, at once.
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            os.write(descriptor, b".")
        time.sleep(_EVERY_SECONDS)
