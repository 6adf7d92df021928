/* One step of a swap: within one liquidity, towards one price, at one fee rate (whirlpools math/swap_math.rs,
 * math/token_math.rs). With L, s (before), t (target or after):
 *   a between two prices   L (h - l) 2^64 / (h l)      b between two prices   L (h - l) / 2^64
 *   a fixed                t = ceil(L s 2^64 / (L 2^64 + x s)), minus for an output
 *   b fixed                t = s + floor(x 2^64 / L), or s - ceil(x 2^64 / L) for an output
 */
#pragma once

#include "whirlpool_price.h"

struct amount {
    u64 value;
    u64 is_too_wide;
};

INLINE void set_span(struct swap *swap, u128 other) {
    swap->low = swap->a_to_b ? other : swap->sqrt_price;
    swap->high = swap->a_to_b ? swap->sqrt_price : other;
}

INLINE void round_wide(struct wide *value, u64 is_inexact, u64 rounding) {
    struct wide one;
    if (!is_inexact || rounding != ROUND_UP) return;
    wide_set(&one, 1);
    wide_add(value, value, &one);
}

OUT_OF_LINE void liquidity_times_span(struct wide *product, const struct swap *swap) {
    struct wide liquidity, span;
    wide_set_u128(&liquidity, swap->liquidity);
    wide_set_u128(&span, swap->high - swap->low);
    wide_multiply(product, &liquidity, &span);
}

OUT_OF_LINE u64 delta_a(struct amount *amount, const struct swap *swap, u64 rounding) {
    struct wide product, low, high, divisor, quotient;
    liquidity_times_span(&product, swap);
    if (product.count > 6) return RAISE(MULTIPLICATION_OVERFLOW);
    wide_shift_left(&product, LIMBS_64);
    wide_set_u128(&low, swap->low);
    wide_set_u128(&high, swap->high);
    wide_multiply(&divisor, &low, &high);
    round_wide(&quotient, wide_divide(&quotient, &product, &divisor), rounding);
    amount->is_too_wide = !wide_to_u64(&amount->value, &quotient);
    return 0;
}

OUT_OF_LINE u64 delta_b(struct amount *amount, const struct swap *swap, u64 rounding) {
    struct wide product;
    liquidity_times_span(&product, swap);
    amount->is_too_wide = product.count > LIMBS_128;
    if (amount->is_too_wide) return 0;
    round_wide(&product, wide_shift_right(&product, LIMBS_64), rounding);
    amount->is_too_wide = !wide_to_u64(&amount->value, &product);
    return 0;
}

INLINE u64 delta(struct amount *amount, const struct swap *swap, u64 of_a, u64 rounding) {
    return of_a ? delta_a(amount, swap, rounding) : delta_b(amount, swap, rounding);
}

OUT_OF_LINE u64 require_narrow(const struct amount *amount, u64 of_a) {
    if (!amount->is_too_wide) return 0;
    return of_a ? RAISE(TOKEN_MAX_EXCEEDED) : RAISE(SHIFT_RIGHT_OVERFLOW);
}

OUT_OF_LINE u64 move_by_a(struct swap *swap, u64 amount) {
    struct wide liquidity, price, quantity, product, divisor;
    if (amount == 0) {
        swap->reached = swap->sqrt_price;
        return 0;
    }
    wide_set_u128(&liquidity, swap->liquidity);
    wide_set_u128(&price, swap->sqrt_price);
    wide_set(&quantity, amount);
    wide_multiply(&product, &price, &quantity);
    wide_multiply(&quantity, &liquidity, &price);
    if (quantity.count > 6) return RAISE(MULTIPLICATION_OVERFLOW);
    wide_shift_left(&quantity, LIMBS_64);
    wide_shift_left(&liquidity, LIMBS_64);
    if (swap->exact_in) {
        wide_add(&divisor, &liquidity, &product);
    } else {
        if (wide_compare(&liquidity, &product) != WIDE_GREATER) return RAISE(DIVIDE_BY_ZERO);
        wide_subtract(&divisor, &liquidity, &product);
    }
    round_wide(&price, wide_divide(&price, &quantity, &divisor), ROUND_UP);
    if (!wide_to_u128(&swap->reached, &price)) return RAISE(NUMBER_DOWN_CAST);
    if (swap->reached < MIN_SQRT_PRICE) return RAISE(TOKEN_MIN_SUBCEEDED);
    return swap->reached > MAX_SQRT_PRICE ? RAISE(TOKEN_MAX_EXCEEDED) : 0;
}

OUT_OF_LINE u64 move_by_b(struct swap *swap, u64 amount) {
    struct wide quantity, liquidity, quotient;
    u128 step;
    if (swap->liquidity == 0) return RAISE(DIVIDE_BY_ZERO);
    wide_set(&quantity, amount);
    wide_shift_left(&quantity, LIMBS_64);
    wide_set_u128(&liquidity, swap->liquidity);
    round_wide(&quotient, wide_divide(&quotient, &quantity, &liquidity), swap->exact_in ? ROUND_DOWN : ROUND_UP);
    panic_unless(wide_to_u128(&step, &quotient));
    swap->reached = swap->exact_in ? swap->sqrt_price + step : swap->sqrt_price - step;
    u64 wrapped = swap->exact_in ? swap->reached < step : step > swap->sqrt_price;
    return wrapped ? RAISE(SQRT_PRICE_OUT_OF_BOUNDS) : 0;
}

/* amount * numerator / denominator of numbers that are below 2^20, but for the amount. */
OUT_OF_LINE u64 share(u64 *out, u64 amount, u64 numerator, u64 denominator, u64 rounding) {
    if (!(amount >> 43)) {
        u64 product = amount * numerator;
        *out = rounding == ROUND_UP ? (product + denominator - 1) / denominator : product / denominator;
        return 0;
    }
    return mul_div(out, amount, numerator, denominator, rounding) ? 0 : RAISE(NUMBER_DOWN_CAST);
}

/* From `left`, `target` and the rate to `reached` and what the step moves. */
OUT_OF_LINE u64 compute_step(struct swap *swap, u64 rate) {
    struct amount fixed, other;
    u64 fixed_is_a = swap->a_to_b == swap->exact_in;
    u64 usable = swap->left;
    set_span(swap, swap->target);
    TRY(delta(&fixed, swap, fixed_is_a, swap->exact_in));
    if (swap->exact_in) TRY(share(&usable, swap->left, RATE_DENOMINATOR - rate, RATE_DENOMINATOR, ROUND_DOWN));
    if (!fixed.is_too_wide && usable >= fixed.value) {
        swap->reached = swap->target;
    } else {
        TRY(fixed_is_a ? move_by_a(swap, usable) : move_by_b(swap, usable));
        set_span(swap, swap->reached);
        if (swap->reached != swap->target || fixed.is_too_wide) TRY(delta(&fixed, swap, fixed_is_a, swap->exact_in));
    }
    TRY(delta(&other, swap, !fixed_is_a, !swap->exact_in));
    TRY(require_narrow(&other, !fixed_is_a));
    TRY(require_narrow(&fixed, fixed_is_a));
    if (!swap->exact_in && fixed.value > swap->left) fixed.value = swap->left;
    swap->step_in = swap->exact_in ? fixed.value : other.value;
    swap->step_out = swap->exact_in ? other.value : fixed.value;
    if (swap->exact_in && swap->reached != swap->target) {
        swap->step_fee = swap->left - swap->step_in;
        return 0;
    }
    return share(&swap->step_fee, swap->step_in, rate, RATE_DENOMINATOR - rate, ROUND_UP);
}
