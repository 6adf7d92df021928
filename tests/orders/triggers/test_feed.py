"""Account subscriptions wake the watcher; without them it goes by its own pace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User

from orders.models import WatchedPair
from orders.proving.soak.proxy import TcpProxy
from orders.triggers.feed import feed_urls
from orders.triggers.watcher import Watcher
from tests.orders.chain import TestChain, eventually
from tests.orders.order_runs import stored
from tests.orders.triggers.waiting_orders import move_price, place, price_now, times

threaded = pytest.mark.django_db(transaction=True)


@contextmanager
def watching() -> Iterator[Watcher]:
    """A watcher in its thread."""
    watcher = Watcher()
    watcher.start()
    try:
        yield watcher
    finally:
        watcher.stop()


@contextmanager
def between_watcher_and_node(chain: TestChain, settings: Any) -> Iterator[TcpProxy]:
    """Subscriptions go over a proxy that can cut them."""
    port = urlsplit(chain.url).port
    assert port is not None
    proxy = TcpProxy("feed", port + 1)
    proxy.start()
    settings.SOLANA_WS_URL = f"ws://127.0.0.1:{proxy.port}"
    try:
        yield proxy
    finally:
        proxy.stop()


@threaded
def test_a_change_of_a_pool_fires_a_limit_at_once(user: User, chain: TestChain, settings: Any) -> None:
    settings.WATCH_SECONDS = 60
    order = place(user, type="limit", limitPrice=times(price_now(), 110))
    with watching() as watcher:
        eventually(lambda: watcher._feed.is_live, 30)
        move_price(chain, 130)
        eventually(lambda: stored(order).status == "routing", 30)


@threaded
def test_without_a_socket_the_poll_fires_and_the_feed_returns(
    user: User, chain: TestChain, settings: Any
) -> None:
    with between_watcher_and_node(chain, settings) as proxy:
        order = place(user, type="limit", limitPrice=times(price_now(), 110))
        other = place(user, type="limit", limitPrice=times(price_now(), 150))
        with watching() as watcher:
            eventually(lambda: watcher._feed.is_live, 30)
            proxy.reset()
            eventually(lambda: not watcher._feed.is_live, 30)
            move_price(chain, 130)
            eventually(lambda: stored(order).status == "routing", 30)
            proxy.pass_through()
            eventually(lambda: watcher._feed.is_live, 60)
            settings.WATCH_SECONDS = 60
            move_price(chain, 140)
            eventually(lambda: stored(other).status == "routing", 30)


@threaded
def test_the_poll_alone_serves_where_the_feed_is_off(user: User, chain: TestChain, settings: Any) -> None:
    settings.SOLANA_WS_URL = "off"
    order = place(user, type="limit", limitPrice=times(price_now(), 110))
    with watching() as watcher:
        eventually(lambda: WatchedPair.objects.filter(priced_slot__isnull=False).exists(), 30)
        move_price(chain, 130)
        eventually(lambda: stored(order).status == "routing", 30)
        assert not watcher._feed.is_live


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ("http://127.0.0.1:8899", ["ws://127.0.0.1:8900"]),
        ("https://node.example/?api-key=k", ["wss://node.example/?api-key=k"]),
        ("https://a.example:443,http://b.example", ["wss://a.example:444", "ws://b.example"]),
    ],
)
def test_subscriptions_are_taken_beside_the_node(settings: Any, nodes: str, expected: list[str]) -> None:
    settings.SOLANA_RPC_URL, settings.SOLANA_WS_URL = nodes, ""
    assert feed_urls() == expected
    settings.SOLANA_WS_URL = "wss://own.example"
    assert feed_urls() == ["wss://own.example"]
    settings.SOLANA_WS_URL = "off"
    assert feed_urls() == []
