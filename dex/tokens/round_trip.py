"""Buys a token and sells it again over pool states, without a transaction. Pure.

The sale is quoted against the state that the purchase leaves (`Pool.after`), transfer fees included: what is
lost is what the pools, their fees and the token itself keep.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from solders.pubkey import Pubkey

from dex.errors import DexError
from dex.routing.router import quote_all
from dex.types import QuoteRequest, Quotes, Snapshot
from dex.venues.base import Pool

_BPS: Final = 10_000
_NO_ROUTE: Final = "NO_ROUTE"


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """Base units: what was spent of the base token, what it bought, and what selling that gave back.

    ``failed`` names the step that no pool would do and ``code`` the first pool's reason.
    """

    spent: int
    bought: int = 0
    returned: int = 0
    failed: Literal["", "purchase", "sale"] = ""
    code: str = ""

    @property
    def loss_bps(self) -> int | None:
        """What the trip costs, in basis points rounded up; None for one that did not come to its end."""
        if self.failed:
            return None
        return -((self.returned - self.spent) * _BPS // self.spent)


def round_trip(
    pools: Sequence[Pool], snapshot: Snapshot, base: Pubkey, token: Pubkey, amount: int
) -> RoundTrip:
    """Spend ``amount`` of ``base`` on ``token`` in the best pool, and sell it all in the best pool then."""
    buying = quote_all(QuoteRequest(base, token, amount), pools, snapshot)
    if not buying.quotes:
        return RoundTrip(amount, failed="purchase", code=_reason(buying))
    bought = buying.quotes[0].largest
    pool = next(each for each in pools if each.address == bought.pool)
    try:
        after = pool.after(snapshot, bought)
    except DexError as error:
        return RoundTrip(amount, bought.amount_out, failed="sale", code=error.code)
    selling = quote_all(QuoteRequest(token, base, bought.amount_out), pools, after)
    if not selling.quotes:
        return RoundTrip(amount, bought.amount_out, failed="sale", code=_reason(selling))
    return RoundTrip(amount, bought.amount_out, selling.quotes[0].amount_out)


def _reason(quotes: Quotes) -> str:
    return next((error.code for error in quotes.errors), _NO_ROUTE)
