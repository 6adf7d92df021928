"""Whether the chain answers, and how each of its nodes stands."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from typing import Final

from django.conf import settings

from dex.errors import DexError, WrongNetwork
from dex.rpc.nodes import NodeReport
from orders.gateway.connection import connection, require_network

_FRESH_SECONDS: Final = 2
# How long somebody waits for a new look when the last one is older; before the first one as long as it takes.
_PATIENCE_SECONDS: Final = 0.5
_FIRST_LOOK_SECONDS: Final = 15


@dataclass(frozen=True, slots=True)
class ChainHealth:
    """Whether a node answers, its slot, whether it is of the configured network; and every node by itself.

    ``age_seconds`` says how long ago that was.
    """

    reachable: bool
    slot: int | None
    right_network: bool = True
    nodes: tuple[NodeReport, ...] = ()
    age_seconds: int = 0


class ChainWatch:
    """The last look at the chain. One thread at a time looks again, however many ask."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._looking = False
        self._looked_at = 0.0
        self._seen: ChainHealth | None = None

    def latest(self) -> ChainHealth:
        """A look of the last two seconds, or an older one with its age where a node takes long to answer."""
        with self._changed:
            if self._is_fresh():
                return self._aged()
            if not self._looking:
                self._looking = True
                threading.Thread(target=self._look, name="chain-watch", daemon=True).start()
            patience = _FIRST_LOOK_SECONDS if self._seen is None else _PATIENCE_SECONDS
            self._changed.wait_for(lambda: not self._looking, patience)
            return self._aged()

    def _look(self) -> None:
        seen = ChainHealth(False, None)
        try:
            seen = chain_health()
        finally:
            with self._changed:
                self._seen, self._looked_at, self._looking = seen, time.monotonic(), False
                self._changed.notify_all()

    def _is_fresh(self) -> bool:
        return self._seen is not None and time.monotonic() - self._looked_at <= _FRESH_SECONDS

    def _aged(self) -> ChainHealth:
        if self._seen is None:
            return ChainHealth(False, None)
        return replace(self._seen, age_seconds=int(time.monotonic() - self._looked_at))


_watches: dict[tuple[str, str], ChainWatch] = {}


def watched_chain_health() -> ChainHealth:
    """As this process has seen the nodes of the settings lately; see `ChainWatch`."""
    key = (settings.SOLANA_RPC_URL, settings.SOLANA_NETWORK)
    return _watches.setdefault(key, ChainWatch()).latest()


def chain_health() -> ChainHealth:
    """As this process sees the nodes now; never raises for those that do not answer."""
    try:
        require_network()
        slot = connection().run(connection().rpc.slot())
    except WrongNetwork:
        return ChainHealth(True, None, right_network=False, nodes=node_reports())
    except DexError:
        return ChainHealth(False, None, nodes=node_reports())
    return ChainHealth(True, slot, nodes=node_reports())


def node_reports() -> tuple[NodeReport, ...]:
    """How every node stands as far as this process knows; nothing when that takes too long."""
    try:
        return tuple(connection().run(connection().rpc.reports()))
    except DexError:
        return ()
