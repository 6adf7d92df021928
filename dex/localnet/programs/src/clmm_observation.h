/* The ring of ticks that each swap may write to (raydium-clmm states/oracle.rs). */
#pragma once

#include "clmm_pool.h"

/* ObservationState::update: the sum of ticks over time, at most once in 15 seconds. */
OUT_OF_LINE void record_observation(u8 *state, const struct swap *swap) {
    u32 now = (u32)swap->clock.unix_timestamp;
    u64 index = read_u16(state + OBSERVATION_INDEX);
    panic_unless(index < OBSERVATION_COUNT);
    u8 *last = state + OBSERVATION_RING + OBSERVATION_SIZE * index;
    if (!state[OBSERVATION_INITIALIZED]) {
        state[OBSERVATION_INITIALIZED] = 1;
        *(u32 *)last = now;
        write_u64(last + 4, 0);
        return;
    }
    u32 elapsed = now > read_u32(last) ? now - read_u32(last) : 0;
    if (elapsed < OBSERVATION_INTERVAL_SECONDS) return;
    u64 next_index = index + 1 == OBSERVATION_COUNT ? 0 : index + 1;
    u8 *next = state + OBSERVATION_RING + OBSERVATION_SIZE * next_index;
    *(u32 *)next = now;
    write_u64(next + 4, read_u64(last + 4) + (u64)((long long)swap->tick * elapsed));
    *(u16 *)(state + OBSERVATION_INDEX) = (u16)next_index;
}
