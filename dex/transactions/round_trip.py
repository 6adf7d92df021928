"""A purchase and the sale of what it yields in one transaction that is never sent: a node simulates it.

What a token's program, its hooks or its issuer do to the sale happens there as it would on the chain.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from solders.message import MessageV0
from solders.signature import Signature
from solders.transaction import VersionedTransaction

from dex.transactions.instructions import compute_unit_limit, new_account_seed
from dex.transactions.swap_plan import SwapPlan
from dex.transactions.swap_transaction import MAX_COMPUTE_UNITS, MAX_TRANSACTION_BYTES, moves
from dex.types import Path, Quote, Route

# The simulation may run on a later slot than the quote: what is sold is a hundredth less than what it says.
_KEPT_DIVISOR: Final = 100
_ALL_BPS: Final = 10_000


@dataclass(frozen=True, slots=True)
class RoundTripTransaction:
    """The unsigned bytes, and the number of the first instruction of the sale."""

    raw: bytes
    sale_at: int

    @property
    def fits(self) -> bool:
        """Whether a node takes it."""
        return len(self.raw) <= MAX_TRANSACTION_BYTES


def round_trip_transaction(purchase: SwapPlan, most_loss_bps: int) -> RoundTripTransaction:
    """Buy by a plan of one path, and sell what its last pool pays to that pool again.

    The sale asks for what was spent there less ``most_loss_bps``. Raises PoolRefused or AccountMissing.
    """
    buying = replace(purchase, route=replace(purchase.route, min_amount_out=1), tip=None)
    sale = replace(buying, route=_sale(purchase.route, most_loss_bps), account_seed=new_account_seed())
    bought = [compute_unit_limit(MAX_COMPUTE_UNITS), *moves(buying)]
    instructions = [*bought, *moves(sale)]
    message = MessageV0.try_compile(purchase.payer, instructions, purchase.lookup_tables, purchase.blockhash)
    raw = bytes(VersionedTransaction.populate(message, [Signature.default()]))
    return RoundTripTransaction(raw, len(bought))


def sale_of(route: Route) -> Quote:
    """What is sold to the last pool of a route of one path, for what was spent there."""
    [path] = route.paths
    last = path.legs[-1]
    sold = max(1, last.amount_out - last.amount_out // _KEPT_DIVISOR)
    spent = last.amount_in * sold // last.amount_out
    return replace(last, token_in=last.token_out, token_out=last.token_in, amount_in=sold, amount_out=spent)


def _sale(route: Route, most_loss_bps: int) -> Route:
    leg = sale_of(route)
    least = max(1, leg.amount_out * (_ALL_BPS - most_loss_bps) // _ALL_BPS)
    return Route((Path((leg,), leg.amount_in, leg.amount_out),), min_amount_out=least)
