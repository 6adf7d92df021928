"""CPU an order, held against what was recorded on a machine of the same class. Pure but for reading the file.

CPU time, not the clock: how long orders take says more about what else the machine does. Processes that share
caches and cores with others take more CPU too, so the bound is wide: it finds an order that costs half as
much again, not one that costs a tenth more.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from orders.proving.benchmark.chain_check import Check
from orders.proving.benchmark.processes import ProcessUsage

_NOT_THE_ENGINE = "bench itself"


def ms_per_order(usage: Sequence[ProcessUsage], orders: int) -> float:
    """CPU milliseconds that the engine's processes took for an order."""
    spent = sum(part.cpu_ms for part in usage if part.name != _NOT_THE_ENGINE)
    return round(spent / max(orders, 1), 2)


def check_cpu(recorded: Mapping[str, Any], machine: str, measured_ms: float) -> Check:
    """Whether an order takes no more CPU than allowed; always so on a class of machine that has no figure.

    ``recorded`` has ``timesAllowed`` and, by what ``machine`` begins with, ``msPerOrder``.
    """
    name = "an order takes no more CPU than recorded allows"
    figures: Mapping[str, float] = recorded["msPerOrder"]
    known = next((figure for kind, figure in figures.items() if machine.startswith(kind)), None)
    if known is None:
        return Check(name, True, f"{measured_ms} ms; no figure is recorded for {machine}")
    most = round(known * recorded["timesAllowed"], 2)
    return Check(name, measured_ms <= most, f"{measured_ms} ms, at most {most}, {known} recorded")


def recorded_cpu(text: str) -> Mapping[str, Any]:
    """The figures of a file that a command line names."""
    try:
        return read_recorded(Path(text))
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise argparse.ArgumentTypeError(f"{text} holds no recorded figures: {error}") from error


def read_recorded(path: Path) -> Mapping[str, Any]:
    """The recorded figures; raises OSError, ValueError, TypeError or LookupError when they cannot be read."""
    recorded: Mapping[str, Any] = json.loads(path.read_text())
    return {"timesAllowed": float(recorded["timesAllowed"]), "msPerOrder": dict(recorded["msPerOrder"])}
