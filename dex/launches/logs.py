"""Whether a transaction may have created a pool, by its log: so that few have to be read.

Anchor programs log the name of each instruction, Raydium AMM v4 its `initialize2`. Other instructions share
these names, and a log can be cut short: the instructions decide.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from dex.launches.creations import INSTRUCTIONS

_NAMED: Final = "Program log: Instruction: "
_AMM_V4: Final = "Program log: initialize2: "
_CUT_SHORT: Final = "Log truncated"
_NAMES: Final = frozenset("".join(word.capitalize() for word in name.split("_")) for name in INSTRUCTIONS)


def may_create(logs: Iterable[str]) -> bool:
    """Whether a line says so, or lines are missing."""
    return any(line.startswith((_AMM_V4, _CUT_SHORT)) or line.removeprefix(_NAMED) in _NAMES for line in logs)
