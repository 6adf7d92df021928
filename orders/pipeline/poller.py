"""The settlement poller: one a process, which looks at all of its open attempts again and again.

What it adopts is on trial first: who followed it before may have died of it. Their rows say so before each is
looked at. Those that were never on trial come first, in a few groups, so that all of them move soon though a
node is slow; those that were, alone. So one that kills its poller is known by its count, and takes others
along once at most.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from django.db import Error as DatabaseError
from django.db import connection
from django.db.models import F, QuerySet

from orders.lifecycle import Status
from orders.models import Attempt, Order
from orders.pipeline.settle import Retry, Watched, settle_or_leave, watched_from_now
from orders.pipeline.stage_limit import StageLimit
from orders.platform.lazy_thread import LazyThread

logger = logging.getLogger(__name__)

_POLL_SECONDS: Final = 0.2
_MOST_AT_ONCE: Final = 256
# Each group costs two small writes, and a look that takes as long as the node does.
_MOST_GROUPS: Final = 4
# Looked at alone as long as they are no more than this.
_MOST_ALONE: Final = 64


class Poller:
    """Polls the statuses of watched attempts in batches, from a thread of its own."""

    def __init__(self, retry: Retry, limit: StageLimit | None = None) -> None:
        self._retry = retry
        self._limit = limit or StageLimit()
        self._watched: dict[str, Watched] = {}
        self._on_trial: list[Watched] = []
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread = LazyThread("settlement", self._poll)

    def watch(self, attempts: Iterable[Attempt]) -> None:
        """Follow these open attempts until the chain has decided about each; returns at once."""
        with self._lock:
            for attempt in attempts:
                self._watched.setdefault(attempt.signature, watched_from_now(attempt))
        self._go_on()

    def adopt(self, attempts: Iterable[Attempt]) -> None:
        """`watch` attempts that another poller followed, in this order, when they have passed their trial."""
        with self._lock:
            known = {one.attempt.signature for one in self._on_trial} | self._watched.keys()
            fresh = [attempt for attempt in attempts if attempt.signature not in known]
            self._on_trial.extend(watched_from_now(attempt) for attempt in fresh)
        self._go_on()

    def stop(self) -> None:
        """Follow nothing any more; returns when the thread has ended."""
        self._stopped.set()
        self._wake.set()
        self._thread.join()

    def _go_on(self) -> None:
        if self._watched or self._on_trial:
            self._thread.ensure()
        self._wake.set()

    def _poll(self) -> None:
        while not self._stopped.is_set():
            with self._lock:
                batch, on_trial = list(self._watched.values()), list(self._on_trial)
            if not batch and not on_trial:
                self._wake.wait()
                self._wake.clear()
                continue
            for start in range(0, len(batch), _MOST_AT_ONCE):
                self._forget(self._settled(batch[start : start + _MOST_AT_ONCE]))
            self._try(on_trial)
            self._stopped.wait(_POLL_SECONDS)

    def _settled(self, group: Sequence[Watched]) -> Collection[str]:
        with self._limit.running("settle"):
            return settle_or_leave(group, self._retry)

    def _try(self, on_trial: Sequence[Watched]) -> None:
        try:
            for group in _groups(on_trial):
                _submitted(group).update(starts=F("starts") + 1)
                done = self._settled(group)
                _submitted(group).update(starts=0)
                self._pass(group, done)
        except DatabaseError as error:
            logger.warning("%d adopted orders wait: %s", len(on_trial), type(error).__name__)
            connection.close()

    def _pass(self, group: Sequence[Watched], done: Collection[str]) -> None:
        tried = {one.attempt.signature for one in group}
        with self._lock:
            self._on_trial = [one for one in self._on_trial if one.attempt.signature not in tried]
            passed = [one for one in group if one.attempt.signature not in done]
            self._watched |= {one.attempt.signature: one for one in passed}

    def _forget(self, signatures: Iterable[str]) -> None:
        with self._lock:
            for signature in signatures:
                self._watched.pop(signature, None)


def _groups(on_trial: Sequence[Watched]) -> Iterator[Sequence[Watched]]:
    tried_before = set(_submitted(on_trial).filter(starts__gt=0).values_list("pk", flat=True))
    fresh = [one for one in on_trial if one.attempt.order_id not in tried_before]
    yield from _parts(fresh, _MOST_GROUPS)
    yield from _parts([one for one in on_trial if one.attempt.order_id in tried_before], _MOST_ALONE)


def _parts(watched: Sequence[Watched], most: int) -> Iterator[Sequence[Watched]]:
    """No more than so many groups, and of one each where that is enough."""
    size = max(1, -(-len(watched) // most))
    for start in range(0, len(watched), size):
        yield watched[start : start + size]


def _submitted(watched: Sequence[Watched]) -> QuerySet[Order]:
    return Order.objects.filter(pk__in=[one.attempt.order_id for one in watched], status=Status.SUBMITTED)
