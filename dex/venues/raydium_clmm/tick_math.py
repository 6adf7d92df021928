"""Square-root prices of ticks, as Raydium CLMM computes them (raydium-clmm libraries/tick_math.rs).

A tick is a step of one basis point in price, token 1 per token 0; a square-root price is Q64.64.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from typing import Final

U128_MAX: Final = 2**128 - 1
MIN_TICK: Final = -443_636
MAX_TICK: Final = 443_636
MIN_SQRT_PRICE: Final = 4_295_048_016
MAX_SQRT_PRICE: Final = 79_226_673_521_066_979_257_578_248_091

_TICKS: Final = range(MIN_TICK, MAX_TICK + 1)
# 2^64 / 1.0001^(2^bit / 2), with the program's own rounding.
_FACTORS: Final = (
    0xFFFCB933BD6FB800,
    0xFFF97272373D4000,
    0xFFF2E50F5F657000,
    0xFFE5CACA7E10F000,
    0xFFCB9843D60F7000,
    0xFF973B41FA98E800,
    0xFF2EA16466C9B000,
    0xFE5DEE046A9A3800,
    0xFCBE86C7900BB000,
    0xF987A7253AC65800,
    0xF3392B0822BB6000,
    0xE7159475A2CAF000,
    0xD097F3BDFD2F2000,
    0xA9F746462D9F8000,
    0x70D869A156F31C00,
    0x31BE135F97ED3200,
    0x09AA508B5B85A500,
    0x005D6AF8DEDC582C,
    0x00002216E584F5FA,
)


@lru_cache(maxsize=1 << 16)
def sqrt_price_at(tick: int) -> int:
    """The square-root price of a tick within MIN_TICK..MAX_TICK."""
    magnitude, price = abs(tick), 1 << 64
    for bit, factor in enumerate(_FACTORS):
        if magnitude >> bit & 1:
            price = price * factor >> 64
    return U128_MAX // price if tick > 0 else price


def tick_at(sqrt_price: int) -> int:
    """The greatest tick whose square-root price is at most ``sqrt_price``."""
    return bisect_right(_TICKS, sqrt_price, key=sqrt_price_at) - 1 + MIN_TICK
