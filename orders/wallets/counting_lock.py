"""The lock under which funds and caps are counted, so that each count sees all that was committed before."""

from __future__ import annotations

from typing import Final

from django.db import connection

# Of the advisory lock that those who count take; "funds" in ASCII.
_LOCK: Final = 0x66756E6473


def lock_counting() -> None:
    """Wait until no other transaction counts, and keep others waiting until the caller's ends.

    On SQLite every writing transaction waits for the one before it anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
