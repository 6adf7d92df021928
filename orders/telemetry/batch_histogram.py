"""A histogram that takes what a whole batch has to say at once."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from prometheus_client import Histogram


class BatchHistogram(Histogram):
    """Each count is a write to a mapped file: of a batch one a bucket, and one for the sum."""

    def observe_all(self, amounts: Sequence[float]) -> None:
        """As `observe` of each of ``amounts``."""
        self._sum.inc(sum(amounts))
        for place, count in Counter(bisect_left(self._upper_bounds, amount) for amount in amounts).items():
            self._buckets[place].inc(count)
