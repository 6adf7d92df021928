/* Ticks and their square-root prices, Q64.64 (whirlpools math/tick_math.rs). */
#pragma once

#include "whirlpool_pool.h"

#define MIN_TICK (-443636)
#define MAX_TICK 443636
#define MIN_SQRT_PRICE ((u128)4295048016ULL)
#define MAX_SQRT_PRICE ((u128)MAX_SQRT_PRICE_HIGH << 64 | MAX_SQRT_PRICE_LOW)
#define TICK_BITS 19

#define MAX_SQRT_PRICE_HIGH 0xfffec4b1ULL
#define MAX_SQRT_PRICE_LOW 0x35bb7f32a81b33afULL

/* sqrt(1.0001)^(2^bit), Q96, low half first, and sqrt(1.0001)^-(2^bit), Q64, both rounded down. */
static const u64 FACTORS_UP[TICK_BITS][2] = {
    {0xff11672ae55ad00f, 0x1000346d6}, {0xbac710cb295e9e1b, 0x100068db8},
    {0x68abe5f76b30fb75, 0x1000d1b9c}, {0xa234cb0830516e51, 0x1001a37e4},
    {0xab0e92ada25ab460, 0x100347278}, {0x0a525480a5d7fdc2, 0x10068efb0},
    {0xb4173839df9daaa5, 0x100d20a63}, {0x742dd7729738df5e, 0x101a4c11c},
    {0x1f64cfa6dc0d6de4, 0x1034c35c3}, {0xc8aaffbf81bed5a3, 0x106a34b78},
    {0x6ccd8bce9ae771b1, 0x10d72a6a4}, {0x63928596dc757faa, 0x11b9a258e},
    {0x04f8379f3cd17be5, 0x13a2e2bda}, {0x9e0da8fe77f2ab42, 0x181954be6},
    {0x185a029080252877, 0x244c2655d}, {0x9f935b1c616779e8, 0x525816eeb},
    {0x51684ff4d31ae065, 0x1a7c8d00b5}, {0xf7c97884590c66cd, 0x2bd893d0b2d},
    {0x8cf8b95d2152dccf, 0x78278e1e19e44},
};
static const u64 FACTORS_DOWN[TICK_BITS] = {
    0xfffcb933bd6fad37, 0xfff97272373d4132, 0xfff2e50f5f656932, 0xffe5caca7e10e4e6,
    0xffcb9843d60f6159, 0xff973b41fa98c081, 0xff2ea16466c96a38, 0xfe5dee046a99a2a8,
    0xfcbe86c7900a88ae, 0xf987a7253ac41317, 0xf3392b0822b70005, 0xe7159475a2c29b74,
    0xd097f3bdfd2022b8, 0xa9f746462d870fdf, 0x70d869a156d2a1b8, 0x31be135f97d08fd9,
    0x09aa508b5b7a84e1, 0x005d6af8dedb8119, 0x00002216e584f5fa,
};

/* The upper half of a 128-bit product. */
INLINE u64 multiply_high(u64 a, u64 b) {
    u64 a_low = (u32)a, a_high = a >> 32, b_low = (u32)b, b_high = b >> 32;
    u64 middle = a_high * b_low + (a_low * b_low >> 32);
    u64 other = a_low * b_high + (u32)middle;
    return a_high * b_high + (middle >> 32) + (other >> 32);
}

INLINE u128 multiply(u64 a, u64 b) { return (u128)multiply_high(a, b) << 64 | a * b; }

/* a * b / 2^96 where that has no more than 128 bits and b no more than 116. */
OUT_OF_LINE void multiply_q96(u128 *a, const u64 *b) {
    u64 low = (u64)*a, high = (u64)(*a >> 64);
    u128 middle = multiply(high, b[0]) + multiply_high(low, b[0]);
    u128 other = multiply(low, b[1]) + (u64)middle;
    u128 top = multiply(high, b[1]) + (u64)(middle >> 64) + (u64)(other >> 64);
    *a = top << 32 | (u64)other >> 32;
}

OUT_OF_LINE void sqrt_price_at(u128 *price, s64 tick) {
    if (tick >= 0) {
        u128 ratio = (u128)1 << 96;
        for (u64 bit = 0; bit < TICK_BITS; bit++) {
            if (tick >> bit & 1) multiply_q96(&ratio, FACTORS_UP[bit]);
        }
        *price = ratio >> 32;
        return;
    }
    u64 ratio = 0;
    for (u64 bit = 0; bit < TICK_BITS; bit++) {
        if (-tick >> bit & 1) ratio = ratio ? multiply_high(ratio, FACTORS_DOWN[bit]) : FACTORS_DOWN[bit];
    }
    *price = ratio;
}

#define LOG_BITS 17
/* 2 / log2(1.0001), Q16: ticks in a doubling of the square-root price. */
#define TICKS_PER_DOUBLING 908567298LL

/* log2 of a price in ticks, at most one off. */
INLINE s64 log_in_ticks(u128 price) {
    u64 high = (u64)(price >> 64), low = (u64)price;
    u64 mantissa = high ? high : low;
    u64 exponent = 0;
    while (mantissa >> exponent >> 1) exponent++;
    mantissa <<= 63 - exponent;
    if (high && exponent != 63) mantissa |= low >> (exponent + 1);
    s64 log = (s64)exponent - (high ? 0 : 64);
    for (u64 bit = 0; bit < LOG_BITS; bit++) {
        mantissa = multiply_high(mantissa, mantissa);
        u64 is_two = mantissa >> 63;
        if (!is_two) mantissa <<= 1;
        log = log * 2 + (s64)is_two;
    }
    return log * TICKS_PER_DOUBLING >> (16 + LOG_BITS);
}

/* The greatest tick whose price is at most `price`. */
OUT_OF_LINE s64 tick_at(const u128 *price) {
    u128 edge;
    s64 tick = log_in_ticks(*price);
    if (tick > MAX_TICK) tick = MAX_TICK;
    if (tick < MIN_TICK) tick = MIN_TICK;
    sqrt_price_at(&edge, tick);
    if (edge > *price) {
        for (; tick > MIN_TICK && edge > *price; sqrt_price_at(&edge, tick)) tick--;
        return tick;
    }
    while (tick < MAX_TICK) {
        sqrt_price_at(&edge, tick + 1);
        if (edge > *price) break;
        tick++;
    }
    return tick;
}
