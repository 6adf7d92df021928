"""An order's route as its row keeps it: JSON, amounts in base units as text, mints and pools as addresses.

The limits are columns of the order, so that conditions of the database can speak of them; here is how the
amount is shared out. Rows of the version before have a pool and no route.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from solders.pubkey import Pubkey

from dex.types import NO_BOUNDS, Path, Quote, Route, RouteBounds, SwapMode
from orders.models import Order


def columns(route: Route) -> dict[str, Any]:
    """What a quoted route changes in its order, limits left out."""
    return {
        "dex": route.dex,
        "venue": route.venue,
        "pool": str(route.pool),
        "quoted_amount_out": route.amount_out,
        "slippage_bps": route.slippage_bps,
        "lp_fee": route.fee_amount,
        "lp_fee_mint": str(route.fee_mint),
        "route": as_json(route),
    }


def as_json(route: Route) -> dict[str, Any]:
    """The paths of a route with their legs."""
    return {
        "mode": route.mode.value,
        "slot": route.slot,
        "maxAmountIn": str(route.max_amount_in),
        "paths": [_path_as_json(path) for path in route.paths],
    }


def of(order: Order) -> Route:
    """The route that the order's next transaction is built from, with its limits."""
    limit = order.min_amount_out or 1
    if not order.route:
        return Route((_only_path(order),), SwapMode.EXACT_IN, limit, slippage_bps=order.slippage_bps)
    stored = order.route
    paths = tuple(_path(path, stored["slot"]) for path in stored["paths"])
    most = int(stored["maxAmountIn"])
    return Route(paths, SwapMode(stored["mode"]), limit, most, order.slippage_bps)


def is_of(order: Order, route: Route) -> bool:
    """Whether an order's next transaction would be the same by this route: same pools, same amounts."""
    stored = order.route or {}
    return bool(as_json(route)["paths"] == stored.get("paths"))


def bounds(order: Order) -> RouteBounds:
    """What the order's routes may go over, at every quote and every signature of its life."""
    return bounds_of(order.route_bounds)


def bounds_of(stored: Mapping[str, Any] | None) -> RouteBounds:
    """The bounds that a row keeps."""
    if not stored:
        return NO_BOUNDS
    return RouteBounds(
        tuple(stored.get("venues", ())),
        tuple(stored.get("excludeVenues", ())),
        stored.get("maxHops"),
        stored.get("maxSplits"),
        tuple(stored.get("lastPools", ())),
    )


def bounds_column(bounds: RouteBounds) -> dict[str, Any] | None:
    """What an order's row keeps of its bounds: those that were given, by their names on the wire."""
    named = {
        "venues": list(bounds.venues),
        "excludeVenues": list(bounds.exclude_venues),
        "maxHops": bounds.max_hops,
        "maxSplits": bounds.max_splits,
        "lastPools": list(bounds.last_pools),
    }
    return {name: value for name, value in named.items() if value} or None


def ending_in(stored: Mapping[str, Any] | None, pool: str) -> dict[str, Any]:
    """The bounds of a row whose paths end in this pool: in one path, as no pool is used twice."""
    return {**(stored or {}), "lastPools": [pool]}


def without_pools(stored: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The bounds of a row for another direction: what its own were of pools does not hold there."""
    return {name: value for name, value in (stored or {}).items() if name != "lastPools"} or None


def venues(order: Order, first: str) -> tuple[str, ...]:
    """The venues of the order's legs, each once, ``first`` at the head: that of its attempt."""
    legs: Iterable[str] = ()
    if order.route:
        legs = (leg["venue"] for path in order.route["paths"] for leg in path["legs"])
    return tuple(dict.fromkeys((first, *legs)))


def pools(order: Order) -> tuple[str, ...]:
    """The pools of the order's legs, by address."""
    if not order.route:
        return (order.pool,)
    return tuple(leg["pool"] for path in order.route["paths"] for leg in path["legs"])


def _path_as_json(path: Path) -> dict[str, Any]:
    return {
        "amountIn": str(path.amount_in),
        "amountOut": str(path.amount_out),
        "legs": [_leg_as_json(leg) for leg in path.legs],
    }


def _leg_as_json(leg: Quote) -> dict[str, Any]:
    return {
        "dex": leg.dex,
        "venue": leg.venue,
        "pool": str(leg.pool),
        "tokenIn": str(leg.token_in),
        "tokenOut": str(leg.token_out),
        "mode": leg.mode.value,
        "amountIn": str(leg.amount_in),
        "amountOut": str(leg.amount_out),
        "fee": str(leg.fee_amount),
        "feeMint": str(leg.fee_mint),
        "priceImpactBps": leg.price_impact_bps,
        "computeUnits": leg.compute_units,
        **_transfer_fees(leg),
    }


def _transfer_fees(leg: Quote) -> dict[str, str]:
    """Only where there are any: other legs are stored as they were before there was a name for these."""
    fees = {"transferFeeIn": leg.transfer_fee_in, "transferFeeOut": leg.transfer_fee_out}
    return {name: str(fee) for name, fee in fees.items() if fee}


@lru_cache(maxsize=4096)
def _address(text: str) -> Pubkey:
    return Pubkey.from_string(text)


def _path(stored: dict[str, Any], slot: int) -> Path:
    legs = tuple(_leg(leg, slot) for leg in stored["legs"])
    return Path(legs, int(stored["amountIn"]), int(stored["amountOut"]))


def _leg(stored: dict[str, Any], slot: int) -> Quote:
    return Quote(
        dex=stored["dex"],
        venue=stored["venue"],
        pool=_address(stored["pool"]),
        token_in=_address(stored["tokenIn"]),
        token_out=_address(stored["tokenOut"]),
        amount_in=int(stored["amountIn"]),
        amount_out=int(stored["amountOut"]),
        fee_amount=int(stored["fee"]),
        fee_mint=_address(stored["feeMint"]),
        price_impact_bps=stored["priceImpactBps"],
        slot=slot,
        mode=SwapMode(stored["mode"]),
        compute_units=stored["computeUnits"],
        transfer_fee_in=int(stored.get("transferFeeIn", 0)),
        transfer_fee_out=int(stored.get("transferFeeOut", 0)),
    )


def _only_path(order: Order) -> Path:
    quoted = order.quoted_amount_out or 1
    leg = Quote(
        dex=order.dex,
        venue=order.venue,
        # No pool is at the default address: a row that names none has no route.
        pool=Pubkey.from_string(order.pool) if order.pool else Pubkey.default(),
        token_in=Pubkey.from_string(order.token_in),
        token_out=Pubkey.from_string(order.token_out),
        amount_in=order.amount_in,
        amount_out=quoted,
        fee_amount=order.lp_fee or 0,
        fee_mint=Pubkey.from_string(order.lp_fee_mint or order.token_in),
        price_impact_bps=0,
        slot=0,
    )
    return Path((leg,), order.amount_in, quoted)
