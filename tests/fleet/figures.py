"""What a fleet did, in figures: rates, CPU, who did how much, how often the chain was asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from orders.lifecycle import Status
from orders.proving.benchmark.figures import percentile
from orders.proving.benchmark.load import ACCEPTED, Sample
from orders.proving.benchmark.processes import cpu_ms
from orders.proving.soak.books import EngineBooks
from tests.fleet.running import Fleet

_MILLISECONDS: Final = 1000
# Which status an order has left, counted by the process that wrote its next step.
_STAGES: Final = {"pending": "claimed", "routing": "routed", "building": "sent", "submitted": "settled"}


def counted(folder: Path) -> dict[tuple[str, str], float]:
    """Samples of one process: (name, first distinguishing label) to value."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))
    found: Counter[tuple[str, str]] = Counter()
    for metric in registry.collect():
        for sample in metric.samples:
            label = (
                sample.labels.get("method") or sample.labels.get("stage") or sample.labels.get("status", "")
            )
            if "le" not in sample.labels:
                found[sample.name, label] += sample.value
    return found


def shares(fleet: Fleet) -> dict[str, dict[str, int]]:
    """Orders by worker and stage: who took each step."""
    return {
        worker.name: {
            word: int(counts.get(("orders_stage_duration_seconds_count", status), 0))
            for status, word in _STAGES.items()
        }
        for worker in fleet.workers
        for counts in [counted(fleet.counts_folder(worker))]
    }


def node_requests(fleet: Fleet) -> Counter[str]:
    """Requests of all workers by method, a batch of calls as one."""
    found = Counter[str]()
    for worker in fleet.workers:
        for (name, method), count in counted(fleet.counts_folder(worker)).items():
            if name == "orders_rpc_request_duration_seconds_count":
                found[method] += int(count)
    return found


def fleet_cpu(fleet: Fleet, postmaster: int | None) -> dict[str, int]:
    """CPU milliseconds so far by kind of process; PostgreSQL's by its children."""
    found = Counter[str]()
    for part in fleet.parts:
        if part.is_alive:
            found[part.name.partition("-")[0]] += cpu_ms(part.pid) or 0
    for pid in [] if postmaster is None else [postmaster, *_children(postmaster)]:
        found["postgres"] += cpu_ms(pid) or 0
    return dict(found)


def rates(books: EngineBooks, samples: Iterable[Sample]) -> list[str]:
    """Lines about the accepted orders, clocked from the first post."""
    samples = list(samples)
    accepted = {sample.order_id: sample.sent_at for sample in samples if sample.code == ACCEPTED}
    events = books.events()
    ends = {
        str(order_id): event.at.timestamp()
        for order_id, steps in events.items()
        for event in steps
        if event.status == Status.CONFIRMED and str(order_id) in accepted
    }
    first = min(sample.sent_at for sample in samples)
    answered = max(sample.sent_at + sample.answered_ms / _MILLISECONDS for sample in samples)
    waits = sorted(ends[order_id] - accepted[order_id] for order_id in ends) or [0.0]
    return [
        f"accepted {len(accepted)} of {len(samples)}, {len(accepted) / (answered - first):.0f} orders/s",
        f"confirmed {len(ends)}, {len(ends) / (max(ends.values(), default=first + 1) - first):.0f} orders/s",
        "post to confirmed " + "  ".join(f"p{p} {percentile(waits, p):.1f} s" for p in (50, 95, 99)),
    ]


def _children(parent: int) -> list[int]:
    return [
        int(folder.name)
        for folder in Path("/proc").iterdir()
        if folder.name.isdigit() and _parent(folder) == parent
    ]


def _parent(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0
