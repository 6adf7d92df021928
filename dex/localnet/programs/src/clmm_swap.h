/* The walk from tick to tick (raydium-clmm instructions/swap.rs swap_internal, states/tick_array.rs). */
#pragma once

#include "clmm_bitmap.h"
#include "clmm_curve.h"

INLINE u8 *array_data(const struct swap *swap) { return swap->arrays[swap->next_array - 1]->data; }
INLINE int array_start(const struct swap *swap) { return (int)read_u32(array_data(swap) + ARRAY_START); }

INLINE u64 is_initialized(const u8 *tick) { return read_u64(tick + TICK_GROSS) || read_u64(tick + TICK_GROSS + 8); }
INLINE u8 *tick_of(u8 *array, u64 index) { return array + ARRAY_TICKS + TICK_SIZE * index; }

/* The first initialized tick from `index` on, in the swap's direction; 0 when the array has none. */
OUT_OF_LINE u8 *find_tick(const struct swap *swap, u64 index) {
    u8 *array = array_data(swap);
    for (; index < TICKS_PER_ARRAY; index += swap->falling ? -1 : 1) {
        u8 *tick = tick_of(array, index);
        if (is_initialized(tick)) return tick;
    }
    return 0;
}

INLINE u8 *find_first_tick(const struct swap *swap) {
    return find_tick(swap, swap->falling ? TICKS_PER_ARRAY - 1 : 0);
}

/* TickArrayState::next_initialized_tick: 0 too when the current tick lies outside the array. */
INLINE u8 *find_next_tick(const struct swap *swap) {
    int start = array_start(swap);
    if (swap->tick < start || swap->tick >= start + swap->span) return 0;
    u64 index = (u32)(swap->tick - start) / swap->spacing;
    return find_tick(swap, swap->falling ? index : index + 1);
}

/* Steps over passed arrays to the one that begins at `start`. */
OUT_OF_LINE u64 take_array(struct swap *swap, const u8 *pool_key, int start) {
    while (array_start(swap) != start) {
        if (swap->next_array == swap->array_count) return RAISE(NOT_ENOUGH_ARRAYS);
        swap->next_array++;
        if (!same_key(array_data(swap) + ARRAY_POOL, pool_key)) return RAISE(REQUIRE_KEYS_EQ_VIOLATED);
    }
    return 0;
}

OUT_OF_LINE u64 take_first_array(struct swap *swap, const u8 *pool_key, int start) {
    panic_unless(swap->array_count != 0);
    swap->next_array = 1;
    while (array_start(swap) != start && swap->next_array < swap->array_count) swap->next_array++;
    if (!same_key(array_data(swap) + ARRAY_POOL, pool_key)) return RAISE(REQUIRE_KEYS_EQ_VIOLATED);
    return array_start(swap) == start ? 0 : RAISE(INVALID_FIRST_ARRAY);
}

/* The tick that the price comes to next, in this array or the next one that has any. */
OUT_OF_LINE u64 next_tick(struct swap *swap, const u8 *pool_key, int *array, u64 *is_in_first, u8 **found) {
    u64 exists;
    *found = find_next_tick(swap);
    if (*found) return 0;
    if (!*is_in_first) {
        *is_in_first = 1;
    } else {
        TRY(find_next_array(swap, *array, array, &exists));
        if (!exists) return RAISE(LIQUIDITY_INSUFFICIENT);
        TRY(take_array(swap, pool_key, *array * swap->span));
    }
    *found = find_first_tick(swap);
    return *found ? 0 : RAISE(INVALID_TICK_ARRAY);
}

/* Adds a step's fee to what the protocol, the fund and the liquidity get. */
OUT_OF_LINE void share_fee(struct swap *swap, u64 fee) {
    u64 protocol = part_of(fee, swap->protocol_rate, FEE_DENOMINATOR, ROUND_DOWN);
    u64 fund = part_of(fee, swap->fund_rate, FEE_DENOMINATOR, ROUND_DOWN);
    swap->protocol_fees = checked_add(swap->protocol_fees, protocol);
    swap->fund_fees = checked_add(swap->fund_fees, fund);
    if (!swap->liquidity) return;
    u64 rest = checked_subtract(checked_subtract(fee, protocol), fund);
    u128 growth;
    u8 *counter = swap->pool + POOL_FEE_GROWTH + (swap->falling ? 0 : 16);
    price_change_1(swap, rest, ROUND_DOWN, &growth);
    store_u128(counter, load_u128(counter) + growth);
    swap->fees = checked_add(swap->fees, rest);
}

/* Takes the tick's liquidity in or out; the growth of fees on its other side is the rest of all growth. */
OUT_OF_LINE void cross_tick(struct swap *swap, u8 *tick) {
    for (u64 side = 0; side < 32; side += 16) {
        u8 *outside = tick + TICK_FEE_OUTSIDE + side;
        store_u128(outside, load_u128(swap->pool + POOL_FEE_GROWTH + side) - load_u128(outside));
    }
    u128 net = load_u128(tick + TICK_NET);
    u64 is_negative = tick[TICK_NET + 15] >> 7;
    u128 size = is_negative ? -net : net;
    if (is_negative == swap->falling) {
        swap->liquidity += size;
        panic_unless(swap->liquidity >= size);
    } else {
        panic_unless(swap->liquidity >= size);
        swap->liquidity -= size;
    }
}

INLINE void count_amounts(struct swap *swap, const struct step *step) {
    u64 paid = checked_add(step->amount_in, step->fee);
    swap->remaining = checked_subtract(swap->remaining, swap->is_base_input ? paid : step->amount_out);
    swap->calculated = checked_add(swap->calculated, swap->is_base_input ? step->amount_out : paid);
}

OUT_OF_LINE u64 take_step(struct swap *swap, u8 *tick) {
    struct step step;
    u128 edge, begin = swap->price;
    int index = (int)read_u32(tick + TICK_INDEX);
    sqrt_price_at(&edge, index);
    step.target = swap->falling ? (edge < swap->limit ? swap->limit : edge) : (edge > swap->limit ? swap->limit : edge);
    TRY(compute_step(swap, &step));
    count_amounts(swap, &step);
    share_fee(swap, step.fee);
    swap->price = step.next;
    if (step.next == edge) {
        cross_tick(swap, tick);
        swap->tick = swap->falling ? index - 1 : index;
    } else if (step.next != begin) {
        swap->tick = tick_at(step.next);
    }
    return 0;
}

/* The whole walk: price, liquidity, tick and amounts in `swap`, crossed ticks and fee growth in the accounts. */
OUT_OF_LINE u64 walk(struct swap *swap, const u8 *pool_key) {
    int array;
    u64 is_in_first;
    u8 *tick;
    TRY(find_first_array(swap, &array, &is_in_first));
    TRY(take_first_array(swap, pool_key, array * swap->span));
    while (swap->remaining && swap->price != swap->limit) {
        TRY(next_tick(swap, pool_key, &array, &is_in_first, &tick));
        TRY(take_step(swap, tick));
    }
    return 0;
}
