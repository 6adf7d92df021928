"""An end for the transactions of a worker that freezes in the midst of one, or whose host is cut off.

PostgreSQL would keep its rows, and the kill switch, locked for as long as the connection seems to be there,
and every other worker would wait. SQLite has no server that could end them.
"""

from __future__ import annotations

from typing import Any, Final

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

# No transaction waits for anything but the database: milliseconds, as a rule.
MOST_MILLISECONDS: Final = 10_000
# The first version that bounds the whole transaction. The older limit overlooks what comes after a pipeline
# of statements, which is how psycopg runs many.
_BOUNDS_TRANSACTIONS: Final = 170_000


def install() -> None:
    """Bound the transactions of every connection that this process opens from now on."""
    connection_created.connect(_bound, dispatch_uid="orders.platform.transaction_limit")


def _bound(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        whole = int(getattr(connection, "pg_version", 0)) >= _BOUNDS_TRANSACTIONS
        name = "transaction_timeout" if whole else "idle_in_transaction_session_timeout"
        cursor.execute("SELECT set_config(%s, %s, false)", [name, str(MOST_MILLISECONDS)])
