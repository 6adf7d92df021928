"""One at a time: who counts funds and caps sees what everybody before has committed."""

from __future__ import annotations

from typing import Final

from django.db import connection

# Of the advisory lock that those who count take; "funds" in ASCII.
_LOCK: Final = 0x66756E6473


def take_turn() -> None:
    """Wait until no other transaction counts, and keep others waiting until the caller's ends.

    On SQLite every writing transaction waits for the one before it anyway.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
