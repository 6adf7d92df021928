/* Finding bin arrays with liquidity: the pair's bitmap and its extension
 * (dlmm-sdk commons/src/extensions/bin_array_bitmap.rs, lb_pair.rs). Indices have ARRAY_ZERO added. */
#pragma once

#include "dlmm_pair.h"

#define DEFAULT_LOWEST (ARRAY_ZERO - 512)
#define DEFAULT_HIGHEST (ARRAY_ZERO + 511)
#define EXTENSION_BITS 6144ULL
#define NOT_FOUND (~0ULL)

/* The first set bit at or above `from` in a bitmap of `count` bits. */
OUT_OF_LINE u64 next_bit(const u8 *bitmap, u64 count, u64 from) {
    while (from < count) {
        u64 word = read_u64(bitmap + 8 * (from / 64)) >> (from % 64);
        if (word) {
            while (!(word & 1)) {
                word >>= 1;
                from++;
            }
            return from;
        }
        from = (from / 64 + 1) * 64;
    }
    return NOT_FOUND;
}

/* The first set bit at or below `from`. */
OUT_OF_LINE u64 previous_bit(const u8 *bitmap, u64 from) {
    for (;;) {
        u64 word = read_u64(bitmap + 8 * (from / 64)) << (63 - from % 64);
        if (word) {
            while (!(word >> 63)) {
                word <<= 1;
                from--;
            }
            return from;
        }
        if (from < 64) return NOT_FOUND;
        from = from / 64 * 64 - 1;
    }
}

OUT_OF_LINE u64 array_below(const struct swap *swap, u64 *index) {
    u64 at = *index, found;
    if (at > DEFAULT_HIGHEST) {
        if (!swap->extension) return RAISE(EXTENSION_NOT_PROVIDED);
        found = previous_bit(swap->extension + EXTENSION_POSITIVE, at - DEFAULT_HIGHEST - 1);
        if (found != NOT_FOUND) {
            *index = DEFAULT_HIGHEST + 1 + found;
            return 0;
        }
        at = DEFAULT_HIGHEST;
    }
    if (at >= DEFAULT_LOWEST) {
        found = previous_bit(swap->pair + PAIR_BITMAP, at - DEFAULT_LOWEST);
        if (found != NOT_FOUND) {
            *index = DEFAULT_LOWEST + found;
            return 0;
        }
        at = DEFAULT_LOWEST - 1;
    }
    if (!swap->extension) return RAISE(EXTENSION_NOT_PROVIDED);
    found = next_bit(swap->extension + EXTENSION_NEGATIVE, EXTENSION_BITS, DEFAULT_LOWEST - 1 - at);
    if (found == NOT_FOUND) return RAISE(NO_BIN_ARRAY);
    *index = DEFAULT_LOWEST - 1 - found;
    return 0;
}

OUT_OF_LINE u64 array_above(const struct swap *swap, u64 *index) {
    u64 at = *index, found;
    if (at < DEFAULT_LOWEST) {
        if (!swap->extension) return RAISE(EXTENSION_NOT_PROVIDED);
        found = previous_bit(swap->extension + EXTENSION_NEGATIVE, DEFAULT_LOWEST - 1 - at);
        if (found != NOT_FOUND) {
            *index = DEFAULT_LOWEST - 1 - found;
            return 0;
        }
        at = DEFAULT_LOWEST;
    }
    if (at <= DEFAULT_HIGHEST) {
        found = next_bit(swap->pair + PAIR_BITMAP, 1024, at - DEFAULT_LOWEST);
        if (found != NOT_FOUND) {
            *index = DEFAULT_LOWEST + found;
            return 0;
        }
        at = DEFAULT_HIGHEST + 1;
    }
    if (!swap->extension) return RAISE(EXTENSION_NOT_PROVIDED);
    found = next_bit(swap->extension + EXTENSION_POSITIVE, EXTENSION_BITS, at - DEFAULT_HIGHEST - 1);
    if (found == NOT_FOUND) return RAISE(NO_BIN_ARRAY);
    *index = DEFAULT_HIGHEST + 1 + found;
    return 0;
}

/* *index becomes that of the next bin array with liquidity, itself included. */
INLINE u64 next_array(const struct swap *swap, u64 *index) {
    return swap->sells_x ? array_below(swap, index) : array_above(swap, index);
}
