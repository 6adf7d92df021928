/* The fee that grows with volatility (whirlpools state/oracle.rs, manager/fee_rate_manager.rs). */
#pragma once

#include "whirlpool_price.h"

#define VOLATILITY_SCALE 10000
#define CONTROL_DENOMINATOR (100000ULL * VOLATILITY_SCALE * VOLATILITY_SCALE)
#define RATE_HARD_LIMIT 100000
#define MAX_REFERENCE_AGE 3600

INLINE s64 clamp_tick(s64 tick) { return tick < MIN_TICK ? MIN_TICK : tick > MAX_TICK ? MAX_TICK : tick; }

INLINE void set_reference(u8 *oracle, s64 group, u64 volatility, u64 now) {
    write_u64(oracle + ORACLE_REFERENCE_UPDATED, now);
    write_u32(oracle + ORACLE_VOLATILITY_REFERENCE, volatility);
    write_u32(oracle + ORACLE_GROUP_REFERENCE, (u64)group);
}

/* What the volatility is measured from, moved by the time since the last swaps. */
OUT_OF_LINE u64 update_reference(u8 *oracle, s64 group, u64 now) {
    u64 updated = read_u64(oracle + ORACLE_REFERENCE_UPDATED), major = read_u64(oracle + ORACLE_MAJOR_SWAP);
    u64 newest = updated > major ? updated : major;
    if (now < newest) return RAISE(INVALID_TIMESTAMP);
    u64 volatility = 0;
    if (now - updated <= MAX_REFERENCE_AGE) {
        u64 elapsed = now - newest;
        if (elapsed < read_u16(oracle + ORACLE_FILTER_PERIOD)) return 0;
        if (elapsed < read_u16(oracle + ORACLE_DECAY_PERIOD)) {
            volatility = (u64)read_u32(oracle + ORACLE_VOLATILITY) * read_u16(oracle + ORACLE_REDUCTION);
            volatility /= VOLATILITY_SCALE;
        }
    }
    set_reference(oracle, group, volatility, now);
    return 0;
}

/* The groups around the reference in which the volatility is below its maximum. */
OUT_OF_LINE void set_core_range(struct group_fee *groups) {
    u64 reference = read_u32(groups->oracle + ORACLE_VOLATILITY_REFERENCE);
    u64 room = groups->max_volatility > reference ? groups->max_volatility - reference : 0;
    s64 reach = (s64)((room + VOLATILITY_SCALE - 1) / VOLATILITY_SCALE);
    s64 centre = read_s32(groups->oracle + ORACLE_GROUP_REFERENCE), size = (s64)groups->size;
    groups->lowest = centre - reach;
    groups->highest = centre + reach;
    groups->has_low = groups->lowest * size > MIN_TICK;
    groups->has_high = (groups->highest + 1) * size < MAX_TICK;
    if (groups->has_low) sqrt_price_at(&groups->low_price, groups->lowest * size);
    if (groups->has_high) sqrt_price_at(&groups->high_price, (groups->highest + 1) * size);
}

OUT_OF_LINE u64 begin_groups(struct group_fee *groups, s64 tick, u64 now) {
    u8 *oracle = groups->oracle;
    groups->control = read_u32(oracle + ORACLE_CONTROL);
    groups->size = read_u16(oracle + ORACLE_GROUP_SIZE);
    groups->max_volatility = read_u32(oracle + ORACLE_MAX_VOLATILITY);
    panic_unless(groups->size != 0);
    groups->group = floor_divide(tick, groups->size);
    TRY(update_reference(oracle, groups->group, now));
    set_core_range(groups);
    return 0;
}

OUT_OF_LINE void set_volatility(struct group_fee *groups) {
    s64 distance = read_s32(groups->oracle + ORACLE_GROUP_REFERENCE) - groups->group;
    u64 groups_away = distance < 0 ? (u64)-distance : (u64)distance;
    u64 volatility = read_u32(groups->oracle + ORACLE_VOLATILITY_REFERENCE) + groups_away * VOLATILITY_SCALE;
    groups->volatility = volatility < groups->max_volatility ? volatility : groups->max_volatility;
}

