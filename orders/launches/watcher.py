"""The watch for new pools: in every worker a thread, of which one at a time is at work.

What it sees becomes rows (`Launch`), and news for whoever acts on them. What it keeps in memory can be read
again from the rows and from the chain: a worker that dies costs seconds.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Collection, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection as database
from django.utils import timezone

from orders import gateway
from orders.gateway import AskedPool, Missed, PoolList, PoolLook, PoolSubscription, SeenPool
from orders.launches.asking import BROKE_OFF, Answered, Asking
from orders.launches.followed import Followed
from orders.launches.lease import Change, Lease
from orders.launches.news import OnNews, OnSlot, ignore_news, ignore_slot
from orders.launches.origins import Origins, Question
from orders.launches.sightings import Sightings
from orders.launches.subscriptions import (
    Connected,
    CreationShown,
    PoolShown,
    Shown,
    SlotShown,
    Subscriptions,
)
from orders.launches.wanted import OFF, Wanted
from orders.models import Launch, LaunchSource, LaunchWatch
from orders.platform.lazy_thread import LazyThread
from orders.records import launch_watch, launches
from orders.telemetry import counters

logger = logging.getLogger(__name__)

_IDLE_SECONDS: Final = 0.5
_AFTER_ERROR_SECONDS: Final = 1
_PRUNE_EVERY_SECONDS: Final = 600
# What is shown is waited for so long; leases, polls and looks come in between.
_WAIT_SECONDS: Final = 0.1
# Beyond so many that are not taken in yet, the connection ends, and a look at all follows the next one.
_MOST_SHOWN: Final = 20_000
_MOST_AT_ONCE: Final = 500
# Of a mint, and of a program, so many transactions are read again after a gap.
_MOST_MISSED: Final = 1_000
_MOST_MISSED_OF_PROGRAM: Final = 300
# On the row of the watch: more happened in a gap than could be read.
GAP: Final = "GAP"


class LaunchWatcher:
    """Watches for new pools while this worker holds the lease, until stopped.

    ``on_news`` gets new and changed rows as soon as they are written, and all that are kept when this worker
    takes the watch, in the watcher's thread; ``on_slot`` each slot as it is shown, in the thread that reads
    it, which it must not hold up. Both are called in the one worker that is at work. ``sources`` are what it
    watches by; all of them see the same pools.
    """

    def __init__(
        self,
        on_news: OnNews = ignore_news,
        on_slot: OnSlot = ignore_slot,
        sources: Collection[LaunchSource] = tuple(LaunchSource),
    ) -> None:
        self._sources = frozenset(sources)
        self._on_news = on_news
        self._on_slot = on_slot
        self._shown: queue.SimpleQueue[Shown] = queue.SimpleQueue()
        self._subscriptions = Subscriptions(self._show)
        self._asking = Asking(self._shown.put)
        self._lease = Lease()
        self._sightings = Sightings()
        self._followed = Followed()
        self._origins = Origins()
        # The newest slot that was shown; from where on something may have been missed, if anything.
        self._seen_slot = 0
        self._gap_from: int | None = None
        self._pruned_at = self._polled_at = float("-inf")
        self._stopped = threading.Event()
        self._thread = LazyThread("launches", self._run)

    @property
    def is_at_work(self) -> bool:
        """Whether this worker holds the watch."""
        return self._lease.row is not None

    def start(self) -> None:
        """Begin to watch; does nothing where it has begun, or where nothing is to be watched for."""
        if settings.LAUNCHES != OFF:
            self._thread.ensure()

    def stop(self) -> None:
        """Watch no more; returns when the thread has ended and the watch is free."""
        self._stopped.set()
        self._thread.join()
        self._subscriptions.stop()
        self._asking.stop()

    def look(self) -> None:
        """One round: take in what was shown and answered, ask nodes what is due.

        Raises what the database raises. A node that does not answer is noted on the row of the watch.
        """
        change = self._lease.renew(is_subscribed=self._subscriptions.is_live)
        if self._lease.row is None:
            self._subscriptions.follow(())
            self._stopped.wait(_IDLE_SECONDS)
            return
        if change in (Change.TAKEN, Change.WANTED):
            self._begin(self._lease.row, is_new=change is Change.TAKEN)
        self._take_in(self._next_shown())
        self._ask_for_lists()
        self._ask_for_looks()
        self._ask_for_origins()
        self._prune()

    def _begin(self, watch: LaunchWatch, *, is_new: bool) -> None:
        """Follow what is wanted from now on, and look at all of it once."""
        self._subscriptions.follow(self._subscribed())
        self._sightings.forget()
        self._origins.forget()
        if is_new:
            self._followed.read()
            self._on_news(self._followed.all())
            self._seen_slot = self._gap_from = watch.seen_slot or 0
        elif self._mints() is not None:
            # What became of a mint before it was wanted is asked for from its beginning.
            self._gap_from = 0
        self._polled_at = float("-inf")

    def _subscribed(self) -> frozenset[PoolSubscription]:
        mints = self._mints()
        accounts = (
            gateway.pool_subscriptions(mints) if LaunchSource.ACCOUNTS in self._sources else frozenset()
        )
        logs = gateway.log_subscriptions(mints) if LaunchSource.TRANSACTIONS in self._sources else frozenset()
        return accounts | logs

    def _mints(self) -> frozenset[str] | None:
        """Those whose pools are looked for; None for all."""
        return None if self._lease.wanted.everything else self._lease.wanted.mints

    def _show(self, one: Shown) -> None:
        """Queue what a node shows; raises ValueError, which ends the connection, where too much waits."""
        if self._shown.qsize() >= _MOST_SHOWN:
            raise ValueError("more is shown than is taken in")
        if isinstance(one, SlotShown) and self.is_at_work:
            self._on_slot(one.slot)  # Not behind what else was shown: a slot is short.
        self._shown.put(one)

    def _next_shown(self) -> list[Shown]:
        try:
            found = [self._shown.get(timeout=_WAIT_SECONDS)]
        except queue.Empty:
            return []
        while len(found) < _MOST_AT_ONCE and not self._shown.empty():
            found.append(self._shown.get_nowait())
        return found

    def _take_in(self, shown: Sequence[Shown]) -> None:
        self._origins.read_later(one.signature for one in shown if isinstance(one, CreationShown))
        if any(isinstance(one, Connected) for one in shown):
            self._gap_from, self._polled_at = self._unseen_from(), float("-inf")
        slots = [one.slot for one in shown if isinstance(one, SlotShown)]
        self._seen_slot = max([self._seen_slot, *slots])
        self._see([one.pool for one in shown if isinstance(one, PoolShown)], LaunchSource.ACCOUNTS)
        if slots:
            self._lease.note(seen_slot=self._seen_slot)
            self._followed.note_slot(max(slots))
        for answer in [one for one in shown if isinstance(one, Answered)]:
            self._take_in_answer(answer)

    def _take_in_answer(self, answer: Answered) -> None:
        self._asking.answered(answer.name)
        if answer.take_in is None:
            self._lease.note(error_code=answer.error_code)
            if (answer.name, answer.error_code) == ("looks", BROKE_OFF):
                self._followed.broke_off()
        else:
            answer.take_in()

    def _see(self, pools: Sequence[SeenPool], source: LaunchSource) -> None:
        """Make rows of those that are new, and bring those that are known up to date."""
        changed = [row for one in pools if (row := self._followed.note(one)) is not None]
        rows, doubtful = self._sightings.new_among(pools, self._lease.wanted, source)
        self._origins.doubt(doubtful)
        new = launches.add(rows)
        for row in new:
            self._followed.add(row)
            self._origins.ask_for(row)
            delay = self._seen_slot - row.seen_slot if self._subscriptions.is_live else None
            counters.launch_seen(row.source, row.venue, delay)
        self._tell([*new, *changed])

    def _tell(self, rows: Sequence[Launch]) -> None:
        if rows:
            self._on_news(rows)

    def _ask_for_lists(self) -> None:
        is_due = time.monotonic() - self._polled_at >= settings.LAUNCH_POLL_SECONDS
        if LaunchSource.POLL not in self._sources or not is_due:
            return
        wanted, asked = self._lease.wanted, self._mints()
        if asked is None and not gateway.lists_all_pools():
            asked = wanted.mints
        if self._asking.ask(
            "lists", lambda: gateway.list_pools_of(asked), partial(self._listed, wanted, asked)
        ):
            self._polled_at = time.monotonic()

    def _listed(self, wanted: Wanted, asked: frozenset[str] | None, found: PoolList) -> None:
        """Take in the pools of the mints that were asked for, None: of all."""
        if wanted != self._lease.wanted:
            return
        refusal = next(iter(found.refused.values()), "")
        self._lease.note(polled_at=timezone.now(), error_code=refusal)
        old = self._lease.begin_lists(found.slot, found.listed if asked is None else set())
        launches.put_down_as_old(one.pool for one in found.pools if one.venue in old)
        self._sightings.listed(found.listed if asked is None else set())
        self._see(found.pools, LaunchSource.POLL)
        if asked == self._mints() and not refusal:
            self._gap_from = None
        elif self._gap_from is not None or not self._subscriptions.is_live:
            self._ask_for_what_was_missed(self._unseen_from())
        if not self._subscriptions.is_live:
            self._seen_slot = found.slot
            self._lease.note(seen_slot=found.slot)

    def _unseen_from(self) -> int:
        """The slot after which something may not have been seen."""
        return self._seen_slot if self._gap_from is None else self._gap_from

    def _ask_for_what_was_missed(self, since: int) -> None:
        """Where nodes list no pools: the transactions since the slot that was seen last."""
        mints = self._mints()
        most = _MOST_MISSED if mints is not None else _MOST_MISSED_OF_PROGRAM
        if since or mints is not None:
            self._asking.ask("missed", lambda: gateway.missed_since(since, mints, most), self._missed)

    def _missed(self, missed: Missed) -> None:
        self._gap_from = None
        self._origins.read_later(missed.signatures)
        if not missed.is_whole:
            self._lease.note(error_code=GAP)

    def _ask_for_looks(self) -> None:
        asked = [] if self._asking.is_open("looks") else self._followed.due()
        if asked:
            self._asking.ask("looks", lambda: gateway.look_at_launches(asked), partial(self._looked, asked))

    def _looked(self, asked: Sequence[AskedPool], found: dict[str, PoolLook]) -> None:
        gateway.keep_mints(found.values())
        self._tell(self._followed.take_in(asked, found))

    def _ask_for_origins(self) -> None:
        if self._asking.is_open("origins"):
            return
        since = self._lease.row.since_slot if self._lease.row else None
        question = self._origins.next_question(since)
        if question is not None:
            self._asking.ask("origins", question.ask, partial(self._traced, question))

    def _traced(self, question: Question, answer: Any) -> None:
        pools, changed = question.take_in(answer)
        self._see(pools, LaunchSource.TRANSACTIONS)
        self._tell(changed)

    def _prune(self) -> None:
        if time.monotonic() - self._pruned_at >= _PRUNE_EVERY_SECONDS:
            self._pruned_at = time.monotonic()
            launches.prune(timezone.now() - timedelta(hours=settings.LAUNCH_KEEP_HOURS))

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self.look()
            except DatabaseError as error:
                logger.warning("no look at new pools now: %s", type(error).__name__)
                database.close()
                self._stopped.wait(_AFTER_ERROR_SECONDS)
            except Exception:
                logger.exception("a look at new pools broke off")
                self._stopped.wait(_AFTER_ERROR_SECONDS)
        try:
            launch_watch.give_up()
        except DatabaseError as error:
            logger.warning("the watch is free when its lease runs out: %s", type(error).__name__)
        database.close()
