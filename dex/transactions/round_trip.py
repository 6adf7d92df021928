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
    """Buy by a plan of one path, and sell the least that it asks for to its last pool again.

    Others may trade between the quote and the simulation: by its least the purchase fails where they leave
    it too little, and whatever it brings beyond, the sale has enough to sell. It asks for what was spent on
    that part less ``most_loss_bps``. Raises PoolRefused or AccountMissing.
    """
    buying = replace(purchase, tip=None)
    sale = replace(buying, route=_sale(purchase.route, most_loss_bps), account_seed=new_account_seed())
    bought = [compute_unit_limit(MAX_COMPUTE_UNITS), *moves(buying)]
    instructions = [*bought, *moves(sale)]
    message = MessageV0.try_compile(purchase.payer, instructions, purchase.lookup_tables, purchase.blockhash)
    raw = bytes(VersionedTransaction.populate(message, [Signature.default()]))
    return RoundTripTransaction(raw, len(bought))


def sale_of(route: Route) -> Quote:
    """The least of a route of one path, sold to its last pool for what was spent on it there."""
    [path] = route.paths
    last = path.legs[-1]
    sold = min(route.min_amount_out, last.amount_out)
    spent = last.amount_in * sold // last.amount_out
    return replace(last, token_in=last.token_out, token_out=last.token_in, amount_in=sold, amount_out=spent)


def _sale(route: Route, most_loss_bps: int) -> Route:
    leg = sale_of(route)
    least = max(1, leg.amount_out * (_ALL_BPS - most_loss_bps) // _ALL_BPS)
    return Route((Path((leg,), leg.amount_in, leg.amount_out),), min_amount_out=least)
