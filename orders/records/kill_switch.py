"""The kill switch: one row that every signer reads right before it signs, and again where it commits.

Without the row trading is on. Nothing caches the answer: it is true when it is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from orders.errors import TradingHalted
from orders.models import TradingSwitch
from orders.records import audit
from orders.records.audit import Actor

_ROW: Final = 1
# The only name in it is the model's own table.
_IF_OFF: Final = f"SELECT 1 FROM {TradingSwitch._meta.db_table} WHERE id = %s AND NOT is_on"
# Of the advisory lock that signers share and the switch takes alone; "trading" in ASCII.
_LOCK: Final = 0x74726164696E67


def is_on() -> bool:
    """Whether new transactions may be signed now. Every stage asks: written out, it costs a sixth."""
    with connection.cursor() as cursor:
        cursor.execute(_IF_OFF, [_ROW])
        return cursor.fetchone() is None


def stays_on() -> bool:
    """`is_on` for the rest of the caller's transaction: a switch thrown meanwhile waits for its end.

    On SQLite every writing transaction waits for the one before it, so reading inside it is enough.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_LOCK])
    return is_on()


def require_on() -> None:
    """Raise TradingHalted while trading is off, with the reason that was given."""
    if not is_on():
        switch = state()
        raise TradingHalted(reason=switch.reason, since=switch.changed_at.isoformat(timespec="seconds"))


def state() -> TradingSwitch:
    """How the switch stands, since when, by whom and why."""
    found = TradingSwitch.objects.filter(pk=_ROW).first()
    return found or TradingSwitch(pk=_ROW, is_on=True, changed_at=timezone.now())


def switch(*, on: bool, reason: str = "", by: Actor = audit.THE_ENGINE) -> TradingSwitch:
    """Throw the switch. When this returns with ``on`` False, no attempt is committed any more."""
    with _alone():
        audit.note(by, "trading on" if on else "trading off", detail=reason)
        thrown, _ = TradingSwitch.objects.update_or_create(
            pk=_ROW,
            defaults={
                "is_on": on,
                "reason": reason,
                "changed_by": by.name,
                "changed_at": timezone.now(),
            },
        )
    return thrown


@contextmanager
def _alone() -> Iterator[None]:
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        yield
