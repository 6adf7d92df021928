/* Ticks and their square-root prices (raydium-clmm libraries/tick_math.rs). */
#pragma once

#include "clmm_pool.h"

#define MIN_TICK (-443636)
#define MAX_TICK 443636
#define MIN_SQRT_PRICE ((u128)4295048016ULL)
#define MAX_SQRT_PRICE ((u128)4294886577ULL << 64 | 0x845c1aa94e69579bULL)

/* 2^64 / 1.0001^(2^bit / 2), with the program's own rounding. */
static const u64 TICK_FACTORS[19] = {
    0xfffcb933bd6fb800, 0xfff97272373d4000, 0xfff2e50f5f657000, 0xffe5caca7e10f000, 0xffcb9843d60f7000,
    0xff973b41fa98e800, 0xff2ea16466c9b000, 0xfe5dee046a9a3800, 0xfcbe86c7900bb000, 0xf987a7253ac65800,
    0xf3392b0822bb6000, 0xe7159475a2caf000, 0xd097f3bdfd2f2000, 0xa9f746462d9f8000, 0x70d869a156f31c00,
    0x31be135f97ed3200, 0x09aa508b5b85a500, 0x005d6af8dedc582c, 0x00002216e584f5fa,
};

/* The upper half of a 128-bit product. */
INLINE u64 multiply_high(u64 a, u64 b) {
    u64 a_low = (u32)a, a_high = a >> 32, b_low = (u32)b, b_high = b >> 32;
    u64 middle = a_high * b_low + (a_low * b_low >> 32);
    u64 other = a_low * b_high + (u32)middle;
    return a_high * b_high + (middle >> 32) + (other >> 32);
}

OUT_OF_LINE void sqrt_price_at(u128 *price, int tick) {
    u32 magnitude = tick < 0 ? (u32)-tick : (u32)tick;
    u64 ratio = 0;
    for (u64 bit = 0; bit < 19; bit++) {
        if (magnitude >> bit & 1) ratio = ratio ? multiply_high(ratio, TICK_FACTORS[bit]) : TICK_FACTORS[bit];
    }
    *price = magnitude ? (u128)ratio : (u128)1 << 64;
    if (tick <= 0) return;
    struct wide most, divisor, quotient;
    wide_set_u128(&most, ~(u128)0);
    wide_set(&divisor, ratio);
    wide_divide(&quotient, &most, &divisor);
    wide_store((u8 *)price, LIMBS_128, &quotient);
}

/* log2 of a price as a signed number with 16 bits behind the point, rounded down. */
INLINE long long log2_of(u128 price) {
    u64 high = (u64)(price >> 64), low = (u64)price;
    u64 exponent = 0, mantissa = high ? high : low;
    while (mantissa >> exponent >> 1) exponent++;
    mantissa <<= 63 - exponent;
    if (high && exponent != 63) mantissa |= low >> (exponent + 1);
    long long log = (long long)exponent - (high ? 0 : 64);
    for (u64 bit = 0; bit < 16; bit++) {
        mantissa = multiply_high(mantissa, mantissa);
        u64 is_two = mantissa >> 63;
        if (!is_two) mantissa <<= 1;
        log = log * 2 + (long long)is_two;
    }
    return log;
}

/* 2^16 / log2(sqrt(1.0001)) */
#define TICKS_PER_OCTAVE 908567297LL

/* The greatest tick whose price is at most `price`: an estimate that is at most one too low, put right. */
OUT_OF_LINE int tick_at(u128 price) {
    u128 edge;
    int tick = (int)(log2_of(price) * TICKS_PER_OCTAVE >> 32);
    if (tick > MAX_TICK - 1) tick = MAX_TICK - 1;
    if (tick < MIN_TICK) tick = MIN_TICK;
    for (sqrt_price_at(&edge, tick); edge > price; sqrt_price_at(&edge, tick)) tick--;
    for (sqrt_price_at(&edge, tick + 1); edge <= price; sqrt_price_at(&edge, tick + 1)) tick++;
    return tick;
}
