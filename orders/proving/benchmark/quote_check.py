"""Whether orders got what they were quoted, to the unit, by what the chain says that moved. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dex.types import Route, SwapMode
from orders.lifecycle import Status
from orders.proving.benchmark.chain_check import Check, counted_check
from orders.proving.benchmark.records import OrderRecord

ONE_POOL: Final = "one pool"
SPLIT: Final = "split"
TWO_HOPS: Final = "two hops"
EXACT_OUTPUT: Final = "exact output"
FEE_TOKEN: Final = "token with a transfer fee"  # noqa: S105 -- a kind of order
KINDS: Final = (ONE_POOL, SPLIT, TWO_HOPS, EXACT_OUTPUT, FEE_TOKEN)


@dataclass(frozen=True, slots=True)
class KindCount:
    """How many orders of a kind were executed, and how many of them moved what their quote had said."""

    kind: str
    orders: int
    equal: int


def check_quotes(
    records: Sequence[OrderRecord],
    routes: Mapping[str, Route],
    moved: Mapping[str, tuple[int, int]],
    venues: Collection[str],
) -> tuple[list[KindCount], list[Check]]:
    """The counts by kind and by venue, and the checks on them.

    ``routes`` are the last quoted ones by order; ``moved`` is what was paid and received by signature;
    ``venues`` are those that each have to be in some order's route.
    """
    confirmed = [record for record in records if record.status == Status.CONFIRMED]
    orders: Counter[str] = Counter()
    equal: Counter[str] = Counter()
    wrong: list[str] = []
    for record in confirmed:
        route, kinds = routes[record.order_id], list(kinds_of(routes[record.order_id]))
        is_equal = _quoted(route) == moved.get(record.signature)
        orders.update(kinds)
        equal.update(kinds if is_equal else ())
        if not is_equal:
            wrong.append(f"{record.order_id} ({', '.join(kinds)})")
    wanted = [*KINDS, *sorted(venues)]
    counts = [KindCount(kind, orders[kind], equal[kind]) for kind in wanted]
    missing = [kind for kind in wanted if not orders[kind]]
    unconfirmed = [f"{r.order_id} {r.error_code}" for r in records if r.status != Status.CONFIRMED]
    return counts, [
        counted_check("every order was executed", unconfirmed, f"{len(records)} orders"),
        counted_check("orders of every kind and venue", missing, f"{len(wanted)} kinds and venues"),
        counted_check("every quote was executed to the unit", wrong, f"{len(confirmed)} orders"),
    ]


def kinds_of(route: Route) -> Iterator[str]:
    """The kinds that an order's route makes it one of, its venues among them."""
    is_split, has_middle = len(route.paths) > 1, bool(route.middles)
    if is_split:
        yield SPLIT
    if has_middle:
        yield TWO_HOPS
    if not is_split and not has_middle:
        yield ONE_POOL
    if route.mode is SwapMode.EXACT_OUT:
        yield EXACT_OUTPUT
    if any(leg.transfer_fee_in or leg.transfer_fee_out for leg in route.legs):
        yield FEE_TOKEN
    yield from dict.fromkeys(leg.venue for leg in route.legs)


def _quoted(route: Route) -> tuple[int, int]:
    """Paid and received by the legs: a path of two spends a little less than its share as a rule."""
    paid = sum(path.legs[0].amount_in for path in route.paths)
    return paid, sum(path.legs[-1].amount_out for path in route.paths)
