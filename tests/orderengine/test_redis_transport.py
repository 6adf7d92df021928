"""kombu's channels on Redis: one client a channel, and nothing kept there of what a worker holds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kombu import Connection
from kombu.transport.virtual import QoS

from orderengine.redis_transport import Transport
from tests.conftest import TestRedis, celery_app


@pytest.fixture
def connection(redis_server: TestRedis) -> Iterator[Connection]:
    with celery_app.connection_for_write() as opened:
        yield opened


@pytest.mark.parametrize("scheme", ["redis", "rediss"])
def test_addresses_of_redis_get_the_transport(scheme: str) -> None:
    assert Connection(f"{scheme}://host/0").get_transport_cls() is Transport


def test_a_channel_keeps_its_client(connection: Connection) -> None:
    channel = connection.channel()
    with channel.conn_or_acquire() as first, channel.conn_or_acquire() as second:
        assert first is second
        assert first.ping()


def test_a_channel_makes_a_client_for_a_new_pool(connection: Connection) -> None:
    channel = connection.channel()
    with channel.conn_or_acquire() as first:
        channel._disconnect_pools()
    with channel.conn_or_acquire() as second:
        assert second is not first
        assert second.ping()


def test_unacknowledged_messages_are_kept_in_the_process(connection: Connection) -> None:
    channel = connection.channel()
    queue = connection.SimpleQueue("kept", queue_opts={"durable": False})
    queue.put("look")
    message = queue.get(timeout=5)
    with channel.conn_or_acquire() as client:
        assert type(message.channel.qos) is QoS
        assert client.exists(channel.unacked_key, channel.unacked_index_key) == 0
    message.ack()
    queue.close()
