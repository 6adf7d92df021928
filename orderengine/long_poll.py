"""A long poll: an answer without news is made again when there is some, and no thread waits meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from django.http import HttpResponseBase

from orders.api.event_views import Waiting
from orders.streaming.news import listening


async def when_there_is_news(
    first: Waiting,
    answer_from: Callable[[int], Awaitable[HttpResponseBase]],
    receive: Callable[[], Awaitable[Any]],
) -> HttpResponseBase | None:
    """The first answer with news, or the last one in time; None when the client has gone.

    ``answer_from`` makes the answer again from a position of the feed. It listens before it looks again,
    so that nothing that happens in between is missed.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + first.seconds
    gone = asyncio.ensure_future(receive())
    try:
        async with listening(first.user_id) as news:
            if news is None:
                return first
            response = await answer_from(first.position)
            while isinstance(response, Waiting) and (left := until - loop.time()) > 0:
                woken = asyncio.ensure_future(news.wait())
                await asyncio.wait({gone, woken}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                woken.cancel()
                if gone.done():
                    return None
                response = await answer_from(response.position)
            return response
    finally:
        gone.cancel()
