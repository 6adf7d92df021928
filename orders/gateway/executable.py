"""What amounts bring now: executable quotes for orders that wait, over one snapshot for all of them.

No wallet and no limits: whether an order may be executed is asked when it is routed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from solders.pubkey import Pubkey

from dex.routing.batch import Ask
from dex.routing.estimates import Estimates
from dex.routing.fee_caps import may_reach_a_maximum
from dex.routing.search import find_routes
from dex.routing.way import Answers
from dex.transactions.token_accounts import parse_token_account
from dex.types import AccountData, Clock, Limits, QuoteRequest, Quotes, Route, RouteBounds, Snapshot, SwapMode
from dex.venues.integer_math import U64_MAX
from orders.gateway import price_sanity
from orders.gateway.at_opening import at_opening
from orders.gateway.new_pools import Opens
from orders.gateway.pools import left_out, with_known_pools
from orders.gateway.route_sizes import fitting_in, without_too_large
from orders.gateway.routes import pools_of, read_asks


@dataclass(frozen=True, slots=True)
class Market:
    """A pair in one direction, the side that amounts fix, and what routes may go over."""

    token_in: str
    token_out: str
    mode: SwapMode
    bounds: RouteBounds

    def request(self, amount: int) -> QuoteRequest:
        """What is to be quoted for an amount of this market, in base units of the side that it fixes."""
        pair = Pubkey.from_string(self.token_in), Pubkey.from_string(self.token_out)
        return QuoteRequest(*pair, amount, self.mode, bounds=self.bounds)


@dataclass(frozen=True, slots=True)
class Executable:
    """The best route for an amount, or the code of why there is none."""

    route: Route | None
    error_code: str = ""

    @property
    def value(self) -> int | None:
        """What it pays, or costs for an exact output; base units."""
        if self.route is None:
            return None
        return self.route.amount_in if self.route.mode is SwapMode.EXACT_OUT else self.route.amount_out


class PriceLook:
    """Executable quotes of one slot."""

    def __init__(self, asks: Mapping[Market, Ask], snapshot: Snapshot, answers: Answers) -> None:
        self._asks = asks
        self._snapshot = snapshot
        self._answers = answers
        self._pools = pools_of(list(asks.values()))
        self._fitting = fitting_in(snapshot, self._pools)
        self._found: dict[tuple[Market, int], Executable] = {}
        self._estimates: dict[Market, Estimates] = {}

    @property
    def slot(self) -> int:
        """The slot that all quotes are of."""
        return self._snapshot.clock.slot

    @property
    def clock(self) -> Clock:
        """The chain's clock at that slot."""
        return self._snapshot.clock

    def at_opening(self, opens: Opens | None) -> PriceLook:
        """The same accounts as they will be quoted at an opening that is still to come."""
        return PriceLook(self._asks, at_opening(self._snapshot, opens), Answers())

    @property
    def routes_found(self) -> int:
        """For how many amounts the best route was searched for."""
        return len(self._found)

    def of(self, market: Market, amount: int) -> Executable:
        """The best route for ``amount``, which is no more than was said for the market."""
        key = market, amount
        if key not in self._found:
            self._found[key] = self._quote(market, amount)
        return self._found[key]

    def estimates(self, market: Market) -> Estimates:
        """What amounts of a market are worth at least and at most, for a small part of what `of` costs."""
        if market not in self._estimates:
            ask, request = self._asks[market], market.request(1)
            self._estimates[market] = Estimates(
                request, ask.candidates, ask.bounds, self._snapshot, self._answers, self._fitting.together
            )
        return self._estimates[market]

    def prices_fall(self, market: Market, largest: int) -> bool:
        """Whether what amounts up to ``largest`` bring a unit falls with their size."""
        # What an exact output costs is not known beforehand.
        most_sold = largest if market.mode is SwapMode.EXACT_IN else U64_MAX
        sold = Pubkey.from_string(market.token_in)
        pools = self._asks[market].candidates.pools()
        return not may_reach_a_maximum(pools, self._snapshot, sold, most_sold)

    def state(self, market: Market) -> tuple[AccountData | None, ...]:
        """The accounts that the market's quotes are made of: while they are the same, so are the quotes."""
        pools = self._asks[market].candidates.pools()
        addresses = dict.fromkeys(address for pool in pools for address in pool.accounts)
        return tuple(self._snapshot.accounts.get(address) for address in addresses)

    def liquidity(self, route: Route) -> int:
        """What the last pool holds of what it is paid in, in base units of the route's token in."""
        last = route.legs[-1]
        pool = self._pools[last.pool]
        vault = pool.vaults[pool.mints.index(last.token_in)]
        held = parse_token_account(self._snapshot.account(vault)).amount
        if len(route.legs) == 1:
            return held
        first = route.legs[0]
        return held * first.amount_in // first.amount_out

    def too_dear(self, market: Market, amount: int, route: Route, limits: Limits) -> bool:
        """Whether a route costs more than the limits or the settings allow, fees and impact together."""
        request = replace(market.request(amount), limits=limits)
        return price_sanity.too_dear(Quotes(request, self.slot, (route,))) is not None

    def moving_accounts(self) -> list[str]:
        """The accounts by whose changes prices move: pools and their vaults, those of the pairs first."""
        candidates = [ask.candidates for ask in self._asks.values()]
        direct = [pool for each in candidates for pool in each.direct]
        pools = dict.fromkeys([*direct, *(pool for each in candidates for pool in each.pools())])
        return list(dict.fromkeys(str(each) for pool in pools for each in (pool.address, *pool.vaults)))

    def _quote(self, market: Market, amount: int) -> Executable:
        ask, request, fitting = self._asks[market], market.request(amount), self._fitting
        found = find_routes(
            request, ask.candidates, self._snapshot, ask.bounds, self._answers, fitting.together
        )
        found = without_too_large(found, self._pools, self._snapshot, fitting)
        if found.quotes:
            return Executable(found.quotes[0])
        return Executable(None, found.errors[0].code if found.errors else "NO_ROUTE")


def look_at(largest: Mapping[Market, int]) -> PriceLook:
    """A look at all these markets, for amounts up to the given ones. Raises DexError.

    Pools that are off or left out for all are not asked.
    """
    markets = list(largest)
    requests = [market.request(largest[market]) for market in markets]
    out = left_out()
    asks, snapshot, answers = with_known_pools().run(read_asks(requests, [out] * len(requests), ()))
    return PriceLook(dict(zip(markets, asks, strict=True)), snapshot, answers)
