/* Tick arrays: which of those that were passed a swap walks through, the search for the next tick, and crossing it
 * (whirlpools util/sparse_swap.rs, util/swap_tick_sequence.rs, manager/tick_manager.rs). */
#pragma once

#include "whirlpool_price.h"

static const char ARRAY_SEED[] = "tick_array";

INLINE u64 is_empty_system_account(const struct account *account) {
    const u8 *owner = account->owner;
    return account->data_length == 0 &&
           !(read_u64(owner) | read_u64(owner + 8) | read_u64(owner + 16) | read_u64(owner + 24));
}

/* An array of the pool, or an empty account that may be the address of one. */
OUT_OF_LINE u64 check_array(const struct account *account, const struct invocation *call, const u8 *pool_key) {
    if (is_empty_system_account(account)) return 0;
    if (!same_key(account->owner, call->program_id)) return RAISE(WRONG_PROGRAM_OWNER);
    u64 discriminator = account->data_length >= DYNAMIC_TICKS ? read_u64(account->data) : 0;
    u64 is_fixed = discriminator == FIXED_ARRAY_DISCRIMINATOR && account->data_length == FIXED_LENGTH;
    if (!is_fixed && discriminator != DYNAMIC_ARRAY_DISCRIMINATOR) return RAISE(DISCRIMINATOR_MISMATCH);
    const u8 *owner = account->data + (is_fixed ? FIXED_POOL : DYNAMIC_POOL);
    return same_key(owner, pool_key) ? 0 : RAISE(ARRAY_OF_ANOTHER_POOL);
}

