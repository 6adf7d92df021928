"""Python's cyclic garbage collector, for a process that keeps much and makes little that is circular."""

from __future__ import annotations

import gc
from typing import Final

# New objects that a process may gather before it looks for circles among them: a batch of orders makes some
# twenty thousand and drops nearly all of them without the collector. Then every 20th look takes those in
# that the looks before have left, and every 20th of these all there are.
_THRESHOLDS: Final = (20_000, 20, 20)


def look_seldom() -> None:
    """Call it once all is loaded: modules, models and settings are not looked through again.

    With Python's own thresholds a worker looked through all it holds every few seconds of a burst, for
    0.1 s each time, in which no thread of its gets on.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
