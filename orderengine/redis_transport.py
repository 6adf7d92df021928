"""kombu's transport for Redis with one client a channel.

kombu makes a `redis.Redis` for each command that it sends, which costs more than the command. Such a client
holds no state besides its pool of connections, and any number of threads may share it.
"""

from __future__ import annotations

from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis


class Channel(redis.Channel):
    """A channel that keeps the client of its pool for as long as the pool lasts."""

    _kept: tuple[Any, Any] | None = None

    def _create_client(self, asynchronous: bool = False) -> Any:
        # The other kind holds one connection of its own; kombu itself makes that once.
        if asynchronous:
            return super()._create_client(asynchronous=True)  # type: ignore[misc]
        pool, kept = self.pool, self._kept
        if kept is None or kept[0] is not pool:
            self._kept = kept = (pool, super()._create_client())  # type: ignore[misc]
        return kept[1]


class Transport(redis.Transport):
    """The transport of `redis://`, `rediss://` and `redis+socket://`."""

    Channel = Channel


def install() -> None:
    """Make kombu use it; kombu looks a transport up by the scheme of its URL."""
    path = f"{__name__}:{Transport.__name__}"
    TRANSPORT_ALIASES.update(redis=path, rediss=path)
