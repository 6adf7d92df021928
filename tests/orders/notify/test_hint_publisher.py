"""Hints reach those who have joined a group through the channel layer."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from orders.notify.hint_publisher import Hint, order_group, send, user_group
from tests.conftest import TestRedis


async def received(channel: str) -> dict[str, object]:
    return await asyncio.wait_for(get_channel_layer().receive(channel), 5)


async def test_members_of_an_orders_group_get_its_latest_hint() -> None:
    layer, order_id = get_channel_layer(), uuid.uuid4()
    channel = await layer.new_channel()
    await layer.group_add(order_group(order_id), channel)
    await sync_to_async(send)([Hint(1, order_id, 2), Hint(1, order_id, 3), Hint(1, uuid.uuid4(), 9)])
    assert await received(channel) == {"type": "order.hint", "orders": [[str(order_id), 3]]}
    await layer.flush()


async def test_members_of_a_users_group_get_one_message_for_all_orders() -> None:
    layer, first, second = get_channel_layer(), uuid.uuid4(), uuid.uuid4()
    channel = await layer.new_channel()
    await layer.group_add(user_group(77), channel)
    await sync_to_async(send)([Hint(77, first, 1), Hint(77, second, 4), Hint(78, uuid.uuid4(), 1)])
    message = await received(channel)
    assert message == {"type": "order.hint", "orders": [[str(first), 1], [str(second), 4]]}
    await layer.flush()


def test_without_redis_sending_says_so(redis_server: TestRedis) -> None:
    redis_server.stop()
    with pytest.raises((RedisError, OSError)):
        send([Hint(1, uuid.uuid4(), 1)])
