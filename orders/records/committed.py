"""What transactions under way take from wallets, and those that just landed: summed up by the database.

A burst has hundreds of them, and each batch that is stored asks for their sums.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import connection

from orders.lifecycle import AttemptState, Status
from orders.models import Attempt, Order
from orders.records import sql

# Sums are made of two halves of 32 bits: a sum of amounts of 64 bits would overflow in SQLite.
_HALF_BITS: Final = 32
_LOW_HALF: Final = (1 << _HALF_BITS) - 1


class Sold(NamedTuple):
    """Of all transactions that sell ``mint`` from ``wallet``: base units, and lamports beside."""

    wallet: str
    mint: str
    amount: int
    lamports: int


def under_way() -> Iterator[Sold]:
    """By what the chain has not decided about."""
    return _sums(_under_way(), [settings.SOLANA_NETWORK])


def landed_after(slot: int, since: datetime) -> Iterator[Sold]:
    """By what landed after a slot and was confirmed since then, but may not be final yet."""
    moment = sql.values(Order, [("confirmed_at", since)])
    return _sums(_landed_after(), [settings.SOLANA_NETWORK, *moment, slot])


def _sums(statement: str, parameters: list[Any]) -> Iterator[Sold]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        for wallet, mint, high, low, lamports in cursor.fetchall():
            yield Sold(wallet, mint, (int(high) << _HALF_BITS) + int(low), int(lamports))


# SQLite joins in the order of a CROSS JOIN. Left to itself it would read every attempt there is, so as to
# have the rows in the order of their groups.
@lru_cache(maxsize=1)
def _under_way() -> str:
    attempt, order = sql.table(Attempt), sql.table(Order)
    state = f"{sql.column(Attempt, 'state')} = '{AttemptState.OPEN.value}'"
    return f"{_selected()} FROM {attempt} CROSS JOIN {order} WHERE {_joined()} AND {state} GROUP BY 1, 2"


@lru_cache(maxsize=1)
def _landed_after() -> str:
    # Its conditions in the words of the index `order_not_yet_final`, so that SQLite uses it.
    column = partial(sql.column, Order)
    attempt, order = sql.table(Attempt), sql.table(Order)
    return (
        f"{_selected()} FROM {order} CROSS JOIN {attempt} WHERE {_joined()}"
        f" AND {column('status')} = '{Status.CONFIRMED.value}' AND {column('finalized_at')} IS NULL"
        f" AND {column('confirmed_at')} >= %s"
        f" AND {sql.column(Attempt, 'state')} = '{AttemptState.LANDED.value}'"
        f" AND {attempt}.{sql.column(Attempt, 'slot')} > %s GROUP BY 1, 2"
    )


def _selected() -> str:
    order, amount = sql.table(Order), sql.column(Order, "amount_in")
    wallet, sold = sql.column(Order, "wallet"), sql.column(Order, "token_in")
    lamports = f"{sql.table(Attempt)}.{sql.column(Attempt, 'reserved_lamports')}"
    return (
        f"SELECT {order}.{wallet}, {order}.{sold}, SUM({order}.{amount} >> {_HALF_BITS}),"
        f" SUM({order}.{amount} & {_LOW_HALF}), COALESCE(SUM({lamports}), 0)"
    )


def _joined() -> str:
    order = sql.table(Order)
    of = f"{sql.table(Attempt)}.{sql.column(Attempt, 'order')} = {order}.{sql.column(Order, 'id')}"
    return f"{of} AND {order}.{sql.column(Order, 'network')} = %s"
