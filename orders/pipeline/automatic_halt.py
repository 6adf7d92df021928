"""The automatic halt: too many transactions in vain, or too much lost, and trading goes off by itself.

What counts is of the last minutes (HALT_WINDOW_MINUTES), and of the time since the switch was last thrown:
who switches trading on again starts anew. Lost is what confirmed orders received less than their first
quote, by the token that they bought, and of SOL the fees of transactions that failed.
"""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import F, QuerySet, Sum
from django.utils import timezone

from orders import gateway
from orders.amounts import from_base_units
from orders.index_conditions import HAS_ENDED, HAS_FAILED
from orders.lifecycle import Status
from orders.models import Attempt, Order
from orders.records import kill_switch
from orders.records.audit import Actor

logger = logging.getLogger(__name__)

CHANGED_BY: Final = "automatic halt"
# No order takes longer from acceptance to its end.
_LONGEST_LIFE: Final = timedelta(hours=1)


def halt_if_due() -> bool:
    """Throw the kill switch when a limit of the settings is passed; whether this call did."""
    if not (settings.HALT_AFTER_FAILED_ATTEMPTS or settings.HALT_AFTER_LOSS):
        return False
    switch = kill_switch.state()
    if not switch.is_on:
        return False
    since = timezone.now() - timedelta(minutes=settings.HALT_WINDOW_MINUTES)
    if switch.changed_by:
        since = max(since, switch.changed_at)
    reason = _too_many_failed(since) or _too_much_lost(since)
    if reason is None:
        return False
    kill_switch.switch(on=False, reason=reason, by=Actor(CHANGED_BY, "this process"))
    logger.error("trading is switched off: %s", reason)
    return True


def _too_many_failed(since: datetime) -> str | None:
    most = settings.HALT_AFTER_FAILED_ATTEMPTS
    if not most:
        return None
    failed = _failed(since).count()
    if failed < most:
        return None
    return f"{failed} transactions failed or expired within {settings.HALT_WINDOW_MINUTES} minutes"


def _too_much_lost(since: datetime) -> str | None:
    if not settings.HALT_AFTER_LOSS:
        return None
    lost = _lost(since)
    for token in gateway.tokens():
        most = gateway.cap_of("HALT_AFTER_LOSS", token)
        found = lost[str(token.mint)]
        if most is not None and found >= most:
            whole = from_base_units(found, token.decimals)
            return f"{whole} {token.symbol} were lost within {settings.HALT_WINDOW_MINUTES} minutes"
    return None


def _lost(since: datetime) -> Counter[str]:
    short = Order.objects.filter(
        HAS_ENDED,
        status=Status.CONFIRMED,
        network=settings.SOLANA_NETWORK,
        created_at__gte=since - _LONGEST_LIFE,
        confirmed_at__gte=since,
        executed_amount_out__lt=F("first_quoted_amount_out"),
    )
    lost: Counter[str] = Counter()
    for mint, quoted, received in short.values_list(
        "token_out", "first_quoted_amount_out", "executed_amount_out"
    ):
        lost[mint] += (quoted or 0) - (received or 0)
    fees = _failed(since).aggregate(paid=Sum(F("network_fee") + F("priority_fee"), default=0))
    lost[gateway.SOL] += int(fees["paid"])
    return lost


def _failed(since: datetime) -> QuerySet[Attempt]:
    return Attempt.objects.filter(HAS_FAILED, created_at__gte=since, order__network=settings.SOLANA_NETWORK)
