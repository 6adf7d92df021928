/* The ring of price observations that each swap may write to (raydium-cp-swap states/oracle.rs). */
#pragma once

#include "cpmm_pool.h"

/* next = last + numerator / denominator * 2^32 * seconds, kept to 128 bits as the real program wraps it. */
OUT_OF_LINE void accumulate_price(u8 *next, const u8 *last, u64 numerator, u64 denominator, u64 seconds) {
    struct wide price, divisor, total, elapsed;
    wide_set(&total, numerator);
    wide_shift_left(&total, 1);
    wide_set(&divisor, denominator);
    wide_divide(&price, &total, &divisor);
    wide_set(&elapsed, seconds);
    wide_multiply(&total, &price, &elapsed);
    wide_load(&price, last, LIMBS_128);
    wide_add(&total, &total, &price);
    if (total.count > LIMBS_128) total.count = LIMBS_128;
    wide_store(next, LIMBS_128, &total);
}

/* ObservationState::update: the pool's prices before the swap, at most once in 15 seconds. */
OUT_OF_LINE void record_observation(u8 *state, const struct swap *swap) {
    u64 now = swap->clock.unix_timestamp;
    u64 index = read_u16(state + OBSERVATION_INDEX);
    panic_unless(index < OBSERVATION_COUNT);
    u8 *last = state + OBSERVATION_RING + OBSERVATION_SIZE * index;
    if (!state[OBSERVATION_INITIALIZED]) {
        state[OBSERVATION_INITIALIZED] = 1;
        write_u64(last, now);
        for (u64 i = 8; i < OBSERVATION_SIZE; i += 8) write_u64(last + i, 0);
        return;
    }
    u64 last_time = read_u64(last);
    if (now < last_time + OBSERVATION_INTERVAL_SECONDS) return;
    u64 next_index = index + 1 == OBSERVATION_COUNT ? 0 : index + 1;
    u8 *next = state + OBSERVATION_RING + OBSERVATION_SIZE * next_index;
    u64 reserve_0 = swap->input_side ? swap->reserve_out : swap->reserve_in;
    u64 reserve_1 = swap->input_side ? swap->reserve_in : swap->reserve_out;
    write_u64(next, now);
    accumulate_price(next + 8, last + 8, reserve_1, reserve_0, now - last_time);
    accumulate_price(next + 24, last + 24, reserve_0, reserve_1, now - last_time);
    *(u16 *)(state + OBSERVATION_INDEX) = (u16)next_index;
}