/* The rate of the step that begins now, in millionths. */
OUT_OF_LINE u64 rate_of_step(struct swap *swap) {
    struct group_fee *groups = &swap->groups;
    u64 adaptive;
    if (!groups->oracle) return swap->fee_rate;
    set_volatility(groups);
    u64 crossed = (u32)(groups->volatility * groups->size);
    u64 fits = mul_div(&adaptive, crossed * crossed, groups->control, CONTROL_DENOMINATOR, ROUND_UP);
    if (!fits || adaptive > RATE_HARD_LIMIT) adaptive = RATE_HARD_LIMIT;
    u64 total = swap->fee_rate + adaptive;
    return total < RATE_HARD_LIMIT ? total : RATE_HARD_LIMIT;
}

INLINE void stop_at(struct swap *swap, u128 price) {
    if (swap->a_to_b ? price > swap->target : price < swap->target) swap->target = price;
}

/* Narrows the step's target to its group; returns whether the step skips groups instead. */
OUT_OF_LINE u64 bound_by_group(struct swap *swap) {
    struct group_fee *groups = &swap->groups;
    u128 edge;
    if (!groups->oracle) return 0;
    if (groups->control == 0 || swap->liquidity == 0) return 1;
    if (groups->has_low && groups->group < groups->lowest) {
        if (!swap->a_to_b) stop_at(swap, groups->low_price);
        return 1;
    }
    if (groups->has_high && groups->group > groups->highest) {
        if (swap->a_to_b) stop_at(swap, groups->high_price);
        return 1;
    }
    s64 group = swap->a_to_b ? groups->group : groups->group + 1;
    sqrt_price_at(&edge, clamp_tick(group * (s64)groups->size));
    stop_at(swap, edge);
    return 0;
}

/* The group that a step which skipped groups has come to. */
OUT_OF_LINE void land_in_group(struct swap *swap) {
    struct group_fee *groups = &swap->groups;
    u128 edge = swap->next_price;
    s64 tick = swap->sqrt_price == swap->next_price ? swap->next_tick : tick_at(&swap->sqrt_price);
    s64 group = floor_divide(tick, groups->size);
    if (!swap->a_to_b && group * (s64)groups->size == tick) {
        if (tick != swap->next_tick) sqrt_price_at(&edge, tick);
        if (edge == swap->sqrt_price) group--;
    }
    if (swap->a_to_b ? group < groups->group : group > groups->group) {
        groups->group = group;
        set_volatility(groups);
    }
}

OUT_OF_LINE void end_step(struct swap *swap, u64 skipped) {
    if (!swap->groups.oracle) return;
    if (skipped) land_in_group(swap);
    swap->groups.group += swap->a_to_b ? -1 : 1;
}

/* The volatility that the next swap decays, and whether this one moved the price far. */
OUT_OF_LINE void end_groups(struct swap *swap, u128 before) {
    u8 *oracle = swap->groups.oracle;
    struct wide factor, low, target, high;
    u128 price;
    if (!oracle) return;
    write_u32(oracle + ORACLE_VOLATILITY, swap->groups.volatility);
    sqrt_price_at(&price, read_u16(oracle + ORACLE_MAJOR_TICKS));
    wide_set_u128(&factor, price);
    wide_set_u128(&low, before < swap->sqrt_price ? before : swap->sqrt_price);
    wide_set_u128(&high, before < swap->sqrt_price ? swap->sqrt_price : before);
    wide_multiply(&target, &low, &factor);
    wide_shift_right(&target, LIMBS_64);
    if (wide_compare(&high, &target) != WIDE_LESS) write_u64(oracle + ORACLE_MAJOR_SWAP, swap->now);
}
