"""Square-root prices of ticks: sqrt(1.0001^tick) in Q64.64, to the unit (whirlpools math/tick_math.rs).

The program multiplies one constant for each set bit of the tick and rounds down at every step; the constants
are the powers sqrt(1.0001)^(±2^bit) rounded down, Q96 above tick 0 and Q64 below.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

MIN_TICK: Final = -443_636
MAX_TICK: Final = 443_636
MIN_SQRT_PRICE: Final = 4_295_048_016
MAX_SQRT_PRICE: Final = 79_226_673_515_401_279_992_447_579_055

_Q64: Final = 1 << 64
_Q96: Final = 1 << 96
_UP: Final = (
    79_232_123_823_359_799_118_286_999_567,
    79_236_085_330_515_764_027_303_304_731,
    79_244_008_939_048_815_603_706_035_061,
    79_259_858_533_276_714_757_314_932_305,
    79_291_567_232_598_584_799_939_703_904,
    79_355_022_692_464_371_645_785_046_466,
    79_482_085_999_252_804_386_437_311_141,
    79_736_823_300_114_093_921_829_183_326,
    80_248_749_790_819_932_309_965_073_892,
    81_282_483_887_344_747_381_513_967_011,
    83_390_072_131_320_151_908_154_831_281,
    87_770_609_709_833_776_024_991_924_138,
    97_234_110_755_111_693_312_479_820_773,
    119_332_217_159_966_728_226_237_229_890,
    179_736_315_981_702_064_433_883_588_727,
    407_748_233_172_238_350_107_850_275_304,
    2_098_478_828_474_011_932_436_660_412_517,
    55_581_415_166_113_811_149_459_800_483_533,
    38_992_368_544_603_139_932_233_054_999_993_551,
)
_DOWN: Final = (
    18_445_821_805_675_392_311,
    18_444_899_583_751_176_498,
    18_443_055_278_223_354_162,
    18_439_367_220_385_604_838,
    18_431_993_317_065_449_817,
    18_417_254_355_718_160_513,
    18_387_811_781_193_591_352,
    18_329_067_761_203_520_168,
    18_212_142_134_806_087_854,
    17_980_523_815_641_551_639,
    17_526_086_738_831_147_013,
    16_651_378_430_235_024_244,
    15_030_750_278_693_429_944,
    12_247_334_978_882_834_399,
    8_131_365_268_884_726_200,
    3_584_323_654_723_342_297,
    696_457_651_847_595_233,
    26_294_789_957_452_057,
    37_481_735_321_082,
)
# Ticks in a doubling of the square-root price: 2 / log2(1.0001), Q32.
_TICKS_PER_DOUBLING: Final = 59_543_866_431_248
_LOG_BITS: Final = 18


@lru_cache(maxsize=65_536)
def sqrt_price_at(tick: int) -> int:
    """The square-root price of a tick from MIN_TICK to MAX_TICK, Q64.64."""
    if tick >= 0:
        ratio = _Q96
        for bit, factor in enumerate(_UP):
            if tick >> bit & 1:
                ratio = ratio * factor >> 96
        return ratio >> 32
    ratio = _Q64
    for bit, factor in enumerate(_DOWN):
        if -tick >> bit & 1:
            ratio = ratio * factor >> 64
    return ratio


def tick_at(sqrt_price: int) -> int:
    """The greatest tick whose square-root price is not above ``sqrt_price``, which lies within the range."""
    tick = _log_in_ticks(sqrt_price)
    tick = min(max(tick, MIN_TICK), MAX_TICK)
    while tick > MIN_TICK and sqrt_price_at(tick) > sqrt_price:
        tick -= 1
    while tick < MAX_TICK and sqrt_price_at(tick + 1) <= sqrt_price:
        tick += 1
    return tick


def _log_in_ticks(sqrt_price: int) -> int:
    """log(price) in ticks, at most one off: a binary logarithm bit by bit, then scaled."""
    whole = sqrt_price.bit_length() - 1
    mantissa = sqrt_price >> whole - 63 if whole >= 63 else sqrt_price << 63 - whole
    logarithm = whole - 64
    for _ in range(_LOG_BITS):
        square = mantissa * mantissa >> 63
        carry = square >> 64
        mantissa = square >> carry
        logarithm = logarithm << 1 | carry
    return logarithm * _TICKS_PER_DOUBLING >> 32 + _LOG_BITS
