/* Concentrated liquidity over one price range (damm-v2 curve.rs, liquidity_handler/concentrated_liquidity.rs).
 *
 * Liquidity and square root of price are Q64.64. With L, s (before), n (after), x in, o out:
 *   a -> b, exact in   n = ceil(L s / (L + x s))    o = floor(L (s - n) / 2^128)
 *   b -> a, exact in   n = s + floor(x 2^128 / L)   o = floor(L (n - s) / (s n))
 *   a -> b, exact out  n = s - ceil(o 2^128 / L)    x = ceil(L (s - n) / (s n))
 *   b -> a, exact out  n = ceil(L s / (L - o s))    x = ceil(L (n - s) / 2^128)
 */
#pragma once

#include "damm_v2_pool.h"

/* Amount of token b between two prices, low <= high; 6000 when wider than 64 bits. */
OUT_OF_LINE u64 delta_b(u64 *amount, const struct swap *swap, const struct wide *low, const struct wide *high,
                        u64 rounding) {
    struct wide difference, product, one;
    wide_subtract(&difference, high, low);
    wide_multiply(&product, &swap->liquidity, &difference);
    if (wide_shift_right(&product, LIMBS_128) && rounding == ROUND_UP) {
        wide_set(&one, 1);
        wide_add(&product, &product, &one);
    }
    if (!wide_to_u64(amount, &product)) return RAISE(MATH_OVERFLOW);
    return 0;
}

/* Amount of token a between two prices, low <= high; 6000 when wider than 64 bits. */
OUT_OF_LINE u64 delta_a(u64 *amount, const struct swap *swap, const struct wide *low, const struct wide *high,
                        u64 rounding) {
    struct wide difference, product, result;
    wide_subtract(&difference, high, low);
    wide_multiply(&product, low, high);
    wide_mul_div(&result, &swap->liquidity, &difference, &product, rounding);
    if (!wide_to_u64(amount, &result)) return RAISE(MATH_OVERFLOW);
    return 0;
}

/* ceil(L s / (L + x s)), or with a minus sign when token a leaves the pool. */
OUT_OF_LINE u64 price_after_token_a(struct swap *swap, u64 amount, u64 leaves) {
    struct wide quantity, product, divisor;
    wide_set(&quantity, amount);
    wide_multiply(&product, &quantity, &swap->sqrt_price);
    if (leaves) {
        if (wide_compare(&swap->liquidity, &product) != WIDE_GREATER) return RAISE(MATH_OVERFLOW);
        wide_subtract(&divisor, &swap->liquidity, &product);
    } else {
        wide_add(&divisor, &swap->liquidity, &product);
    }
    wide_mul_div(&swap->next_sqrt_price, &swap->liquidity, &swap->sqrt_price, &divisor, ROUND_UP);
    return 0;
}

/* s + floor(x 2^128 / L), or s - ceil(x 2^128 / L) when token b leaves the pool. */
OUT_OF_LINE u64 price_after_token_b(struct swap *swap, u64 amount, u64 leaves) {
    struct wide quantity, step, one;
    wide_set(&quantity, amount);
    wide_shift_left(&quantity, LIMBS_128);
    u64 remainder = wide_divide(&step, &quantity, &swap->liquidity);
    if (!leaves) {
        wide_add(&swap->next_sqrt_price, &swap->sqrt_price, &step);
        return 0;
    }
    wide_set(&one, remainder);
    wide_add(&step, &step, &one);
    if (wide_compare(&step, &swap->sqrt_price) == WIDE_GREATER) return RAISE(MATH_OVERFLOW);
    wide_subtract(&swap->next_sqrt_price, &swap->sqrt_price, &step);
    return 0;
}

/* A price past either end of the range, or past 128 bits, is refused. */
OUT_OF_LINE u64 check_price_range(const struct swap *swap) {
    struct wide limit;
    if (swap->next_sqrt_price.count > LIMBS_128) return RAISE(TYPE_CAST_FAILED);
    if (swap->input_side == TOKEN_A) {
        wide_load(&limit, swap->pool + POOL_SQRT_MIN_PRICE, LIMBS_128);
        if (wide_compare(&swap->next_sqrt_price, &limit) == WIDE_LESS) return RAISE(PRICE_RANGE_VIOLATION);
    } else {
        wide_load(&limit, swap->pool + POOL_SQRT_MAX_PRICE, LIMBS_128);
        if (wide_compare(&swap->next_sqrt_price, &limit) == WIDE_GREATER) return RAISE(PRICE_RANGE_VIOLATION);
    }
    return 0;
}

/* The output that the move to next_sqrt_price frees. */
INLINE u64 output_of_move(struct swap *swap) {
    if (swap->input_side == TOKEN_A) {
        return delta_b(&swap->curve_out, swap, &swap->next_sqrt_price, &swap->sqrt_price, ROUND_DOWN);
    }
    return delta_a(&swap->curve_out, swap, &swap->sqrt_price, &swap->next_sqrt_price, ROUND_DOWN);
}

INLINE u64 price_after_input(struct swap *swap) {
    if (swap->input_side == TOKEN_A) return price_after_token_a(swap, swap->curve_in, 0);
    return price_after_token_b(swap, swap->curve_in, 0);
}

/* curve_out and the next price from curve_in. */
OUT_OF_LINE u64 move_by_input(struct swap *swap) {
    TRY(price_after_input(swap));
    TRY(check_price_range(swap));
    return output_of_move(swap);
}

/* curve_in and the next price from curve_out. */
OUT_OF_LINE u64 move_by_output(struct swap *swap) {
    if (swap->input_side == TOKEN_A) {
        TRY(price_after_token_b(swap, swap->curve_out, 1));
        TRY(check_price_range(swap));
        return delta_a(&swap->curve_in, swap, &swap->next_sqrt_price, &swap->sqrt_price, ROUND_UP);
    }
    TRY(price_after_token_a(swap, swap->curve_out, 1));
    TRY(check_price_range(swap));
    return delta_b(&swap->curve_in, swap, &swap->sqrt_price, &swap->next_sqrt_price, ROUND_UP);
}

/* As move_by_input, but the price stops at the end of the range; curve_in becomes what was used. */
OUT_OF_LINE u64 move_by_input_to_limit(struct swap *swap) {
    struct wide limit;
    u64 room;
    if (swap->input_side == TOKEN_A) {
        wide_load(&limit, swap->pool + POOL_SQRT_MIN_PRICE, LIMBS_128);
        TRY(delta_a(&room, swap, &limit, &swap->sqrt_price, ROUND_UP));
    } else {
        wide_load(&limit, swap->pool + POOL_SQRT_MAX_PRICE, LIMBS_128);
        TRY(delta_b(&room, swap, &swap->sqrt_price, &limit, ROUND_UP));
    }
    if (swap->curve_in >= room) {
        swap->curve_in = room;
        wide_copy(&swap->next_sqrt_price, &limit);
    } else {
        TRY(price_after_input(swap));
    }
    return output_of_move(swap);
}
