/* The fee of a swap: volatility since the references, and billionths charged in a bin
 * (dlmm-sdk commons/src/extensions/lb_pair.rs). */
#pragma once

#include "dlmm_pair.h"

OUT_OF_LINE void open_references(struct swap *swap) {
    const u8 *pair = swap->pair;
    u64 now = swap->clock.unix_timestamp, updated = read_u64(pair + PAIR_LAST_UPDATE);
    u64 elapsed = now > updated ? now - updated : 0;
    swap->bin_reference = read_bin_id(pair + PAIR_BIN_REFERENCE);
    swap->volatility_reference = read_u32(pair + PAIR_VOLATILITY_REFERENCE);
    swap->accumulator = read_u32(pair + PAIR_ACCUMULATOR);
    if (elapsed < read_u16(pair + PAIR_FILTER_PERIOD)) return;
    swap->bin_reference = swap->active;
    swap->volatility_reference = 0;
    if (elapsed < read_u16(pair + PAIR_DECAY_PERIOD)) {
        swap->volatility_reference = swap->accumulator * read_u16(pair + PAIR_REDUCTION_FACTOR) / BASIS_POINTS;
    }
}

OUT_OF_LINE void open_base_rate(struct swap *swap) {
    const u8 *pair = swap->pair;
    u64 rate = (u64)read_u16(pair + PAIR_BASE_FACTOR) * read_u16(pair + PAIR_BIN_STEP) * 10;
    for (u64 power = pair[PAIR_FEE_POWER]; power > 0 && rate < HIGHEST_RATE; power--) rate *= 10;
    swap->base_rate = rate < HIGHEST_RATE ? rate : HIGHEST_RATE;
}

/* (accumulator * bin_step)^2 * control / 10^11, rounded up; HIGHEST_RATE at most. */
OUT_OF_LINE u64 variable_rate(const struct swap *swap) {
    struct wide factor, control, square, product, scale, rate;
    u64 fee;
    wide_set(&factor, swap->accumulator * read_u16(swap->pair + PAIR_BIN_STEP));
    wide_set(&control, read_u32(swap->pair + PAIR_VARIABLE_FEE_CONTROL));
    wide_set(&scale, 100000000000ULL);
    wide_multiply(&square, &factor, &factor);
    wide_multiply(&product, &square, &control);
    u64 remainder = wide_divide(&rate, &product, &scale);
    if (!wide_to_u64(&fee, &rate) || fee >= HIGHEST_RATE) return HIGHEST_RATE;
    return remainder ? fee + 1 : fee;
}

/* The accumulator and the rate of the active bin. */
OUT_OF_LINE void charge_active_bin(struct swap *swap) {
    u64 at = swap->active, reference = swap->bin_reference;
    u64 crossed = at > reference ? at - reference : reference - at;
    u64 highest = read_u32(swap->pair + PAIR_MAX_ACCUMULATOR);
    u64 accumulator = swap->volatility_reference + crossed * ACCUMULATOR_A_BIN;
    swap->accumulator = accumulator < highest ? accumulator : highest;
    swap->rate = swap->base_rate + variable_rate(swap);
    if (swap->rate > HIGHEST_RATE) swap->rate = HIGHEST_RATE;
}

/* The fee in `amount`, fee included. */
INLINE u64 fee_within(const struct swap *swap, u64 amount) {
    u64 fee;
    mul_div(&fee, amount, swap->rate, FEE_DENOMINATOR, ROUND_UP);
    return fee;
}

/* *fee = what to add to `amount`; an error when the sum is no u64. */
OUT_OF_LINE u64 fee_upon(const struct swap *swap, u64 *fee, u64 amount) {
    u64 fits = mul_div(fee, amount, swap->rate, FEE_DENOMINATOR - swap->rate, ROUND_UP);
    return fits && amount + *fee >= amount ? 0 : RAISE(MATH_OVERFLOW);
}
