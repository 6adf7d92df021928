"""Caps a day (UTC): how much of a token a user, a wallet and the whole engine may sell.

What a transaction sells counts from the moment in which it is stored; what failed or expired is taken off
again, on the day that it was counted for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import transaction

from orders import gateway
from orders.amounts import MAX_AMOUNT, from_base_units
from orders.gateway import Failure
from orders.lifecycle import FailureReason
from orders.models import Attempt, DaySales, Order
from orders.wallets.counting_lock import lock_counting

# What each cap is counted by.
_SCOPES: Final[Mapping[str, str]] = {
    "MAX_DAY_AMOUNTS_PER_USER": "user",
    "MAX_DAY_AMOUNTS_PER_WALLET": "wallet",
    "MAX_DAY_AMOUNTS": "engine",
}
Key = tuple[str, Any, str]


class CapUse(NamedTuple):
    """What was sold of a token on a day, base units, and the cap on it, None for no cap.

    ``per`` is user, wallet or engine, ``whose`` the user's key, the wallet's address, or nothing.
    """

    per: str
    whose: Any
    token: str
    sold: int
    cap: int | None


def used(now: datetime) -> list[CapUse]:
    """What has been sold today and what may be, the engine's first; caps that nothing has used yet too."""
    caps, sold = _caps(), _sold(_sales(_day(now)))
    unused = [("MAX_DAY_AMOUNTS", "", token) for name, token in caps if name == "MAX_DAY_AMOUNTS"]
    keys: list[Key] = sorted({*sold, *unused}, key=lambda key: (_SCOPES[key[0]], key[1], key[2]))
    return [
        CapUse(_SCOPES[name], whose, token, sold[name, whose, token], caps.get((name, token)))
        for name, whose, token in keys
    ]


class Today:
    """What has been sold on a day by user, wallet and engine, of the tokens of some orders."""

    def __init__(self, orders: Sequence[Order], now: datetime) -> None:
        self._caps = _caps()
        tokens = {order.token_in for order in orders}
        self._sold = _sold(_sales(_day(now)).filter(token__in=tokens)) if self._caps else Counter[Key]()

    def refusal(self, order: Order) -> Failure | None:
        """Why an order must not sell now, or None."""
        if not self._caps:
            return None
        token = gateway.token_by_mint(order.token_in)
        for scope, key in _keys(order.user_id, order.wallet, order.token_in):
            cap = self._caps.get((scope, order.token_in))
            sold = self._sold[key]
            if cap is not None and sold + order.amount_in > cap:
                return _cap_reached(_SCOPES[scope], sold, cap, token)
        return None

    def count(self, order: Order) -> None:
        """Take the order's amount as sold."""
        if self._caps:
            _add(self._sold, order.user_id, order.wallet, order.token_in, order.amount_in)


def count(orders: Iterable[Order], now: datetime) -> None:
    """Write what these orders sell, inside the transaction that stores their attempts under the lock."""
    by_row: Counter[tuple[Any, str, str]] = Counter()
    for order in orders:
        by_row[order.user_id, order.wallet, order.token_in] += order.amount_in
    if not by_row:
        return
    known = _sales(_day(now)).filter(token__in={token for _, _, token in by_row})
    before = {(row.user_id, row.wallet, row.token): row.amount for row in known}
    rows = [
        DaySales(
            day=_day(now),
            network=settings.SOLANA_NETWORK,
            user_id=user,
            wallet=wallet,
            token=token,
            amount=min(MAX_AMOUNT, before.get((user, wallet, token), 0) + amount),
        )
        for (user, wallet, token), amount in by_row.items()
    ]
    DaySales.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["day", "network", "token", "user", "wallet"],
        update_fields=["amount"],
    )


def take_off(ended: Iterable[tuple[Order, Attempt]]) -> None:
    """Count no more what failed or expired attempts were to sell; in the transaction that ends them."""
    pairs = list(ended)
    if not pairs:
        return
    with transaction.atomic():
        lock_counting()
        for order, attempt in pairs:
            rows = _sales(_day(attempt.created_at)).filter(
                user=order.user_id, wallet=order.wallet, token=order.token_in
            )
            for row in rows:
                rows.update(amount=max(0, row.amount - order.amount_in))


def _sold(sales: Any) -> Counter[Key]:
    """What these rows come to, by setting."""
    found: Counter[Key] = Counter()
    for sale in sales.values_list("user_id", "wallet", "token", "amount"):
        _add(found, *sale)
    return found


def _add(sold: Counter[Key], user: Any, wallet: str, token: str, amount: int) -> None:
    for _, key in _keys(user, wallet, token):
        sold[key] += amount


def _sales(day: date) -> Any:
    return DaySales.objects.filter(day=day, network=settings.SOLANA_NETWORK)


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()


def _keys(user: Any, wallet: str, token: str) -> Iterable[tuple[str, Key]]:
    whose = {"user": user, "wallet": wallet, "engine": ""}
    return [(name, (name, whose[scope], token)) for name, scope in _SCOPES.items()]


def _caps() -> Mapping[tuple[str, str], int]:
    """The configured caps in base units, by setting and mint."""
    return {
        (name, str(token.mint)): most
        for name in _SCOPES
        for token in gateway.tokens()
        if (most := gateway.cap_of(name, token)) is not None
    }


def _cap_reached(whose: str, sold: int, cap: int, token: Any) -> Failure:
    decimals, symbol = (token.decimals, token.symbol) if token else (0, "base units")
    details = {
        "token": symbol,
        "per": whose,
        "cap": from_base_units(cap, decimals),
        "sold": from_base_units(sold, decimals),
    }
    text = (
        f"The {whose} may sell {details['cap']} {symbol} a day, and {details['sold']} are sold or under way"
    )
    return Failure(FailureReason.CAP_REACHED, text, details)
