/* Which tick arrays have ticks (raydium-clmm states/pool.rs, libraries/tick_array_bit_map.rs,
 * states/tickarray_bitmap_extension.rs). Array k begins at tick k * span; a word holds 64 of them. */
#pragma once

#include "clmm_pool.h"

#define FIRST_WORD (-120)
#define WORDS_END 120

/* a / b, rounded down; the back end divides unsigned numbers only. */
INLINE int floor_divide(int a, int b) {
    return a >= 0 ? (int)((u32)a / (u32)b) : -(int)(((u32)-a + (u32)b - 1) / (u32)b);
}

INLINE u64 is_in_extension(int word) { return word < -8 || word >= 8; }

/* The word whose bits are arrays 64 * word and up. The pool keeps 16 words; the extension keeps chunks of eight to
 * either side, the nearest first. */
OUT_OF_LINE u64 bitmap_word(const struct swap *swap, int word) {
    if (!is_in_extension(word)) return read_u64(swap->pool + POOL_BITMAP + 8 * (u64)(word + 8));
    if (word >= 8) return read_u64(swap->extension + EXTENSION_POSITIVE + 8 * (u64)(word - 8));
    u32 chunk = (u32)(-9 - word) / 8;
    u64 within = (u64)(word + 8 * (int)(chunk + 2));
    return read_u64(swap->extension + EXTENSION_NEGATIVE + BITMAP_CHUNK_BYTES * chunk + 8 * within);
}

INLINE int lowest_bit(u64 word) {
    int bit = 0;
    while (!(word >> bit & 1)) bit++;
    return bit;
}

INLINE int highest_bit(u64 word) {
    int bit = 63;
    while (!(word >> bit & 1)) bit--;
    return bit;
}

/* Whether there is an array past array `from` in the swap's direction; raises when the pool's own words do not show
 * one and the extension was not passed. */
OUT_OF_LINE u64 find_next_array(const struct swap *swap, int from, int *found, u64 *exists) {
    int at = swap->falling ? from - 1 : from + 1;
    int word = at >> 6;
    u64 mask = swap->falling ? ~0ULL >> (63 - (at & 63)) : ~0ULL << (at & 63);
    *exists = 0;
    for (; word >= FIRST_WORD && word < WORDS_END; word += swap->falling ? -1 : 1) {
        if (is_in_extension(word) && !swap->extension) break;
        u64 bits = bitmap_word(swap, word) & mask;
        if (bits) {
            *found = 64 * word + (swap->falling ? highest_bit(bits) : lowest_bit(bits));
            *exists = 1;
            return 0;
        }
        mask = ~0ULL;
    }
    return swap->extension ? 0 : RAISE(MISSING_EXTENSION);
}

/* The array that a swap begins with: that of the current tick, or the next one; `is_current` says which. */
OUT_OF_LINE u64 find_first_array(const struct swap *swap, int *found, u64 *is_current) {
    int current = floor_divide(swap->tick, swap->span);
    int word = current >> 6;
    panic_unless(!is_in_extension(word) || swap->extension);
    *found = current;
    *is_current = bitmap_word(swap, word) >> (current & 63) & 1;
    if (*is_current) return 0;
    u64 exists;
    TRY(find_next_array(swap, current, found, &exists));
    return exists ? 0 : RAISE(NO_LIQUIDITY_THIS_WAY);
}
