/* Amounts and prices within one step (raydium-clmm libraries/liquidity_math.rs, sqrt_price_math.rs, swap_math.rs). */
#pragma once

#include "clmm_tick_math.h"

/* One step of a swap: to `target`, or as far as the amount goes. */
struct step {
    u128 target, next;
    u64 amount_in, amount_out, fee;
};

/* Liquidity between two prices. */
struct range {
    u128 low, high, liquidity;
};

/* Token 0 that a range holds; 0 when that is more than 64 bits. */
OUT_OF_LINE u64 amount_0(u64 *amount, const struct range *range, u64 rounding) {
    struct wide a, b, difference, numerator, denominator, result;
    wide_set_u128(&a, range->liquidity);
    wide_shift_left(&a, 2);
    wide_set_u128(&difference, range->high - range->low);
    wide_multiply(&numerator, &a, &difference);
    wide_set_u128(&a, range->low);
    wide_set_u128(&b, range->high);
    wide_multiply(&denominator, &a, &b);
    if (wide_divide(&result, &numerator, &denominator) && rounding == ROUND_UP) {
        wide_set(&a, 1);
        wide_add(&result, &result, &a);
    }
    return wide_to_u64(amount, &result);
}

/* Token 1 that a range holds; 0 when that is more than 64 bits. */
OUT_OF_LINE u64 amount_1(u64 *amount, const struct range *range, u64 rounding) {
    struct wide a, b, result;
    wide_set_u128(&a, range->liquidity);
    wide_set_u128(&b, range->high - range->low);
    wide_multiply(&result, &a, &b);
    if (wide_shift_right(&result, 2) && rounding == ROUND_UP) {
        wide_set(&a, 1);
        wide_add(&result, &result, &a);
    }
    return wide_to_u64(amount, &result);
}

INLINE void range_to(struct range *range, const struct swap *swap, u128 price) {
    range->low = swap->falling ? price : swap->price;
    range->high = swap->falling ? swap->price : price;
    range->liquidity = swap->liquidity;
}

/* What the move to `price` takes in (rounded up), or gives out (rounded down); 0 past 64 bits. */
OUT_OF_LINE u64 input_to(const struct swap *swap, u128 price, u64 *amount) {
    struct range range;
    range_to(&range, swap, price);
    return swap->falling ? amount_0(amount, &range, ROUND_UP) : amount_1(amount, &range, ROUND_UP);
}

OUT_OF_LINE u64 output_to(const struct swap *swap, u128 price, u64 *amount) {
    struct range range;
    range_to(&range, swap, price);
    return swap->falling ? amount_1(amount, &range, ROUND_DOWN) : amount_0(amount, &range, ROUND_DOWN);
}

/* (L * 2^64) * price / (L * 2^64 +- amount * price), rounded up: the price after token 0 came in or went out. */
OUT_OF_LINE void price_after_0(const struct swap *swap, u64 amount, u64 comes_in, u128 *next) {
    struct wide liquidity, price, product, divisor, result, part;
    wide_set_u128(&liquidity, swap->liquidity);
    wide_shift_left(&liquidity, 2);
    wide_set_u128(&price, swap->price);
    wide_set(&part, amount);
    wide_multiply(&product, &part, &price);
    if (comes_in) {
        wide_add(&divisor, &liquidity, &product);
    } else {
        wide_subtract(&divisor, &liquidity, &product);
    }
    wide_mul_div(&result, &liquidity, &price, &divisor, ROUND_UP);
    panic_unless(wide_store((u8 *)next, LIMBS_128, &result));
}

/* amount * 2^64 / L: how far the price goes when token 1 comes in (rounded down) or goes out (rounded up). */
OUT_OF_LINE void price_change_1(const struct swap *swap, u64 amount, u64 rounding, u128 *change) {
    struct wide part, one, liquidity, result;
    wide_set(&part, amount);
    wide_shift_left(&part, 2);
    wide_set(&one, 1);
    wide_set_u128(&liquidity, swap->liquidity);
    wide_mul_div(&result, &part, &one, &liquidity, rounding);
    panic_unless(wide_store((u8 *)change, LIMBS_128, &result));
}

OUT_OF_LINE void price_after_input(const struct swap *swap, u64 amount, u128 *next) {
    u128 change;
    panic_unless(swap->liquidity != 0);
    *next = swap->price;
    if (amount == 0) return;
    if (swap->falling) {
        price_after_0(swap, amount, 1, next);
    } else {
        price_change_1(swap, amount, ROUND_DOWN, &change);
        *next += change;
    }
}

OUT_OF_LINE void price_after_output(const struct swap *swap, u64 amount, u128 *next) {
    u128 change;
    panic_unless(swap->liquidity != 0);
    if (swap->falling) {
        price_change_1(swap, amount, ROUND_UP, &change);
        panic_unless(change < swap->price);
        *next = swap->price - change;
    } else {
        price_after_0(swap, amount, 0, next);
    }
}

INLINE u64 part_of(u64 amount, u64 numerator, u64 denominator, u64 rounding) {
    u64 part;
    panic_unless(mul_div(&part, amount, numerator, denominator, rounding));
    return part;
}

/* How far the price goes, and the amount of the asked side where it reaches the target. */
INLINE void move_price(const struct swap *swap, struct step *step) {
    u64 fits, left;
    /* An amount past 64 bits counts as none, also where rounding carries the price to the target all the same. */
    step->amount_in = 0;
    step->amount_out = 0;
    if (swap->is_base_input) {
        left = part_of(swap->remaining, FEE_DENOMINATOR - swap->trade_rate, FEE_DENOMINATOR, ROUND_DOWN);
        fits = input_to(swap, step->target, &step->amount_in) && left >= step->amount_in;
        if (!fits) price_after_input(swap, left, &step->next);
    } else {
        left = swap->remaining;
        fits = output_to(swap, step->target, &step->amount_out) && left >= step->amount_out;
        if (!fits) price_after_output(swap, left, &step->next);
    }
    if (fits) step->next = step->target;
}

/* compute_swap_step */
OUT_OF_LINE u64 compute_step(const struct swap *swap, struct step *step) {
    move_price(swap, step);
    u64 reached = step->next == step->target;
    if (!(reached && swap->is_base_input) && !input_to(swap, step->next, &step->amount_in)) {
        return RAISE(MAX_TOKEN_OVERFLOW);
    }
    if (!(reached && !swap->is_base_input) && !output_to(swap, step->next, &step->amount_out)) {
        return RAISE(MAX_TOKEN_OVERFLOW);
    }
    if (!swap->is_base_input && step->amount_out > swap->remaining) step->amount_out = swap->remaining;
    step->fee = swap->is_base_input && !reached
                    ? checked_subtract(swap->remaining, step->amount_in)
                    : part_of(step->amount_in, swap->trade_rate, FEE_DENOMINATOR - swap->trade_rate, ROUND_UP);
    return 0;
}
