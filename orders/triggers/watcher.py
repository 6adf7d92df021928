"""The watcher: in every worker, it looks at the prices of its pairs about once a slot, and fires orders.

Pairs are shared out over the workers by `orders.records.watched_pairs`. What it keeps in memory is rows that
can be read again: a worker that dies costs seconds.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection as database
from django.utils import timezone

from dex.errors import DexError
from orders import gateway
from orders.gateway import Market, PriceLook
from orders.models import Order
from orders.platform.lazy_thread import LazyThread
from orders.records import kill_switch, open_orders, watched_pairs
from orders.records.open_orders import OpenOrder, Pair
from orders.records.watched_pairs import PairState
from orders.triggers import release, rounds, timed
from orders.triggers.book import Book, Entry
from orders.triggers.entries import entry_of
from orders.triggers.evaluation import Evaluation, Found
from orders.triggers.feed import Feed
from orders.triggers.release import Fired

logger = logging.getLogger(__name__)

_SHARE_EVERY_SECONDS: Final = 1
# Rows that changed are looked for a little further back than the last look: clocks of processes differ.
_OVERLAP: Final = timedelta(seconds=5)
_READ_ALL_EVERY_SECONDS: Final = 15
# One transaction, and no more orders than are soon routed.
_MOST_RELEASED: Final = 512
_DISTANCES_EVERY_SECONDS: Final = 5
_MOST_DISTANCES: Final = 5_000
# With nothing open there is little to look for.
_IDLE_SECONDS: Final = 1
# However often pools change, about one look a slot.
_LEAST_SECONDS: Final = 0.2

# Sets released orders on their way; returns at once and never raises.
OnTheWay = Callable[[Sequence[Order]], None]


def leave_to_the_sweeper(orders: Sequence[Order]) -> None:
    """Publish nothing: a sweep finds the orders within seconds."""


class Watcher:
    """Watches the pairs that are this worker's share in a thread of its own until stopped."""

    def __init__(self, on_the_way: OnTheWay = leave_to_the_sweeper) -> None:
        self._on_the_way = on_the_way
        self._book = Book()
        self._pairs: set[Pair] = set()
        self._states: dict[Pair, PairState] = {}
        self._evaluation = Evaluation(self._book)
        self._shared_at = self._read_all_at = self._distances_at = float("-inf")
        self._read_until = timezone.now()
        self._stopped = threading.Event()
        # Set when there is something to look at before the next look is due.
        self._woken = threading.Event()
        self._feed = Feed(self._woken.set)
        self._moving: tuple[list[str], int] = [], 0
        self._thread = LazyThread("watcher", self._run)

    def start(self) -> None:
        """Begin to watch; does nothing where it has begun."""
        self._thread.ensure()

    def stop(self) -> None:
        """Watch no more; returns when the thread has ended and its pairs are free."""
        self._stopped.set()
        self._woken.set()
        self._thread.join()
        self._feed.stop()

    @property
    def watched(self) -> int:
        """How many open orders it knows."""
        return len(self._book)

    def look(self) -> list[Order]:
        """Look once at all pairs of this worker; the orders that were set on their way.

        Raises what the database raises. A node that does not answer is the state of the pairs: they wait.
        """
        self._keep_up()
        self._woken.clear()
        largest = self._book.largest()
        self._evaluation.keep(largest)
        if not largest:
            return []
        try:
            prices = gateway.look_at(largest)
        except DexError as error:
            self._states = {pair: PairState(None, error.code) for pair in self._pairs}
            return []
        self._moving = prices.moving_accounts(), prices.slot
        found = self._evaluation.of(prices, largest)
        self._evaluation.audit(prices, found)
        self._note_states(largest, prices)
        self._write(found)
        released = self._release(self._ready(found, prices.slot))
        self._write_distances()
        return released

    def _keep_up(self) -> None:
        """What is due whether or not prices are looked at."""
        self._share()
        self._read()
        release.end_expired()
        self._on_the_way([*rounds.place_due(), *timed.release_due()])

    def _note_states(self, largest: Mapping[Market, int], prices: PriceLook) -> None:
        """Of each pair whether any of its orders has a price."""
        self._states = {}
        for market, amount in largest.items():
            pair, smallest = (market.token_in, market.token_out), self._book.smallest(market) or amount
            if prices.estimates(market).best_single(smallest) is not None:
                self._states[pair] = PairState(prices.slot)
            elif pair not in self._states:
                quote = prices.of(market, smallest)
                slot = None if quote.value is None else prices.slot
                self._states[pair] = PairState(slot, quote.error_code)

    def _write(self, found: Found) -> None:
        """What the look found beside orders that fire."""
        open_orders.raise_watermarks(found.watermarks)
        if found.early:
            release.refuse_at_once(found.early)
        if found.sound:
            open_orders.mark_judged([entry.order_id for entry in found.sound])
            for entry in found.sound:
                self._book.pass_judged(entry)
        for entry, deviation_bps in found.held_back:
            entry.version = release.hold_back(entry, deviation_bps) or entry.version

    def _write_distances(self) -> None:
        """Now and then, what staff sort open orders by."""
        now = time.monotonic()
        if now - self._distances_at >= _DISTANCES_EVERY_SECONDS:
            self._distances_at = now
            open_orders.write_distances(self._evaluation.distances.take(_MOST_DISTANCES))

    def _run(self) -> None:
        looked_at = float("-inf")
        while not self._stopped.is_set():
            began = time.monotonic()
            pause = settings.WATCH_SECONDS if len(self._book) else _IDLE_SECONDS
            if self._woken.is_set() or began - looked_at >= pause:
                looked_at = began
                self._run_or_log(self.look)
                self._feed.watch(*self._moving)
            else:
                self._run_or_log(self._keep_up)
            self._wait(began, looked_at + pause)
        try:
            watched_pairs.give_up()
        except DatabaseError as error:
            logger.warning("pairs are free when their leases run out: %s", type(error).__name__)
        database.close()

    def _wait(self, began: float, due: float) -> None:
        """Until the next look is due or pools have changed; leases are kept up meanwhile."""
        self._stopped.wait(max(0.01, began + min(_LEAST_SECONDS, settings.WATCH_SECONDS) - time.monotonic()))
        until = min(due, began + _SHARE_EVERY_SECONDS)
        self._woken.wait(max(0, until - time.monotonic()))

    def _run_or_log(self, step: Callable[[], object]) -> None:
        try:
            step()
        except DatabaseError as error:
            logger.warning("no look at prices now: %s", type(error).__name__)
            database.close()
        except Exception:
            logger.exception("a look at prices broke off")

    def _share(self) -> None:
        now = time.monotonic()
        if now - self._shared_at < _SHARE_EVERY_SECONDS:
            return
        pairs = watched_pairs.share(self._states)
        self._shared_at = now
        if pairs != self._pairs:
            # What changed in a new pair before is not known; one that went is another worker's.
            self._pairs, self._read_all_at = pairs, float("-inf")

    def _read(self) -> None:
        """Bring the book up to the rows."""
        now = time.monotonic()
        began = timezone.now()
        if len(self._book):
            self._put(open_orders.read(self._pairs, since=self._read_until - _OVERLAP))
        if now - self._read_all_at >= _READ_ALL_EVERY_SECONDS or not len(self._book):
            self._read_all_at = now
            self._compare(open_orders.versions(self._pairs))
        self._read_until = began

    def _compare(self, versions: Mapping[UUID, int]) -> None:
        """Drop what is open no more, and read what is not known as it is, if anything."""
        for entry in [entry for entry in self._book if entry.order_id not in versions]:
            self._book.drop(entry.order_id)
        known = {entry.order_id: entry.version for entry in self._book}
        if known != versions:
            self._put(open_orders.read(self._pairs))

    def _put(self, rows: Iterable[OpenOrder]) -> None:
        for row in rows:
            known = self._book.get(row.pk)
            if known is None or known.version != row.version:
                self._book.put(entry_of(row))
                self._evaluation.audited.put(row.pk)
                self._woken.set()

    def _ready(self, found: Found, slot: int) -> list[Fired]:
        """Those that may be set on their way now: rested, and with the funds that they wait for."""
        again = [Fired(entry, None, slot) for entry in self._book.fired()]
        now = timezone.now()
        rested = [one for one in [*found.fired, *again] if one.entry.due_at <= now]
        lacking = {one.entry.market.token_in for one in rested if one.entry.for_funds}
        if lacking:
            held = gateway.spendable(lacking)
            rested = [one for one in rested if not one.entry.for_funds or _is_affordable(one.entry, held)]
        return sorted(rested, key=_price_time)

    def _release(self, fired: Sequence[Fired]) -> list[Order]:
        if not fired or not kill_switch.is_on():
            return []
        # Those that are left fire at the next look.
        fired = fired[:_MOST_RELEASED]
        released = release.release(fired)
        for one in fired:
            # Whatever became of it: if it is open still, its row is read again.
            self._book.drop(one.entry.order_id)
        self._on_the_way(released)
        return released


def _is_affordable(entry: Entry, held: Mapping[str, int]) -> bool:
    return held.get(entry.market.token_in, 0) >= entry.sold


def _price_time(one: Fired) -> tuple[bool, int, datetime]:
    """Those that have fired before first; then who asks for the least, and of those who came first."""
    entry = one.entry
    price = entry.above_price if entry.above_price is not None else -(entry.below_price or 0)
    return not entry.fired, price, entry.created_at
