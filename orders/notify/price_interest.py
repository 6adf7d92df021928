"""Which pairs somebody looks at prices of: in Redis while a page asks again, and lost without harm."""

from __future__ import annotations

import time
from typing import Final

from django.conf import settings
from redis import Redis

from orders.platform.redis_client import BriefRedis

Pair = tuple[str, str]

# A page asks for candles every half minute.
_LASTS_SECONDS: Final = 90
_MOST: Final = 10
_redis: Final = BriefRedis("pairs whose prices are looked at are not sampled for that")


def note(pair: Pair) -> None:
    """Somebody looks at the prices of a pair of mints. Never raises."""
    key = _key()

    def put(redis: Redis) -> None:
        asked = redis.pipeline()
        asked.zadd(key, {"/".join(pair): time.time()})
        asked.zremrangebyrank(key, 0, -_MOST - 1)
        asked.expire(key, _LASTS_SECONDS)
        asked.execute()

    _redis.ask(put)


def pairs() -> list[Pair]:
    """The pairs that were looked at lately, the newest first; none without Redis."""
    since = time.time() - _LASTS_SECONDS
    members = _redis.ask(lambda redis: redis.zrangebyscore(_key(), since, "+inf")) or []
    newest_first = [member for member in reversed(list(members)) if isinstance(member, bytes)]
    found = [member.decode(errors="replace").split("/") for member in newest_first]
    return [(pair[0], pair[1]) for pair in found if len(pair) == 2]


def _key() -> str:
    return f"prices:asked:{settings.SOLANA_NETWORK}"
