"""Finding orders by what people have at hand: ids, signatures, mints, and beginnings of the unique ones.

Every look-up is served by an index. A search inside text would read every order.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from orders import gateway
from orders.errors import UnknownToken
from orders.models import Attempt, Order

MOST_FOUND: Final = 100
_HEX: Final = re.compile(r"[0-9a-f]{6,32}")
_BASE58: Final = re.compile(r"[1-9A-HJ-NP-Za-km-z]+")
_SIGNATURE_BEGINNING: Final = 6
_MINT_LENGTHS: Final = range(32, 45)
# Behind every text that begins as wanted, in the byte order that SQLite compares by.
_LAST_CHARACTER: Final = "\U0010ffff"


def matching(orders: QuerySet[Order], term: str) -> QuerySet[Order]:
    """The orders that ``term`` names; of the ids that begin with it at most ``MOST_FOUND``."""
    named = Q(pk__in=_named(term))
    mint = mint_of(term)
    if mint is not None:
        named |= Q(token_in=mint) | Q(token_out=mint)
    return orders.filter(named)


def _named(term: str) -> list[UUID]:
    found = chain(_by_id(term), _by_client_order_id(term), _by_signature(term))
    return list(dict.fromkeys(found))


def _by_id(term: str) -> list[UUID]:
    digits = term.replace("-", "").lower()
    if not _HEX.fullmatch(digits):
        return []
    first, last = UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
    return list(Order.objects.filter(pk__range=(first, last)).values_list("pk", flat=True)[:MOST_FOUND])


def _by_client_order_id(term: str) -> list[UUID]:
    found = Order.objects.filter(client_order_id=term).order_by()
    return list(found.values_list("pk", flat=True)[:MOST_FOUND])


def _by_signature(term: str) -> list[UUID]:
    if len(term) < _SIGNATURE_BEGINNING or not _BASE58.fullmatch(term):
        return []
    found = Attempt.objects.filter(_begins_with("signature", term)).order_by("signature")
    return list(found.values_list("order_id", flat=True)[:MOST_FOUND])


def _begins_with(column: str, beginning: str) -> Q:
    # SQLite uses no index for LIKE with ESCAPE; PostgreSQL has an index for LIKE, but none in byte order.
    if connection.vendor == "sqlite":
        return Q(**{f"{column}__gte": beginning, f"{column}__lt": beginning + _LAST_CHARACTER})
    return Q(**{f"{column}__startswith": beginning})


def mint_of(term: str) -> str | None:
    """The mint that a symbol or an address names; None for neither."""
    try:
        return str(gateway.find_token(term).mint)
    except UnknownToken:
        # A mint that has left the list still has its orders.
        is_mint = len(term) in _MINT_LENGTHS and _BASE58.fullmatch(term) and not _HEX.fullmatch(term)
        return term if is_mint else None
