"""One Redis address, spelled the way each client wants it.

Celery, Channels and Django's cache share a server but not a database number, and Celery has
its own spelling for Unix sockets.
"""

from __future__ import annotations

from urllib.parse import urlsplit

BROKER_DB = 0
LAYER_DB = 1
CACHE_DB = 2


def redis_url(configured: str | None, host: str | None, port: int) -> str:
    """The server's address: ``REDIS_URL``, or one made of ``REDIS_HOST`` and ``REDIS_PORT``."""
    if configured:
        return configured
    return f"redis://{host or '127.0.0.1'}:{port}"


def with_database(url: str, database: int) -> str:
    """The address as redis-py reads it, naming a database."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={database}"
    return f"{parts.scheme}://{parts.netloc}/{database}"


def broker_url(url: str) -> str:
    """The address as kombu reads it."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"redis+socket://{parts.path}?virtual_host={BROKER_DB}"
    return with_database(url, BROKER_DB)
