"""Buys for sniper orders: looks at the launches that they wait for, and sets on their way those that may go.

Nothing is decided in memory: whether an order goes is one conditional UPDATE, so that two workers that look
at the same launch do no harm. Around an opening nothing waits for a queue: what is prepared, or quoted and
signed at once, is stored and sent from here.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection as database

from dex.errors import DexError
from dex.types import Route
from orders import gateway
from orders.gateway import Market, PriceLook
from orders.launches import purchases, rules
from orders.launches.attention import Attention
from orders.launches.candidates import OpenSnipers, Sniper
from orders.launches.judging import Judge, held_by_trip
from orders.launches.purchases import Bought, Fired
from orders.launches.readying import Readying
from orders.models import Attempt, Hold, Launch
from orders.pipeline import express
from orders.platform.lazy_thread import LazyThread
from orders.platform.right_of_way import RightOfWay
from orders.triggers.watcher import OnTheWay, leave_to_the_sweeper

logger = logging.getLogger(__name__)

# With no open sniper order there is little to look for.
_IDLE_SECONDS: Final = 1

# Follows attempts that were sent until the chain has decided about them; returns at once.
OnSent = Callable[[Sequence[Attempt]], None]


def leave_to_whoever_adopts(attempts: Sequence[Attempt]) -> None:
    """Follow nothing: a sweep adopts the attempts."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """An order and a launch at one look, and why it does not buy there."""

    sniper: Sniper
    launch: Launch
    hold: Hold


class Snipers:
    """Looks at open sniper orders in a thread of its own, while ``is_at_work`` says that it is its worker's.

    `wake` and `take_news` have it look at once. ``on_the_way`` gets orders that the stages of the pipeline
    are to take on, ``on_sent`` transactions that were sent from here. Around openings it takes the process's
    ``right_of_way``.
    """

    def __init__(
        self,
        is_at_work: Callable[[], bool],
        on_the_way: OnTheWay = leave_to_the_sweeper,
        on_sent: OnSent = leave_to_whoever_adopts,
        right_of_way: RightOfWay | None = None,
    ) -> None:
        self._is_at_work = is_at_work
        self._on_the_way = on_the_way
        self._on_sent = on_sent
        self._right_of_way = right_of_way or RightOfWay()
        self._judge = Judge()
        self.readying = Readying()
        self._attention = Attention()
        self._rows = OpenSnipers()
        self._stopped = threading.Event()
        self._woken = threading.Event()
        self._thread = LazyThread("snipers", self._run)

    def start(self) -> None:
        """Begin to look; does nothing where it has begun."""
        self._thread.ensure()

    def stop(self) -> None:
        """Look no more; returns when the thread has ended."""
        self._stopped.set()
        self._woken.set()
        self._thread.join()

    def wake(self, _slot: int = 0) -> None:
        """Look at once: a slot has begun."""
        self._woken.set()

    def take_news(self, _launches: Sequence[Launch]) -> None:
        """Look at once, at rows that have changed."""
        self._rows.forget()
        self._woken.set()

    def look(self) -> float:
        """Look once at the open sniper orders whose turn it is; in how many seconds to look again.

        Raises what the database raises. A node that does not answer is waited for.
        """
        snipers = self._rows.now() if self._is_at_work() else []
        self.readying.keep_only(snipers)
        if not snipers:
            return _IDLE_SECONDS
        snipers = [each for each in snipers if not (each.is_budget and purchases.end_if_done(each))]
        due = self._attention.due(snipers)
        asked = _largest(due)
        try:
            with self._right_of_way.taken(needed=self._attention.is_near(due)):
                prices = gateway.look_at(asked) if asked else None
                self._look_at(due, prices)
        except DexError as error:
            logger.warning("no look at launches now: %s", error.code)
            return float(settings.WATCH_SECONDS)
        if prices is not None:
            self._attention.note(due, prices.clock)
        return self._attention.pause(snipers)

    def _look_at(self, due: Sequence[Sniper], prices: PriceLook | None) -> None:
        """Buy where the rules allow it, then say why not, then prepare what is near its opening."""
        self._judge.begin()
        held: list[tuple[Sniper, list[_Judged]]] = []
        for sniper in due:
            holding = self._go(sniper, prices) if prices else []
            if holding is not None:
                held.append((sniper, holding))
        for sniper, holding in held:
            # The newest launch is the one that matters.
            newest = (holding[-1].launch, holding[-1].hold) if holding else (None, Hold.NO_POOL)
            purchases.hold(sniper, *newest)
        for one in [one for _, holding in held for one in holding]:
            if prices is not None and one.hold is Hold.NOT_OPEN:
                self.readying.prepare(one.sniper, one.launch, prices)

    def _go(self, sniper: Sniper, prices: PriceLook) -> list[_Judged] | None:
        """Buy in the first launch that satisfies the order, of a budget in all that do.

        Those that do not; None where the order waits no more.
        """
        held: list[_Judged] = []
        for launch in sniper.launches:
            route = prices.of(sniper.market(launch), sniper.order.amount_in).route
            why = self._judge.held_by_rules(sniper, launch, route, prices)
            if why or route is None:
                held.append(_Judged(sniper, launch, why))
                continue
            why = self._buy(sniper, launch, route, prices)
            if why:
                held.append(_Judged(sniper, launch, why))
            elif not sniper.is_budget or sniper.rules.placed >= (sniper.rules.max_orders or 0):
                return None
        return held

    def _buy(self, sniper: Sniper, launch: Launch, route: Route, prices: PriceLook) -> Hold:
        """Try the purchase on the newest state, and make it; what holds it there."""
        prepared = self.readying.of(sniper, launch)
        opening = rules.held_by_its_opening(launch, prices.clock)
        why = held_by_trip(sniper, route, prepared.rehearsal if prepared else None, opening)
        if why:
            return why
        fired = Fired(route, prices.slot)
        if prepared and prepared.ready.suits(sniper.order, prices.slot, route.amount_out):
            bought = purchases.buy(sniper, launch, fired, prepared.buyer, prepared.ready)
        else:
            buyer = purchases.buyer_of(sniper, launch)
            bought = purchases.buy(sniper, launch, fired, buyer, express.make_ready(buyer, launch.pool))
        self._take_on(bought)
        self._rows.forget()
        return Hold.NONE

    def _take_on(self, bought: Bought | None) -> None:
        if bought is None:
            return
        if bought.is_stored:
            self._on_sent(express.send(bought.order))
        else:
            self._on_the_way([bought.order])

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._woken.clear()
            pause: float = _IDLE_SECONDS
            try:
                pause = self.look()
            except DatabaseError as error:
                logger.warning("no look at sniper orders now: %s", type(error).__name__)
                self._rows.forget()
                database.close()
            except Exception:
                logger.exception("a look at sniper orders broke off")
            self._woken.wait(pause)
        database.close()


def _largest(snipers: Sequence[Sniper]) -> dict[Market, int]:
    """The most that any order would spend in each pool."""
    found: dict[Market, int] = {}
    for each in snipers:
        for launch in each.launches:
            market = each.market(launch)
            found[market] = max(found.get(market, 0), each.order.amount_in)
    return found