/* Writes a number in decimal from the end of `text` (8 bytes) backwards; returns where it begins. */
INLINE u64 decimal(u8 *text, s64 number) {
    u64 rest = number < 0 ? (u64)-number : (u64)number;
    u64 at = 8;
    do {
        text[--at] = (u8)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (number < 0) text[--at] = '-';
    return at;
}

OUT_OF_LINE u64 array_address(u8 *address, const struct invocation *call, const u8 *pool_key, s64 start) {
    u8 text[8], bump;
    u64 at = decimal(text, start);
    struct seed seeds[3] = {
        {(const u8 *)ARRAY_SEED, sizeof(ARRAY_SEED) - 1},
        {pool_key, 32},
        {text + at, 8 - at},
    };
    return sol_try_find_program_address(seeds, 3, call->program_id, address, &bump);
}

/* The account at one of `indices` that is the array at `start`; 0 when it was not passed. */
OUT_OF_LINE const struct account *find_array(const struct invocation *call, const u8 *pool_key, const u8 *indices,
                                             s64 start) {
    u8 address[32];
    u64 is_derived = 0;
    for (u64 i = 1; i <= indices[0]; i++) {
        const struct account *account = &call->accounts[indices[i]];
        if (account->data_length && read_s32(account->data + ARRAY_START) == start) return account;
    }
    for (u64 i = 1; i <= indices[0]; i++) {
        const struct account *account = &call->accounts[indices[i]];
        if (account->data_length) continue;
        if (!is_derived) panic_unless(array_address(address, call, pool_key, start) == 0);
        is_derived = 1;
        if (same_key(account->key, address)) return account;
    }
    return 0;
}

/* `indices` are a count and as many positions of accounts; their order does not matter. */
OUT_OF_LINE u64 set_sequence(struct swap *swap, const struct invocation *call, const u8 *pool_key,
                             const u8 *indices) {
    s64 width = (s64)(ARRAY_TICKS * swap->spacing);
    s64 start = floor_divide(swap->tick, (u64)width) * width;
    for (u64 i = 1; i <= indices[0]; i++) TRY(check_array(&call->accounts[indices[i]], call, pool_key));
    if (!swap->a_to_b && swap->tick + (s64)swap->spacing >= start + width) start += width;
    swap->array_count = 0;
    for (u64 i = 0; i < ARRAYS_OF_A_SWAP; i++, start += swap->a_to_b ? -width : width) {
        if (start + width <= MIN_TICK || start >= MAX_TICK) continue;
        const struct account *account = find_array(call, pool_key, indices, start);
        if (!account) break;
        swap->arrays[swap->array_count].start = start;
        swap->arrays[swap->array_count].data = account->data_length ? account->data : 0;
        swap->array_count++;
    }
    swap->array = 0;
    return swap->array_count ? 0 : RAISE(INVALID_TICK_ARRAY_SEQUENCE);
}

/* Bits of the ticks that a dynamic array has initialized, below tick `below`. */
INLINE u64 ticks_below(const u8 *data, u64 below) {
    u64 count = 0;
    for (u64 half = 0; half < 2; half++) {
        u64 bits = read_u64(data + DYNAMIC_BITMAP + 8 * half);
        u64 wanted = below > 64 * half ? below - 64 * half : 0;
        if (wanted < 64) bits &= (1ULL << wanted) - 1;
        for (; bits; bits &= bits - 1) count++;
    }
    return count;
}

/* The initialized tick at a position of an array; 0 when there is none. */
OUT_OF_LINE u8 *tick_data(u8 *data, u64 position) {
    if (!data) return 0;
    if (read_u64(data) == FIXED_ARRAY_DISCRIMINATOR) {
        u8 *tick = data + FIXED_TICKS + TICK_LENGTH * position;
        return tick[0] ? tick : 0;
    }
    u64 bits = read_u64(data + DYNAMIC_BITMAP + 8 * (position >> 6));
    if (!(bits >> (position & 63) & 1)) return 0;
    return data + DYNAMIC_TICKS + position + (TICK_LENGTH - 1) * ticks_below(data, position);
}

/* Downwards a search begins with the current tick itself, upwards behind it. */
INLINE u8 *search_array(struct swap *swap, const struct tick_array *array, s64 from, s64 *position) {
    s64 at = floor_divide(from - array->start, swap->spacing);
    if (!swap->a_to_b) at++;
    for (; at >= 0 && at < ARRAY_TICKS; at += swap->a_to_b ? -1 : 1) {
        u8 *data = tick_data(array->data, (u64)at);
        if (!data) continue;
        *position = at;
        return data;
    }
    return 0;
}

/* Where the last array ends, or the range of prices does. */
INLINE s64 edge_of(const struct swap *swap, const struct tick_array *array) {
    s64 last = array->start + (s64)(ARRAY_TICKS * swap->spacing) - 1;
    if (swap->a_to_b) return array->start < MIN_TICK ? MIN_TICK : array->start;
    return last > MAX_TICK ? MAX_TICK : last;
}

/* next_tick, next_data and next_price: what the price moves towards. */
OUT_OF_LINE u64 find_next_tick(struct swap *swap) {
    s64 from = swap->tick, position = 0;
    if (swap->array >= swap->array_count) return RAISE(SEQUENCE_INVALID_INDEX);
    for (u64 index = swap->array; index < swap->array_count; index++) {
        const struct tick_array *array = &swap->arrays[index];
        swap->next_array = index;
        swap->next_data = search_array(swap, array, from, &position);
        if (swap->next_data) {
            swap->next_tick = array->start + position * (s64)swap->spacing;
            break;
        }
        swap->next_tick = edge_of(swap, array);
        s64 width = (s64)(ARRAY_TICKS * swap->spacing);
        from = swap->a_to_b ? array->start - 1 : array->start + width - 1;
    }
    sqrt_price_at(&swap->next_price, swap->next_tick);
    return 0;
}

OUT_OF_LINE u64 change_liquidity(struct swap *swap, u128 net) {
    u64 is_negative = (u64)(net >> 127);
    u128 magnitude = is_negative ? -net : net;
    if (is_negative == swap->a_to_b) {
        swap->liquidity += magnitude;
        return swap->liquidity < magnitude ? RAISE(LIQUIDITY_OVERFLOW) : 0;
    }
    if (swap->liquidity < magnitude) return RAISE(LIQUIDITY_UNDERFLOW);
    swap->liquidity -= magnitude;
    return 0;
}

INLINE void turn_outside(u8 *outside, u128 global) { write_u128(outside, global - read_u128(outside)); }

/* What was earned on the other side of a tick is counted from the side that the price comes to. */
OUT_OF_LINE void turn_tick(struct swap *swap, u8 *tick) {
    for (u64 side = 0; side < 2; side++) {
        u64 is_input = side == 1 - swap->a_to_b;
        u128 global = read_u128(swap->pool + POOL_MINT_A + (POOL_MINT_B - POOL_MINT_A) * side + POOL_FEE_GROWTH);
        turn_outside(tick + TICK_FEES_OUTSIDE + 16 * side, is_input ? swap->fee_growth : global);
    }
    for (u64 i = 0; i < REWARD_COUNT; i++) {
        const u8 *mint = swap->pool + POOL_REWARDS + REWARD_LENGTH * i;
        if (!(read_u64(mint) | read_u64(mint + 8) | read_u64(mint + 16) | read_u64(mint + 24))) continue;
        turn_outside(tick + TICK_REWARDS_OUTSIDE + 16 * i, swap->reward_growth[i]);
    }
}

/* The price has come to next_tick. */
OUT_OF_LINE u64 cross_tick(struct swap *swap) {
    const struct tick_array *array = &swap->arrays[swap->next_array];
    s64 position = floor_divide(swap->next_tick - array->start, swap->spacing);
    if (swap->next_data) {
        TRY(change_liquidity(swap, read_u128(swap->next_data + TICK_NET)));
        turn_tick(swap, swap->next_data);
    }
    swap->array = swap->next_array + (position == (swap->a_to_b ? 0 : ARRAY_TICKS - 1));
    swap->tick = swap->a_to_b ? swap->next_tick - 1 : swap->next_tick;
    swap->tick_is_known = 1;
    return 0;
}
