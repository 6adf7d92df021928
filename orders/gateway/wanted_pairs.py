"""The pairs whose pools are looked for: the usual ones, and those that orders have named lately."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.conf import settings
from django.db import Error as DatabaseError
from solders.pubkey import Pubkey

from dex.config import PAIRS
from orders.gateway.candidates import Pair, legs_over, middle_tokens
from orders.gateway.tokens import tokens
from orders.models import ANYTHING, Order

# So many orders are looked at, the newest of all: what nobody has asked for since is asked of nodes no more.
_NEWEST: Final = 2_000


def usual_pairs() -> list[Pair]:
    """Those that every process makes ready at its start."""
    mints = {token.symbol: token.mint for token in tokens()}
    return [(mints[a], mints[b]) for a, b in PAIRS if a in mints and b in mints]


def wanted_pairs() -> list[Pair]:
    """The usual pairs, those of the newest orders, and their legs over middle tokens; each pair once."""
    middles = middle_tokens()
    named = [*usual_pairs(), *_named_lately()]
    wanted = (each for pair in named for each in (pair, *legs_over(pair, middles)))
    return list({frozenset(pair): pair for pair in wanted}.values())


def _named_lately() -> Iterator[Pair]:
    newest = Order.objects.filter(network=settings.SOLANA_NETWORK).order_by("-created_at", "-id")
    try:
        found = dict.fromkeys(newest.values_list("token_in", "token_out")[:_NEWEST])
    except DatabaseError:
        return
    for sold, bought in found:
        if bought == ANYTHING:
            continue
        yield Pubkey.from_string(sold), Pubkey.from_string(bought)
