"""How the engine's processes connect to their database."""

from __future__ import annotations

from typing import Any, Final

# WAL lets readers read while one writes, IMMEDIATE queues writers instead of failing them, FULL because
# "about to send this signature" must outlive a power cut.
SQLITE_OPTIONS: Final[dict[str, Any]] = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
}
# A primary that was demoted goes on answering: connected to is only a server that takes writes.
# A host that is cut off closes no connection: without these it would be waited for for minutes.
# Seconds, but tcp_user_timeout, which is milliseconds and Linux's alone (libpq's names).
POSTGRES_OPTIONS: Final[dict[str, Any]] = {
    "target_session_attrs": "read-write",
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
# reconnect_timeout: psycopg's pool waits twice as long after each failure, up to minutes; given up
# early, the next request tries anew, and the engine is back as soon as the server is.
_POOL: Final[dict[str, Any]] = {"min_size": 1, "max_size": 24, "timeout": 5, "reconnect_timeout": 1}


def with_options(database: dict[str, Any], *, is_worker: bool) -> dict[str, Any]:
    """Django's settings of a database, from what its address says; what stands in the address wins.

    Connections last as long as their threads, which are few: Celery's, and those of the HTTP handler. With
    PostgreSQL web processes take them from a pool, so that a server that went away is noticed before a
    connection is used: the health check is the pool's own, at each taking.
    """
    if database["ENGINE"] == "django.db.backends.sqlite3":
        return database | {"ENGINE": "orderengine.sqlite", "OPTIONS": SQLITE_OPTIONS, "CONN_MAX_AGE": None}
    if database["ENGINE"] != "django.db.backends.postgresql":
        return database | {"CONN_MAX_AGE": None}
    options = POSTGRES_OPTIONS | database.get("OPTIONS", {})
    if is_worker:
        return database | {"OPTIONS": options, "CONN_MAX_AGE": None}
    return database | {"OPTIONS": options | {"pool": _POOL}, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}
