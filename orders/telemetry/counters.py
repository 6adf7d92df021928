"""What this process counts: every step that it writes, every call of the node that it makes.

A step is counted by the process that wrote it, once it is committed; a process that is killed between
commit and count leaves one out. The rows are the truth, these are for graphs.
"""

from __future__ import annotations

import functools
import logging
from collections import Counter as Tally
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, ParamSpec

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from orders.amounts import realised_slippage_bps
from orders.lifecycle import FINAL, PAPER, Status
from orders.models import Order
from orders.telemetry import count_files
from orders.telemetry.batch_histogram import BatchHistogram

logger = logging.getLogger(__name__)
Given = ParamSpec("Given")

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
_CALL_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_SLIPPAGE_BPS: Final = (-100, -10, -1, 0, 1, 5, 10, 25, 50, 100, 250, 500, 1_000)

# When a counter was made is reported by one process alone, never by several that share a folder.
disable_created_metrics()
# No count may end a process: prometheus_client's own files do on a full volume.
count_files.install()
REGISTRY: Final = CollectorRegistry()

_accepted: Final = Counter("orders_accepted", "Orders committed", registry=REGISTRY)
_stage_seconds: Final = BatchHistogram(
    "orders_stage_duration_seconds",
    "How long an order stood at a status before its next step",
    ["stage"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
_confirmation_seconds: Final = BatchHistogram(
    "orders_confirmation_duration_seconds",
    "From acceptance to confirmed",
    buckets=_SECONDS,
    registry=REGISTRY,
)
_ended: Final = Counter(
    "orders_ended", "Orders that came to a final status", ["status", "reason"], registry=REGISTRY
)
_retries: Final = Counter("orders_retries", "Steps back to routing", ["reason"], registry=REGISTRY)
_confirmed: Final = Counter("orders_confirmed", "Confirmed orders", ["dex", "venue"], registry=REGISTRY)
_attempts: Final = BatchHistogram(
    "orders_attempts_per_order",
    "Signed transactions of an order at its end",
    buckets=(0, 1, 2, 3, 4),
    registry=REGISTRY,
)
_slippage: Final = BatchHistogram(
    "orders_realised_slippage_bps",
    "How far the amount received fell short of the quote; negative when it was more",
    buckets=_SLIPPAGE_BPS,
    registry=REGISTRY,
)
_rpc_calls: Final = Counter(
    "orders_rpc_calls",
    "Calls of a Solana node by what came back",
    ["node", "method", "code"],
    registry=REGISTRY,
)
_rpc_seconds: Final = Histogram(
    "orders_rpc_request_duration_seconds",
    "How long a request to a Solana node took, a batch of calls or one",
    ["node", "method"],
    buckets=_CALL_SECONDS,
    registry=REGISTRY,
)
_sends: Final = Counter(
    "orders_sends", "Sends of signed transactions by what the node said", ["answer"], registry=REGISTRY
)
_launches: Final = Counter(
    "orders_launches_seen", "New pools by what showed them first", ["source", "venue"], registry=REGISTRY
)
_launch_slots: Final = Histogram(
    "orders_launch_delay_slots",
    "Slots from the one that showed a new pool to the newest when its row was written",
    ["source"],
    buckets=(0, 1, 2, 3, 5, 10, 25, 50, 150),
    registry=REGISTRY,
)
_sockets: Final = Gauge(
    "orders_websocket_connections",
    "WebSockets that are open",
    multiprocess_mode="livesum",
    registry=REGISTRY,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One committed step: what the order left, when it had come there, and what it is now."""

    order: Order
    left: Status
    came_at: datetime
    at: datetime
    data: dict[str, Any]


def _never_raises(count: Callable[Given, None]) -> Callable[Given, None]:
    """``count``, whose failure (a full disk, a file that is gone) costs no more than a number in a graph."""

    @functools.wraps(count)
    def counted(*args: Given.args, **kwargs: Given.kwargs) -> None:
        try:
            count(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 -- what is counted is done: no fault of a count may undo it
            logger.warning("not counted: %s", type(error).__name__)

    return counted


@_never_raises
def accepted(count: int) -> None:
    """Count new orders."""
    _accepted.inc(count)


@_never_raises
def moved(steps: Sequence[Step]) -> None:
    """Count steps that are committed."""
    stood: dict[Status, list[float]] = {}
    for step in steps:
        stood.setdefault(step.left, []).append(_seconds(step.came_at, step.at))
    for left, seconds in stood.items():
        _stage_seconds.labels(left.value).observe_all(seconds)
    back = (step.data for step in steps if step.order.status == Status.ROUTING)
    for reason, count in Tally(str(data["code"]) for data in back if "code" in data).items():
        _retries.labels(reason).inc(count)
    _count_ends([step for step in steps if step.order.status in FINAL])


@_never_raises
def called(node: str, method: str, code: str, calls: int) -> None:
    """Count calls of one method that came to the same."""
    _rpc_calls.labels(node, method, code).inc(calls)


@_never_raises
def sent(answer: str, transactions: int) -> None:
    """Count sends of signed bytes to which the node said the same."""
    _sends.labels(answer).inc(transactions)


@_never_raises
def answered(node: str, method: str, seconds: float) -> None:
    """Count one request to a node."""
    _rpc_seconds.labels(node, method).observe(seconds)


@_never_raises
def launch_seen(source: str, venue: str, delay_slots: int | None) -> None:
    """Count a new pool; the delay is None where no slot is known but its own."""
    _launches.labels(source, venue).inc()
    if delay_slots is not None:
        _launch_slots.labels(source).observe(max(0, delay_slots))


@_never_raises
def socket_opened() -> None:
    """Count a WebSocket that is open from now on."""
    _sockets.inc()


@_never_raises
def socket_closed() -> None:
    """Count one that is open no more."""
    _sockets.dec()


def _count_ends(steps: Sequence[Step]) -> None:
    if not steps:
        return
    orders = [step.order for step in steps]
    for (status, reason), count in Tally(map(_end_of, orders)).items():
        _ended.labels(status, reason).inc(count)
    _attempts.observe_all([order.attempt for order in orders])
    _count_swaps([step for step in steps if _has_swapped(step.order)])


def _end_of(order: Order) -> tuple[str, str]:
    """The status, and of one that failed why."""
    status = Status(order.status)
    return status.value, order.error_code if status is Status.FAILED else ""


def _has_swapped(order: Order) -> bool:
    return order.status == Status.CONFIRMED and order.network != PAPER


def _count_swaps(steps: Sequence[Step]) -> None:
    if not steps:
        return
    orders = [step.order for step in steps]
    for (dex, venue), count in Tally((order.dex, order.venue) for order in orders).items():
        _confirmed.labels(dex, venue).inc(count)
    _confirmation_seconds.observe_all([_seconds(step.order.created_at, step.at) for step in steps])
    slippages = [realised_slippage_bps(order.slippage_base, order.executed_amount_out) for order in orders]
    _slippage.observe_all([bps for bps in slippages if bps is not None])


def _seconds(since: datetime, until: datetime) -> float:
    return max(0.0, (until - since).total_seconds())
