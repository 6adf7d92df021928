"""One log line for each batch of each stage: its orders, the requests that placed them, what came of it.

A line costs the same for one order as for sixty-four. Whatever else is logged meanwhile, in this thread or
on the node's event loop, carries the stage and its orders too. Traces get the same.
"""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

from structlog import contextvars

from orders.models import Order
from orders.telemetry import hooks

logger = logging.getLogger(__name__)

_begun: Final[ContextVar[float]] = ContextVar("begun", default=0.0)


class BatchOutcome(Protocol):
    """What a stage leaves of its batch."""

    onward: list[UUID]
    waiting: list[Order]
    orders: list[Order]
    ended: list[Order]


Result = TypeVar("Result", bound=BatchOutcome)


def logged(stage: Callable[[Collection[UUID]], Result]) -> Callable[[Collection[UUID]], Result]:
    """``stage`` with a line about each batch of which it found something to do."""

    @functools.wraps(stage)
    def run(order_ids: Collection[UUID]) -> Result:
        with begun(stage.__name__, order_ids):
            outcome = stage(order_ids)
            hooks.done(outcome)
            if outcome.orders or outcome.ended:
                _say(outcome)
        return outcome

    return run


@contextmanager
def begun(stage: str, order_ids: Collection[UUID] | None = None, alone: UUID | None = None) -> Iterator[None]:
    """Bind the stage and its orders, and begin to count its time.

    ``alone`` is the one order of a stage that binds none.
    """
    token = _begun.set(time.monotonic())
    work = hooks.begin_stage(stage, order_ids, alone)
    bound: dict[str, Any] = {"stage": stage}
    if order_ids is not None:
        bound["orders"] = [str(order_id) for order_id in order_ids]
    if work is not None:
        bound |= work.ids
    try:
        with contextvars.bound_contextvars(**bound):
            yield
    except BaseException as error:
        if work is not None:
            work.failed(type(error).__name__)
        raise
    finally:
        if work is not None:
            work.end()
        _begun.reset(token)


def came_to(outcome: str, orders: Sequence[Order]) -> None:
    """Log that these orders of the stage under way have come to ``outcome``."""
    hooks.came_to(outcome, orders)
    if orders and logger.isEnabledFor(logging.INFO):
        logger.info("settled", extra={"outcome": outcome, **_named(orders), "ms": _milliseconds()})


def accepted(orders: Sequence[Order]) -> None:
    """Log that these orders are committed."""
    if logger.isEnabledFor(logging.INFO):
        logger.info("accepted", extra=_named(orders))


def _say(outcome: BatchOutcome) -> None:
    if not logger.isEnabledFor(logging.INFO):
        return
    extra: dict[str, Any] = {
        **_named([*outcome.orders, *outcome.ended]),
        "onward": len(outcome.onward),
        "ms": _milliseconds(),
    }
    if outcome.waiting:
        extra["waiting"] = [str(order.pk) for order in outcome.waiting]
    if outcome.ended:
        extra["ended"] = {str(order.pk): order.error_code or order.status for order in outcome.ended}
    logger.info("done", extra=extra)


def _named(orders: Sequence[Order]) -> dict[str, Any]:
    unique = {order.pk: order for order in orders}
    named = {"orders": [str(pk) for pk in unique]}
    requests = list(dict.fromkeys(order.request_id for order in unique.values() if order.request_id))
    return {**named, "requests": requests} if requests else named


def _milliseconds() -> int:
    return int((time.monotonic() - _begun.get()) * 1000)
