"""Give up connections to a PostgreSQL server that takes no more writes.

A primary that was demoted goes on answering: its connections pass every health check, and every write on
them fails. Closed at the first such failure, they are made anew, to a server that takes writes
(``target_session_attrs``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from django.db import InternalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

logger = logging.getLogger(__name__)

# read_only_sql_transaction of PostgreSQL's error codes.
_READ_ONLY: Final = "25006"


def install() -> None:
    """Watch the connections that this process opens from now on."""
    connection_created.connect(_watch, dispatch_uid="orders.platform.read_only")


def _watch(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.vendor == "postgresql" and close_read_only not in connection.execute_wrappers:
        connection.execute_wrappers.append(close_read_only)


def close_read_only(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Django's execute wrapper: raises what the statement raises."""
    try:
        return execute(sql, params, many, context)
    except InternalError as error:
        if getattr(error.__cause__, "sqlstate", None) == _READ_ONLY:
            logger.warning("the database takes no writes now: a connection to it is given up")
            context["connection"].connection.close()
        raise
