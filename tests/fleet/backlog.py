"""Orders accepted while no worker ran: how fast they are done once workers start, and in which order."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from orders.lifecycle import Status
from orders.proving.benchmark.figures import percentile
from orders.proving.benchmark.load import ACCEPTED, LoadGenerator, LoadPlan, Sample, Swap
from orders.proving.benchmark.processes import cpu_ms, rss_mib
from orders.proving.soak.books import EventRow
from orders.proving.soak.waiting import eventually
from tests.fleet.running import Fleet

_SWAPS: Final = (Swap("SOL", "USDC", "0.01"), Swap("USDC", "SOL", "1"))
_CLIENTS: Final = 4
_BATCH: Final = 100
_DONE_SECONDS: Final = 400


def measure(fleet: Fleet, orders: int) -> None:
    """Post, start the workers, wait for the end; prints rate, order and memory, and checks every promise."""
    plan = LoadPlan(fleet.urls[0], orders, _CLIENTS, _SWAPS, "backlog-", fleet.token, _BATCH)
    samples = asyncio.run(LoadGenerator(plan).run())
    accepted = {UUID(sample.order_id) for sample in samples if sample.code == ACCEPTED}
    print(f"{_accepted(samples)} before any worker ran; load average {os.getloadavg()[0]:.1f}")
    began = time.time()
    for worker in fleet.workers:
        worker.launch()
    for worker in fleet.workers:
        worker.await_ready()
    ready = time.time()
    memory = _memory_until_done(fleet, len(accepted))
    events = {each: rows for each, rows in fleet.books.events().items() if each in accepted}
    for line in (*_rates(events, began, ready), _order(events), *memory, _cpu(fleet, orders)):
        print(line)
    eventually(lambda: not fleet.checker.unfinished(accepted), _DONE_SECONDS, "all orders at their end")
    fleet.checker.verify(accepted)
    print(f"every promise kept; load average {os.getloadavg()[0]:.1f}")


def _accepted(samples: Sequence[Sample]) -> str:
    good = [sample for sample in samples if sample.code == ACCEPTED]
    first = min(sample.sent_at for sample in samples)
    last = max(sample.sent_at + sample.answered_ms / 1000 for sample in samples)
    return f"accepted {len(good)} of {len(samples)}, {len(good) / (last - first):.0f} orders/s"


def _memory_until_done(fleet: Fleet, orders: int) -> list[str]:
    """Resident memory of each worker at every tenth of the way."""
    held: dict[str, list[int]] = {worker.name: [] for worker in fleet.workers}

    def is_done() -> bool:
        done = fleet.books.count(Status.CONFIRMED)
        while len(held[fleet.workers[0].name]) * orders <= done * 10:
            for worker in fleet.workers:
                held[worker.name].append(rss_mib(worker.pid))
        return done >= orders

    eventually(is_done, _DONE_SECONDS, "the backlog at its end")
    return [f"{name} MiB at each tenth " + " ".join(map(str, each)) for name, each in held.items()]


def _rates(events: Mapping[UUID, Sequence[EventRow]], began: float, ready: float) -> list[str]:
    ends = _moments(events, Status.CONFIRMED)
    last = max(ends.values(), default=began + 1)
    return [
        f"workers ready {ready - began:.1f} s after their start",
        f"confirmed {len(ends)}, {len(ends) / (last - began):.0f} orders/s since their start,"
        f" {len(ends) / (last - min(ends.values(), default=began)):.0f} since the first",
    ]


def _order(events: Mapping[UUID, Sequence[EventRow]]) -> str:
    """By how many places orders began earlier or later than they were accepted."""
    accepted, begun = _moments(events, Status.PENDING), _moments(events, Status.ROUTING)
    by_age = sorted(begun, key=accepted.__getitem__)
    place = {order_id: number for number, order_id in enumerate(sorted(begun, key=begun.__getitem__))}
    moved = sorted(abs(place[order_id] - number) for number, order_id in enumerate(by_age)) or [0]
    return f"began out of their order by places: p50 {percentile(moved, 50)}, p99 {percentile(moved, 99)}"


def _moments(events: Mapping[UUID, Sequence[EventRow]], status: Status) -> dict[UUID, float]:
    return {
        order_id: row.at.timestamp()
        for order_id, rows in events.items()
        for row in rows
        if row.status == status
    }


def _cpu(fleet: Fleet, orders: int) -> str:
    spent = sum(cpu_ms(worker.pid) or 0 for worker in fleet.workers)
    return f"CPU of the workers, their start included, {spent / orders:.2f} ms an order"
