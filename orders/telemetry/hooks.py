"""What the engine reports of itself for traces. While they are off, each call is one look at a name.

Nothing here waits, raises, or writes: what is reported goes to a bounded queue in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from orders.models import Order

if TYPE_CHECKING:
    from orders.telemetry.recorder import SpanRecorder
    from orders.telemetry.spans import RequestWork, StageWork
    from orders.telemetry.stage_log import BatchOutcome

_recorder: SpanRecorder | None = None


def use(recorder: SpanRecorder | None) -> None:
    """Report to ``recorder`` from now on; None switches traces off."""
    global _recorder
    _recorder = recorder


def begin_stage(
    stage: str, order_ids: Collection[UUID] | None = None, alone: UUID | None = None
) -> StageWork | None:
    """A stage begins in this thread, with these orders if they are known; it must be ended.

    The span of a stage of one order, or of ``alone``, belongs to that order's trace.
    """
    return None if _recorder is None else _recorder.begin_stage(stage, order_ids, alone)


def done(outcome: BatchOutcome) -> None:
    """The stage under way has come to ``outcome``."""
    if _recorder is not None:
        _recorder.done(outcome)


def came_to(outcome: str, orders: Sequence[Order]) -> None:
    """These orders of the stage under way have come to ``outcome``."""
    if _recorder is not None:
        _recorder.came_to(outcome, orders)


def begin_request(method: str, headers: Mapping[str, str]) -> RequestWork | None:
    """An HTTP request begins in this thread; it must be ended."""
    return None if _recorder is None else _recorder.begin_request(method, headers)


def accepted(order: Order) -> None:
    """This order is committed: its trace begins."""
    if _recorder is not None:
        _recorder.accepted(order)


def called(node: str, method: str, seconds: float, calls: Counter[tuple[str, str]]) -> None:
    """One request to a node has ended; ``calls`` counts its calls by method and code."""
    if _recorder is not None:
        _recorder.called(node, method, seconds, calls)
