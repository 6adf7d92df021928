"""Holds sniper orders against launches: what is known and quoted first, what costs a call of the node last.

What is kept saves calls: what the chain has said of tokens and pools.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from dex.errors import DexError
from dex.types import Limits, Route
from orders import gateway
from orders.amounts import least_amount_out
from orders.errors import ChainUnavailable, OrderError
from orders.gateway import LaunchFacts, PriceLook, Rehearsal, Trip
from orders.launches import rules
from orders.launches.candidates import Sniper
from orders.launches.rules import Purchase
from orders.models import Hold, Launch, LaunchRules, Order

logger = logging.getLogger(__name__)

# What satisfies the rules hardly ever stops to: it cannot be taken back, but who holds how much.
_FACTS_LAST_SECONDS: Final = 30
_ASK_AGAIN_SECONDS: Final = 2
_MOST_FACTS: Final = 2_048
# A later slot pays a little less than its quote, also where no slippage is allowed.
_KEPT_DIVISOR: Final = 100
_HOLDS_BY_TRIP: Final[Mapping[Trip, Hold]] = {
    Trip.PASSED: Hold.NONE,
    Trip.CANNOT_BE_SOLD: Hold.CANNOT_BE_SOLD,
    Trip.LOSES_TOO_MUCH: Hold.ROUND_TRIP_LOSS,
    Trip.TOO_LARGE: Hold.NOT_SIMULATED,
}


class Judge:
    """Says why an order does not buy in a launch now; belongs to one thread."""

    def __init__(self) -> None:
        # What the wallet could spend by token, as far as this look has asked.
        self._spendable: dict[str, int] = {}
        self._facts: dict[str, tuple[LaunchFacts, float]] = {}

    def begin(self) -> None:
        """Another look: what the wallet holds is asked anew."""
        self._spendable = {}

    def held_by_rules(self, sniper: Sniper, launch: Launch, route: Route | None, prices: PriceLook) -> Hold:
        """Why it does not, as far as facts and this quote say it."""
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
        return why or (Hold.NONE if self._is_affordable(order) else Hold.FUNDS)

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

    def _is_affordable(self, order: Order) -> bool:
        """Asked of the wallet once a look and token, however many orders there are."""
        if order.token_in not in self._spendable:
            self._spendable |= gateway.spendable([order.token_in])
        return self._spendable.get(order.token_in, 0) >= order.amount_in


def rehearsal(order: Order, terms: LaunchRules, route: Route) -> Rehearsal | None:
    """What is to be simulated before a purchase by this quote, None for nothing; raises DexError.

    It sells what the order accepts at least: others may buy between the quote and the simulation.
    """
    most = rules.most_loss_bps(terms)
    if most is None:
        return None
    least = max(order.floor_amount_out or 1, least_amount_out(route.amount_out, order.slippage_bps))
    least = max(1, min(least, route.amount_out - route.amount_out // _KEPT_DIVISOR))
    return gateway.rehearsal_of(replace(route, min_amount_out=least), order.wallet, most)


def held_by_trip(sniper: Sniper, route: Route, prepared: Rehearsal | None, opening: Hold) -> Hold:
    """Whether the purchase could be sold again, as a node simulates both on the newest state.

    ``opening`` is what holds by the older state that the quote is of. Where both can be simulated, the pool
    is open by now; where nothing is simulated, what is known counts.
    """
    try:
        trip = prepared if prepared and prepared.suits(route) else None
        trip = trip or rehearsal(sniper.order, sniper.rules, route)
        if trip is None:
            return opening
        found = gateway.rehearse(trip)
    except DexError as error:
        logger.info("no simulation of a purchase and its sale: %s", error.code)
        return Hold.NOT_SIMULATED
    return (opening or Hold.NO_QUOTE) if found is Trip.PURCHASE_FAILS else _HOLDS_BY_TRIP[found]
