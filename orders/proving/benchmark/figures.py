"""Percentiles and rates of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orders.proving.benchmark.load import ACCEPTED, Sample
from orders.proving.benchmark.records import OrderRecord

_MILLISECONDS = 1000


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something took, in milliseconds; ``count`` is how many were measured."""

    count: int
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run came to. Times in milliseconds, rates per second; a spread is None without events."""

    posted: int
    accept: Spread | None
    accepted_per_second: float
    to_submitted: Spread | None
    to_confirmed: Spread | None
    confirmed_per_second: float
    answers: Mapping[str, int]
    outcomes: Mapping[str, int]


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The smallest of the ``ordered`` values that ``percent`` of them do not exceed (nearest rank)."""
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(rank, 1) - 1]


def spread(values: Sequence[float]) -> Spread | None:
    """The percentiles of some durations, None for none."""
    if not values:
        return None
    ordered = sorted(values)
    return Spread(len(ordered), *(round(percentile(ordered, percent), 1) for percent in (50, 95, 99)))


def figures(samples: Sequence[Sample], records: Sequence[OrderRecord]) -> Figures:
    """The figures of a run; the clock of each order starts when its client sends it."""
    accepted = [sample for sample in samples if sample.code == ACCEPTED]
    sent = {sample.order_id: sample.sent_at for sample in accepted}
    known = [record for record in records if record.order_id in sent]
    first = min((sample.sent_at for sample in samples), default=0)
    answered = max(
        (sample.sent_at + sample.answered_ms / _MILLISECONDS for sample in accepted), default=first
    )
    ends = [record.confirmed_at for record in known if record.confirmed_at is not None]
    return Figures(
        posted=len(samples),
        accept=spread([sample.answered_ms for sample in accepted]),
        accepted_per_second=_rate(len(accepted), answered - first),
        to_submitted=spread(_since_sent(sent, [(r.order_id, r.submitted_at) for r in known])),
        to_confirmed=spread(_since_sent(sent, [(r.order_id, r.confirmed_at) for r in known])),
        confirmed_per_second=_rate(len(ends), max(ends, default=first) - first),
        answers=dict(Counter(sample.code for sample in samples).most_common()),
        outcomes=dict(Counter(_outcome(record) for record in records).most_common()),
    )


def _since_sent(sent: Mapping[str, float], moments: Sequence[tuple[str, float | None]]) -> list[float]:
    return [(at - sent[order_id]) * _MILLISECONDS for order_id, at in moments if at is not None]


def _rate(count: int, seconds: float) -> float:
    return round(count / seconds, 1) if seconds > 0 else 0.0


def _outcome(record: OrderRecord) -> str:
    return f"{record.status} {record.error_code}".strip()
