"""Places where a test may kill this process, to see that an order survives it.

``ORDERS_CRASH_AT=NAME`` or ``NAME:N`` kills the process with SIGKILL the first or the Nth time that it
comes by; with ``ORDERS_CRASH_BY=STOP`` it freezes there until SIGCONT. ``ORDERS_CRASH_ONCE_FILE`` names a
file that is made just before, so that the process that is started in its place goes on. Without DEBUG
nothing happens here, and a system check refuses the setting.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

CRASH_AT: Final = "ORDERS_CRASH_AT"
ONCE_FILE: Final = "ORDERS_CRASH_ONCE_FILE"
CRASH_BY: Final = "ORDERS_CRASH_BY"
STOP: Final = "STOP"

ACCEPTING: Final = "accepting"
ACCEPTED: Final = "accepted"
RELEASING: Final = "releasing"
RELEASED: Final = "released"
PLACING_ROUND: Final = "placing_round"
QUOTED: Final = "quoted"
SIGNED: Final = "signed"
STORING: Final = "storing"
BEFORE_SEND: Final = "before_send"
SENT: Final = "sent"
SETTLING: Final = "settling"
NAMES: Final = frozenset(
    {
        ACCEPTING,
        ACCEPTED,
        RELEASING,
        RELEASED,
        PLACING_ROUND,
        QUOTED,
        SIGNED,
        STORING,
        BEFORE_SEND,
        SENT,
        SETTLING,
    }
)

_visits: Final[dict[str, int]] = {}


def crash_point(name: str) -> None:
    """Kill or freeze this process here if the environment asks for it; otherwise do nothing."""
    wanted = os.environ.get(CRASH_AT)
    if wanted is None or not settings.DEBUG:
        return
    target, _, number = wanted.partition(":")
    if target != name:
        return
    _visits[name] = _visits.get(name, 0) + 1
    if _visits[name] >= int(number or 1) and _is_first():
        if os.environ.get(CRASH_BY) == STOP:
            # Sent to this thread, which then gets no further; sent to the process, it might for a while.
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
        else:
            os.kill(os.getpid(), signal.SIGKILL)


def _is_first() -> bool:
    once_file = os.environ.get(ONCE_FILE)
    if not once_file:
        return True
    try:
        Path(once_file).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


@register("orders")
def crash_points_are_for_tests(
    app_configs: Sequence[AppConfig] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """A process that kills itself on demand runs with DEBUG only, and only at a place that exists."""
    wanted = os.environ.get(CRASH_AT)
    if wanted is None:
        return []
    if not settings.DEBUG:
        return [Error(f"{CRASH_AT} is set without DEBUG.", hint="Unset it.", id="orders.E010")]
    if wanted.partition(":")[0] not in NAMES:
        return [Error(f"{CRASH_AT} names no crash point.", hint=f"One of {sorted(NAMES)}", id="orders.E011")]
    return []
