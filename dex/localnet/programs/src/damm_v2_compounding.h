/* Constant product over the pool's own count of its tokens (damm-v2 liquidity_handler/compounding_liquidity.rs). */
#pragma once

#include "damm_v2_pool.h"

INLINE u64 token_amount(const struct swap *swap, u64 side) {
    return read_u64(swap->pool + POOL_TOKEN_AMOUNTS + 8 * side);
}

/* out = other * in / (own + in), rounded down. */
OUT_OF_LINE u64 product_by_input(struct swap *swap) {
    u64 own = token_amount(swap, swap->input_side), other = token_amount(swap, 1 - swap->input_side);
    if (own + swap->curve_in < own) return RAISE(MATH_OVERFLOW);
    if (!mul_div(&swap->curve_out, other, swap->curve_in, own + swap->curve_in, ROUND_DOWN)) {
        return RAISE(TYPE_CAST_FAILED);
    }
    return 0;
}

/* in = own * out / (other - out), rounded up. */
OUT_OF_LINE u64 product_by_output(struct swap *swap) {
    u64 own = token_amount(swap, swap->input_side), other = token_amount(swap, 1 - swap->input_side);
    if (swap->curve_out >= other) return RAISE(MATH_OVERFLOW);
    if (!mul_div(&swap->curve_in, own, swap->curve_out, other - swap->curve_out, ROUND_UP)) {
        return RAISE(TYPE_CAST_FAILED);
    }
    return 0;
}

/* The square root of token_b / token_a in Q64.64, of the amounts after the swap. */
OUT_OF_LINE void price_of_amounts(struct swap *swap) {
    struct wide amount, price, ratio;
    wide_set(&amount, token_amount(swap, TOKEN_A));
    wide_set(&price, token_amount(swap, TOKEN_B));
    wide_shift_left(&price, LIMBS_128);
    wide_divide(&ratio, &price, &amount);
    wide_square_root(&swap->next_sqrt_price, &ratio, &swap->sqrt_price);
}
