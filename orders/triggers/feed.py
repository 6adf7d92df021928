"""When pools change: account subscriptions at a node, as what wakes the watcher.

No price is taken from a notification: a look reads all accounts at one slot. Where no WebSocket is offered,
or its connection is down, the watcher goes by its own pace.
"""

from __future__ import annotations

import itertools
import json
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect

from orders.gateway import node_urls
from orders.platform.lazy_thread import LazyThread

logger = logging.getLogger(__name__)

OFF: Final = "off"
# Beyond so many the poll alone sees changes: nodes bound the subscriptions of a connection.
MOST_ACCOUNTS: Final = 2_000
_CONNECT_SECONDS: Final = 3
_READ_SECONDS: Final = 0.5
_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_PAUSE_SECONDS: Final = 30
# A connection that has lasted so long was well: the next pause is the first again.
_WELL_AFTER_SECONDS: Final = 10


class Feed:
    """Subscribes to accounts in a thread of its own, and calls ``wake`` when one has changed since a slot."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._wanted: frozenset[str] = frozenset()
        self._looked_at = 0
        self._stopped = threading.Event()
        self._thread = LazyThread("feed", self._run)
        # Whether a connection stands and has every subscription that is wanted.
        self.is_live = False

    def watch(self, accounts: Collection[str], slot: int) -> None:
        """Wake for these accounts alone from now on, when they change after ``slot``."""
        self._looked_at = slot
        wanted = frozenset(itertools.islice(accounts, MOST_ACCOUNTS))
        if wanted != self._wanted:
            self._wanted = wanted
        if wanted and not self._stopped.is_set() and feed_urls():
            self._thread.ensure()

    def stop(self) -> None:
        """Wake no more; returns when the thread has ended."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        for number in itertools.count():
            began = time.monotonic()
            urls = feed_urls()
            if urls:
                self._connected_to(urls[number % len(urls)])
            if time.monotonic() - began > _WELL_AFTER_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            if self._stopped.wait(pause):
                return
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    def _connected_to(self, url: str) -> None:
        """Follow the accounts until the connection ends; never raises."""
        try:
            with connect(url, open_timeout=_CONNECT_SECONDS, close_timeout=1, compression=None) as socket:
                self._follow(socket)
        except (OSError, WebSocketException, ValueError) as error:
            logger.info("no account subscriptions at %s: %s", urlsplit(url).hostname, type(error).__name__)
        finally:
            self.is_live = False

    def _follow(self, socket: ClientConnection) -> None:
        subscriptions = _Subscriptions(socket)
        while not self._stopped.is_set():
            subscriptions.bring_to(self._wanted)
            try:
                message = json.loads(socket.recv(_READ_SECONDS))
            except TimeoutError:
                continue
            slot = subscriptions.changed_at(message)
            if not self.is_live and subscriptions.are_confirmed:
                # What changed before this is seen by a look of now.
                self.is_live = True
                self._wake()
            if slot is not None and slot > self._looked_at:
                self._wake()


class _Subscriptions:
    """The subscriptions of one connection."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._ids: Iterator[int] = itertools.count(1)
        # Accounts by the id of the request, until it is answered; then the number of the subscription.
        self._asked: dict[int, str] = {}
        self._numbers: dict[str, int | None] = {}

    @property
    def are_confirmed(self) -> bool:
        """Whether the node has answered for all of them."""
        return not self._asked

    def bring_to(self, wanted: frozenset[str]) -> None:
        """Subscribe and unsubscribe until just these accounts are followed."""
        for account in wanted - self._numbers.keys():
            self._numbers[account] = None
            options = {
                "encoding": "base64",
                "commitment": settings.SOLANA_COMMITMENT,
                "dataSlice": {"offset": 0, "length": 0},
            }
            self._asked[self._call("accountSubscribe", account, options)] = account
        gone = [account for account, number in self._numbers.items() if account not in wanted and number]
        for account in gone:
            self._call("accountUnsubscribe", self._numbers.pop(account))

    def changed_at(self, message: Any) -> int | None:
        """The slot of a notification; None for any other message. Raises ValueError for what is neither."""
        if not isinstance(message, dict):
            raise ValueError("not a message of a node")
        answered = message.get("id")
        account = self._asked.pop(answered, None) if isinstance(answered, int) else None
        if account is not None:
            number = message.get("result")
            self._numbers[account] = number if isinstance(number, int) else None
        if message.get("method") != "accountNotification":
            return None
        try:
            return int(message["params"]["result"]["context"]["slot"])
        except (KeyError, TypeError) as error:
            raise ValueError("not a notification of an account") from error

    def _call(self, method: str, *params: object) -> int:
        number = next(self._ids)
        body = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        self._socket.send(json.dumps(body))
        return number


def feed_urls() -> list[str]:
    """Where nodes take subscriptions: SOLANA_WS_URL, or as nodes do, beside SOLANA_RPC_URL; none if off."""
    if settings.SOLANA_WS_URL == OFF:
        return []
    if settings.SOLANA_WS_URL:
        return [url.strip() for url in settings.SOLANA_WS_URL.split(",") if url.strip()]
    return [socket_beside(url) for url in node_urls()]


def socket_beside(url: str) -> str:
    """A node of one's own listens one port above its JSON-RPC; providers at the same address."""
    parts = urlsplit(url)
    scheme = "wss" if parts.scheme == "https" else "ws"
    netloc = parts.netloc
    if parts.port is not None:
        netloc = f"{netloc.rpartition(':')[0]}:{parts.port + 1}"
    return parts._replace(scheme=scheme, netloc=netloc).geturl()
