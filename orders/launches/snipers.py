"""Buys for sniper orders: looks at the launches that they wait for, and sets on their way those that may go.

Nothing is decided in memory: whether an order goes is one conditional UPDATE, so that two workers that look
at the same launch do no harm. What is kept here saves calls: what the chain has said of tokens and pools.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection as database

from dex.errors import DexError
from dex.types import Limits, Route
from orders import gateway
from orders.errors import ChainUnavailable, OrderError
from orders.gateway import LaunchFacts, Market, PriceLook, Trip
from orders.launches import purchases, rules
from orders.launches.candidates import Sniper, open_snipers
from orders.launches.rules import Purchase
from orders.models import Hold, Launch, LaunchRules, OpeningUnit, Order
from orders.platform.lazy_thread import LazyThread
from orders.records import kill_switch
from orders.triggers.watcher import OnTheWay, leave_to_the_sweeper

logger = logging.getLogger(__name__)

# With no open sniper order there is little to look for.
_IDLE_SECONDS: Final = 1
# Around an opening each slot counts.
_NEAR_SECONDS: Final = 0.05
_NEAR_OPENING_SECONDS: Final = 3
# What satisfies the rules hardly ever stops to: it cannot be taken back, but who holds how much.
_FACTS_LAST_SECONDS: Final = 30
_ASK_AGAIN_SECONDS: Final = 2
_MOST_FACTS: Final = 2_048
_HOLDS_BY_TRIP: Final[Mapping[Trip, Hold]] = {
    Trip.PASSED: Hold.NONE,
    Trip.CANNOT_BE_SOLD: Hold.CANNOT_BE_SOLD,
    Trip.LOSES_TOO_MUCH: Hold.ROUND_TRIP_LOSS,
    Trip.TOO_LARGE: Hold.NOT_SIMULATED,
}


class Snipers:
    """Looks at open sniper orders in a thread of its own, while ``is_at_work`` says that it is its worker's.

    `wake` has it look at once: a launch is new or has changed, or a slot has begun.
    """

    def __init__(self, is_at_work: Callable[[], bool], on_the_way: OnTheWay = leave_to_the_sweeper) -> None:
        self._is_at_work = is_at_work
        self._on_the_way = on_the_way
        # What the wallet could spend by token, as far as this look has asked.
        self._spendable: dict[str, int] = {}
        self._facts: dict[str, tuple[LaunchFacts, float]] = {}
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

    def wake(self, _news: object = None) -> None:
        """Look at once."""
        self._woken.set()

    def look(self) -> float:
        """Look once at all open sniper orders; in how many seconds to look again.

        Raises what the database raises. A node that does not answer is waited for.
        """
        snipers = open_snipers() if self._is_at_work() and kill_switch.is_on() else []
        if not snipers:
            return _IDLE_SECONDS
        snipers = [each for each in snipers if not (each.is_budget and purchases.end_if_done(each))]
        self._spendable = {}
        asked = _largest(snipers)
        try:
            prices = gateway.look_at(asked) if asked else None
            fired = [order for each in snipers for order in self._go(each, prices)]
        except DexError as error:
            logger.warning("no look at launches now: %s", error.code)
            return float(settings.WATCH_SECONDS)
        if fired:
            self._on_the_way(fired)
        return self._pause(snipers, prices)

    def _go(self, sniper: Sniper, prices: PriceLook | None) -> list[Order]:
        """Buy in the first launch that satisfies the order, of a budget in all that do; else say why not."""
        found: list[Order] = []
        holds: list[tuple[Launch | None, Hold]] = []
        for launch in sniper.launches if prices else ():
            assert prices is not None
            route = prices.of(sniper.market(launch), sniper.order.amount_in).route
            why = self._held_by(sniper, launch, route, prices)
            if why is Hold.NONE and route is not None:
                order = purchases.fire(sniper, launch, route, prices.slot)
                found += [order] if order else []
                if not sniper.is_budget:
                    return found
                if sniper.rules.placed >= (sniper.rules.max_orders or 0):
                    return found
            holds.append((launch, why))
        # The newest launch is the one that matters.
        purchases.hold(sniper, *(holds[-1] if holds else (None, Hold.NO_POOL)))
        return found

    def _held_by(self, sniper: Sniper, launch: Launch, route: Route | None, prices: PriceLook) -> Hold:
        """Why an order does not buy in a launch now; what costs a call of the node comes last."""
        order, terms = sniper.order, sniper.rules
        why = rules.held_by_its_creation(terms, launch)
        why = why or self._held_by_facts(terms, launch)
        if not why and route is None:
            why = rules.held_by_its_opening(launch, prices.clock) or Hold.NO_QUOTE
        if why or route is None:
            return why
        limits = Limits(order.slippage_bps, False, order.max_price_impact_bps, order.max_cost_bps)
        purchase = Purchase(
            amount_out=route.amount_out,
            fee_bps=route.legs[-1].fee_bps,
            liquidity=prices.liquidity(route),
            is_too_dear=prices.too_dear(sniper.market(launch), order.amount_in, route, limits),
        )
        why = rules.held_by_quote(terms, purchase, order.floor_amount_out)
        why = why or (Hold.NONE if self._is_affordable(order) else Hold.FUNDS)
        return why or self._held_by_trip(order, terms, route, rules.held_by_its_opening(launch, prices.clock))

    def _held_by_facts(self, terms: LaunchRules, launch: Launch) -> Hold:
        try:
            gateway.named_token(launch.token_mint)
        except ChainUnavailable:
            return Hold.NO_QUOTE
        except OrderError:
            return Hold.TOKEN_REFUSED
        facts = self._known_facts(terms, launch)
        return Hold.NO_POOL if facts is None else rules.held_by_facts(terms, facts)

    def _known_facts(self, terms: LaunchRules, launch: Launch) -> LaunchFacts | None:
        """What the chain has said of a pool lately; None where it is not there."""
        known, now = self._facts.get(launch.pool), time.monotonic()
        with_holders = rules.asks_for_holders(terms)
        if known is not None and not (with_holders and known[0].largest_holder_bps is None):
            lasts = _ASK_AGAIN_SECONDS if rules.held_by_facts(terms, known[0]) else _FACTS_LAST_SECONDS
            if now - known[1] < lasts:
                return known[0]
        try:
            facts = gateway.launch_facts(launch.pool, launch.token_mint, with_holders=with_holders)
        except DexError:
            return known[0] if known else None
        self._facts.pop(launch.pool, None)
        self._facts[launch.pool] = facts, now
        if len(self._facts) > _MOST_FACTS:
            del self._facts[next(iter(self._facts))]
        return facts

    def _held_by_trip(self, order: Order, terms: LaunchRules, route: Route, opening: Hold) -> Hold:
        """Whether the purchase could be sold again, as a node simulates both on the newest state.

        ``opening`` is what holds by the older state that the quote is of. Where both can be simulated, the
        pool is open by now; where nothing is simulated, what is known counts.
        """
        most = rules.most_loss_bps(terms)
        if most is None:
            return opening
        try:
            found = gateway.try_round_trip(route, order.wallet, most)
            return (opening or Hold.NO_QUOTE) if found is Trip.PURCHASE_FAILS else _HOLDS_BY_TRIP[found]
        except DexError as error:
            logger.info("no simulation of a purchase and its sale: %s", error.code)
            return Hold.NOT_SIMULATED

    def _is_affordable(self, order: Order) -> bool:
        """Asked of the wallet once a look and token, however many orders there are."""
        if order.token_in not in self._spendable:
            self._spendable |= gateway.spendable([order.token_in])
        return self._spendable.get(order.token_in, 0) >= order.amount_in

    def _pause(self, snipers: Sequence[Sniper], prices: PriceLook | None) -> float:
        """How long until the next look: no longer than a slot, and hardly at all around an opening."""
        if prices is None:
            return float(settings.WATCH_SECONDS)
        is_near = any(_is_near(launch, prices) for each in snipers for launch in each.launches)
        return _NEAR_SECONDS if is_near else float(settings.WATCH_SECONDS)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._woken.clear()
            pause: float = _IDLE_SECONDS
            try:
                pause = self.look()
            except DatabaseError as error:
                logger.warning("no look at sniper orders now: %s", type(error).__name__)
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


def _is_near(launch: Launch, prices: PriceLook) -> bool:
    """Whether a launch opens within seconds, or has just opened."""
    first = launch.first_point or 0
    if launch.opens_unit == OpeningUnit.SLOT:
        slots = _NEAR_OPENING_SECONDS * 1_000 // rules.SLOT_MS
        return abs(first - prices.clock.slot) <= slots
    if launch.opens_unit == OpeningUnit.UNIX:
        return abs(first - prices.clock.unix_timestamp) <= _NEAR_OPENING_SECONDS
    return launch.funded_at is None
