"""The watch for new pools: in every worker a thread, of which one at a time is at work.

What it sees becomes rows (`Launch`), and news for whoever acts on them. What it keeps in memory can be read
again from the rows and from the chain: a worker that dies costs seconds.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection as database
from django.utils import timezone

from dex.errors import DexError
from orders import gateway
from orders.gateway import PoolList, SeenPool
from orders.launches.followed import Followed
from orders.launches.sightings import Sightings
from orders.launches.subscriptions import Connected, PoolShown, Shown, SlotShown, Subscriptions
from orders.launches.wanted import OFF, Wanted, wanted_now
from orders.models import Launch, LaunchSource, LaunchWatch
from orders.platform.lazy_thread import LazyThread
from orders.records import launch_watch, launches

logger = logging.getLogger(__name__)

_LEASE_EVERY_SECONDS: Final = 1
_PRUNE_EVERY_SECONDS: Final = 600
# What is shown is waited for so long; leases, polls and looks come in between.
_WAIT_SECONDS: Final = 0.1
# Beyond so many that are not taken in yet, the connection ends, and a look at all follows the next one.
_MOST_SHOWN: Final = 20_000
_MOST_AT_ONCE: Final = 500

# New launches, and those of which something has changed. Returns soon; its errors are its own.
OnNews = Callable[[Sequence[Launch]], None]
# A slot has begun: called for the newest one while several have come.
OnSlot = Callable[[int], None]


def ignore_news(launches: Sequence[Launch]) -> None:
    """Nobody acts on launches."""


def ignore_slot(slot: int) -> None:
    """Nobody waits for slots."""


class LaunchWatcher:
    """Watches for new pools while this worker holds the lease, until stopped.

    ``on_news`` gets new and changed rows as soon as they are written, and all that are kept when this worker
    takes the watch; ``on_slot`` each slot. Both are called in the watcher's thread, in the one worker that
    is at work.
    """

    def __init__(self, on_news: OnNews = ignore_news, on_slot: OnSlot = ignore_slot) -> None:
        self._on_news = on_news
        self._on_slot = on_slot
        self._shown: queue.Queue[Shown] = queue.Queue(_MOST_SHOWN)
        self._subscriptions = Subscriptions(self._shown.put_nowait)
        self._wanted = Wanted()
        self._watch: LaunchWatch | None = None
        self._sightings = Sightings()
        self._followed = Followed()
        self._leased_at = self._pruned_at = self._polled_at = float("-inf")
        self._notes: dict[str, Any] = {}
        self._stopped = threading.Event()
        self._thread = LazyThread("launches", self._run)

    @property
    def is_at_work(self) -> bool:
        """Whether this worker holds the watch."""
        return self._watch is not None

    def start(self) -> None:
        """Begin to watch; does nothing where it has begun, or where nothing is to be watched for."""
        if settings.LAUNCHES != OFF:
            self._thread.ensure()

    def stop(self) -> None:
        """Watch no more; returns when the thread has ended and the watch is free."""
        self._stopped.set()
        self._thread.join()
        self._subscriptions.stop()

    def look(self) -> None:
        """One round: take in what was shown, poll and look at launches where that is due.

        Raises what the database raises. A node that does not answer is noted on the row of the watch.
        """
        self._keep_lease()
        if self._watch is None:
            self._stopped.wait(_LEASE_EVERY_SECONDS / 2)
            return
        self._take_in(self._next_shown())
        if time.monotonic() - self._polled_at >= settings.LAUNCH_POLL_SECONDS:
            self._poll()
        self._tell(self._chain(self._followed.look) or [])
        self._prune()

    def _keep_lease(self) -> None:
        now = time.monotonic()
        if now - self._leased_at < _LEASE_EVERY_SECONDS:
            return
        self._leased_at = now
        wanted = wanted_now()
        had = self._watch is not None
        self._watch = self._hold() if wanted else None
        if self._watch is None:
            if had:
                launch_watch.give_up()
            self._subscriptions.follow(())
            self._wanted = Wanted()
        elif not had or wanted != self._wanted:
            self._begin(wanted, is_new=not had)

    def _hold(self) -> LaunchWatch | None:
        notes = self._notes | {"is_subscribed": self._subscriptions.is_live}
        self._notes = {}
        return launch_watch.hold(notes)

    def _begin(self, wanted: Wanted, *, is_new: bool) -> None:
        """Follow what is wanted from now on, and look at all of it once."""
        self._wanted = wanted
        self._subscriptions.follow(gateway.pool_subscriptions(None if wanted.everything else wanted.mints))
        self._sightings.forget()
        if is_new:
            self._followed.read()
            self._on_news(self._followed.all())
        self._polled_at = float("-inf")

    def _next_shown(self) -> list[Shown]:
        try:
            found = [self._shown.get(timeout=_WAIT_SECONDS)]
        except queue.Empty:
            return []
        while len(found) < _MOST_AT_ONCE and not self._shown.empty():
            found.append(self._shown.get_nowait())
        return found

    def _take_in(self, shown: Sequence[Shown]) -> None:
        pools = [one.pool for one in shown if isinstance(one, PoolShown)]
        self._see(pools, LaunchSource.ACCOUNTS)
        slots = [one.slot for one in shown if isinstance(one, SlotShown)]
        if slots:
            self._notes["seen_slot"] = max(slots)
            self._followed.note_slot(max(slots))
            self._on_slot(max(slots))
        if any(isinstance(one, Connected) for one in shown):
            self._polled_at = float("-inf")

    def _poll(self) -> None:
        """Look at the pools of all that is wanted, as nodes list them now."""
        self._polled_at = time.monotonic()
        found = self._chain(
            lambda: gateway.list_every_pool(None if self._wanted.everything else self._wanted.mints)
        )
        if found is None:
            return
        refused = next(iter(found.refused.values()), "")
        self._notes |= {"polled_at": timezone.now(), "error_code": refused}
        self._put_down_what_is_old(found)
        self._sightings.listed(found, self._wanted)
        self._see(found.pools, LaunchSource.POLL)

    def _put_down_what_is_old(self, found: PoolList) -> None:
        """Of what is there when a watch for everything begins, nothing is new but what orders name."""
        watch = self._watch
        if watch is None:
            return
        if watch.since_slot is None:
            self._notes["since_slot"] = watch.since_slot = found.slot
        if self._wanted.everything and watch.listed_at is None:
            launches.put_down_as_old(one.pool for one in found.pools)
            self._notes["listed_at"] = watch.listed_at = timezone.now()
        elif not self._wanted.everything and watch.listed_at is not None:
            self._notes["listed_at"] = watch.listed_at = None

    def _see(self, pools: Sequence[SeenPool], source: LaunchSource) -> None:
        """Make rows of those that are new, and bring those that are known up to date."""
        changed = [row for one in pools if (row := self._followed.note(one)) is not None]
        new = launches.add(self._sightings.new_among(pools, self._wanted, source))
        for row in new:
            self._followed.add(row)
        self._tell([*new, *changed])

    def _tell(self, rows: Sequence[Launch]) -> None:
        if rows:
            self._on_news(rows)

    def _chain(self, ask: Callable[[], Any]) -> Any:
        """What a node says; None, noted on the row of the watch, where it says nothing."""
        try:
            return ask()
        except DexError as error:
            self._notes["error_code"] = error.code
            return None

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
                self._stopped.wait(_LEASE_EVERY_SECONDS)
            except Exception:
                logger.exception("a look at new pools broke off")
                self._stopped.wait(_LEASE_EVERY_SECONDS)
        try:
            launch_watch.give_up()
        except DatabaseError as error:
            logger.warning("the watch is free when its lease runs out: %s", type(error).__name__)
        database.close()
