"""What a node shows of new pools as it happens: slots, pool accounts, logs of creations; one WebSocket.

Nothing is lost by a connection that ends: once the next one stands, `Connected` asks for a look at all.
"""

from __future__ import annotations

import itertools
import json
import logging
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from dex.errors import DexError
from orders import gateway
from orders.gateway import PoolSubscription, SeenPool
from orders.launches.asking import Answered
from orders.platform.lazy_thread import LazyThread
from orders.triggers.feed import feed_urls

logger = logging.getLogger(__name__)

_CONNECT_SECONDS: Final = 3
_READ_SECONDS: Final = 0.25
_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 30
_WELL_AFTER_SECONDS: Final = 10
# Slots are shown several times a second: a connection that is silent for so long is dead.
_SILENT_SECONDS: Final = 10
_SLOTS: Final = PoolSubscription("", "slotSubscribe", "[]")


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection stands and the node has answered for all subscriptions that are wanted."""


@dataclass(frozen=True, slots=True)
class SlotShown:
    """A slot has begun."""

    slot: int


@dataclass(frozen=True, slots=True)
class PoolShown:
    """A pool's account has changed, or is new."""

    pool: SeenPool


@dataclass(frozen=True, slots=True)
class CreationShown:
    """A transaction that may have created a pool has landed."""

    signature: str
    slot: int


Shown = Connected | SlotShown | PoolShown | CreationShown | Answered


class Subscriptions:
    """Follows pool accounts in a thread of its own, and hands on what is shown."""

    def __init__(self, show: Callable[[Shown], None]) -> None:
        """``show`` returns at once; what it raises ends the connection."""
        self._show = show
        self._wanted: frozenset[PoolSubscription] = frozenset()
        self._stopped = threading.Event()
        self._thread = LazyThread("launch feed", self._run)
        # Whether a connection stands and has every subscription that is wanted.
        self.is_live = False

    def follow(self, wanted: Collection[PoolSubscription]) -> None:
        """Have just these subscriptions from now on; none of them ends the connection."""
        self._wanted = frozenset(wanted)
        if self._wanted and not self._stopped.is_set() and feed_urls():
            self._thread.ensure()

    def stop(self) -> None:
        """Show nothing more; returns when the thread has ended."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        for number in itertools.count():
            began = time.monotonic()
            urls = feed_urls()
            if urls and self._wanted:
                self._connected_to(urls[number % len(urls)])
            if time.monotonic() - began > _WELL_AFTER_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            if self._stopped.wait(pause):
                return
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS) if self._wanted else _FIRST_PAUSE_SECONDS

    def _connected_to(self, url: str) -> None:
        """Follow until the connection ends; never raises."""
        try:
            with connect(
                url, open_timeout=_CONNECT_SECONDS, close_timeout=1, compression=None, max_size=None
            ) as socket:
                self._follow(socket)
        except (OSError, WebSocketException, ValueError, DexError) as error:
            logger.info("no subscriptions to pools at %s: %s", urlsplit(url).hostname, type(error).__name__)
        finally:
            self.is_live = False

    def _follow(self, socket: ClientConnection) -> None:
        asked = _Asked(socket)
        last, is_settled = time.monotonic(), False
        while not self._stopped.is_set() and self._wanted:
            if asked.bring_to(self._wanted | {_SLOTS}):
                self.is_live, is_settled = False, False
            try:
                message = json.loads(socket.recv(_READ_SECONDS))
            except TimeoutError:
                if time.monotonic() - last > _SILENT_SECONDS:
                    raise
                continue
            last = time.monotonic()
            shown = asked.read(message)
            if not is_settled and asked.are_confirmed:
                self.is_live, is_settled = asked.is_whole, True
                self._show(Connected())
            if shown is not None:
                self._show(shown)


class _Asked:
    """The subscriptions of one connection."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        # By the id of the request until it is answered, then by the number of the subscription.
        self._asked: dict[int, PoolSubscription] = {}
        self._numbers: dict[int, PoolSubscription] = {}
        self._wanted: frozenset[PoolSubscription] = frozenset()
        # Whether the node has refused none of them.
        self.is_whole = True

    @property
    def are_confirmed(self) -> bool:
        """Whether the node has answered for all of them."""
        return not self._asked

    def bring_to(self, wanted: frozenset[PoolSubscription]) -> bool:
        """Subscribe and unsubscribe until there are just these; whether any was asked for."""
        new = wanted - self._wanted
        for one in new:
            self._asked[self._call(one.method, one.params)] = one
        gone = {number: one for number, one in self._numbers.items() if one not in wanted}
        for number, one in gone.items():
            del self._numbers[number]
            self._call(one.method.replace("Subscribe", "Unsubscribe"), json.dumps([number]))
        self._wanted = wanted
        return bool(new)

    def read(self, message: Any) -> Shown | None:
        """What a message shows; raises ValueError or DexError for what a node does not say."""
        if not isinstance(message, dict):
            raise ValueError("not a message of a node")
        asked = self._asked.pop(message.get("id") or 0, None)
        if asked is not None:
            self._answered(asked, message)
            return None
        if not str(message.get("method", "")).endswith("Notification"):
            return None
        params = message["params"]
        one = self._numbers.get(params["subscription"])
        return None if one is None else _shown(one, params["result"])

    def _answered(self, asked: PoolSubscription, message: dict[str, Any]) -> None:
        number = message.get("result")
        if isinstance(number, int):
            self._numbers[number] = asked
        else:
            self.is_whole = False
            logger.warning("a node refuses %s for %s", asked.method, asked.venue or "slots")

    def _call(self, method: str, params: str) -> int:
        number = next(self._ids)
        self._socket.send(f'{{"jsonrpc":"2.0","id":{number},"method":"{method}","params":{params}}}')
        return number


def _shown(one: PoolSubscription, result: Any) -> Shown | None:
    if one is _SLOTS:
        return SlotShown(int(result["slot"]))
    if one.method == "logsSubscribe":
        found = gateway.creation_in(result)
        return None if found is None else CreationShown(*found)
    seen = gateway.seen_in(one.venue, result)
    return None if seen is None else PoolShown(seen)
