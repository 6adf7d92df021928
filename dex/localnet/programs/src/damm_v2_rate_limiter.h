/* Base fee that grows with the size of a purchase (damm-v2 base_fee/fee_rate_limiter.rs).
 *
 * With reference amount x0, cliff c, increment i, maximum m, and x = x0 + a x0 + b, b < x0, the fee on x is
 *   a < n:  x0 (c + c a + i a (a + 1) / 2) + b (c + i (a + 1))      where n = (m - c) / i
 *   else:   x0 (c + c n + i n (n + 1) / 2) + ((a - n) x0 + b) m
 */
#pragma once

#include "damm_v2_pool.h"

enum { FEE_INCLUDED, FEE_EXCLUDED };

struct limiter {
    u64 cliff, increment, maximum, reference, steps;
};

OUT_OF_LINE u64 is_limiter_applied(const struct swap *swap) {
    const u8 *pool = swap->pool;
    u64 activation = read_u64(pool + POOL_ACTIVATION_POINT);
    if (swap->input_side == TOKEN_A || swap->point < activation) return 0;
    if (swap->point - activation > read_u32(pool + POOL_LIMITER_DURATION)) return 0;
    return read_u64(pool + POOL_REFERENCE_AMOUNT) || read_u32(pool + POOL_LIMITER_DURATION) ||
           read_u32(pool + POOL_MAX_FEE_BPS) || read_u16(pool + POOL_FEE_INCREMENT_BPS);
}

OUT_OF_LINE u64 read_limiter(struct limiter *limiter, const u8 *pool) {
    limiter->cliff = read_u64(pool + POOL_CLIFF_FEE);
    limiter->increment = read_u16(pool + POOL_FEE_INCREMENT_BPS) * (FEE_DENOMINATOR / BASIS_POINTS);
    limiter->maximum = read_u32(pool + POOL_MAX_FEE_BPS) * (FEE_DENOMINATOR / BASIS_POINTS);
    limiter->reference = read_u64(pool + POOL_REFERENCE_AMOUNT);
    if (limiter->increment == 0 || limiter->reference == 0 || limiter->maximum < limiter->cliff) {
        return RAISE(MATH_OVERFLOW);
    }
    limiter->steps = (limiter->maximum - limiter->cliff) / limiter->increment;
    return 0;
}

INLINE void add_product(struct wide *sum, u64 a, u64 b) {
    struct wide left, right, product;
    wide_set(&left, a);
    wide_set(&right, b);
    wide_multiply(&product, &left, &right);
    wide_add(sum, sum, &product);
}

/* reference * (cliff + cliff * full + increment * full * (full + 1) / 2) */
OUT_OF_LINE void fee_of_full_steps(struct wide *fee, const struct limiter *limiter, u64 full) {
    struct wide rate, triangle, increment, product;
    wide_set(&triangle, 0);
    add_product(&triangle, full, full);
    wide_set(&product, full);
    wide_add(&triangle, &triangle, &product);
    wide_set(&increment, limiter->increment);
    wide_multiply(&product, &triangle, &increment);
    wide_set(&increment, 2);
    wide_divide(&rate, &product, &increment);
    add_product(&rate, limiter->cliff, full);
    add_product(&rate, limiter->cliff, 1);
    wide_set(&product, limiter->reference);
    wide_multiply(fee, &rate, &product);
}

/* The rate for a purchase of `amount`, fee included. */
OUT_OF_LINE u64 limiter_rate(u64 *rate, const struct limiter *limiter, u64 amount) {
    *rate = limiter->cliff;
    if (amount <= limiter->reference) return 0;
    u64 full = (amount - limiter->reference) / limiter->reference;
    u64 rest = (amount - limiter->reference) % limiter->reference;
    struct wide fee, one, scale, units;
    if (full < limiter->steps) {
        fee_of_full_steps(&fee, limiter, full);
        add_product(&fee, rest, limiter->cliff + limiter->increment * (full + 1));
    } else {
        fee_of_full_steps(&fee, limiter, limiter->steps);
        add_product(&fee, (full - limiter->steps) * limiter->reference + rest, limiter->maximum);
    }
    wide_set(&one, 1);
    wide_set(&scale, FEE_DENOMINATOR);
    wide_mul_div(&units, &fee, &one, &scale, ROUND_UP);
    u64 charged;
    if (!wide_to_u64(&charged, &units)) return RAISE(TYPE_CAST_FAILED);
    return mul_div(rate, charged, FEE_DENOMINATOR, amount, ROUND_UP) ? 0 : RAISE(TYPE_CAST_FAILED);
}

/* *net = what the limiter leaves of `amount`. */
OUT_OF_LINE u64 limiter_net(u64 *net, const struct limiter *limiter, u64 amount) {
    u64 rate, fee;
    TRY(limiter_rate(&rate, limiter, amount));
    if (!mul_div(&fee, amount, rate, FEE_DENOMINATOR, ROUND_UP)) return RAISE(TYPE_CAST_FAILED);
    *net = checked_subtract(amount, fee);
    return 0;
}

/* The purchase of whole steps whose net is at most `net`: the smaller root of i x^2 - y x + 2 net d x0 = 0 with
 * y = x0 (2 d + i - 2 c), d = 1e9. */
OUT_OF_LINE u64 whole_steps_below(u64 *amount, const struct limiter *limiter, u64 net) {
    struct wide y, square, term, factor, root;
    wide_set(&y, 0);
    add_product(&y, limiter->reference, 2 * FEE_DENOMINATOR + limiter->increment - 2 * limiter->cliff);
    wide_multiply(&square, &y, &y);
    wide_set(&root, 0);
    add_product(&root, net, limiter->reference);
    wide_set(&factor, 8 * FEE_DENOMINATOR * limiter->increment);
    wide_multiply(&term, &root, &factor);
    wide_subtract(&square, &square, &term);
    if (square.count) {
        wide_square_root(&root, &square, &y);
    } else {
        wide_set(&root, 0);
    }
    wide_subtract(&y, &y, &root);
    wide_set(&factor, 2 * limiter->increment);
    wide_divide(&term, &y, &factor);
    return wide_to_u64(amount, &term) ? 0 : RAISE(TYPE_CAST_FAILED);
}

/* *gross = amount + what is needed at `rate` to net the rest. */
INLINE u64 add_rest(u64 *gross, u64 amount, u64 rest, u64 rate) {
    u64 more;
    if (rate >= FEE_DENOMINATOR) return RAISE(MATH_OVERFLOW);
    if (!mul_div(&more, rest, FEE_DENOMINATOR, FEE_DENOMINATOR - rate, ROUND_UP)) return RAISE(TYPE_CAST_FAILED);
    if (amount + more < amount) return RAISE(MATH_OVERFLOW);
    *gross = amount + more;
    return 0;
}

/* *gross = the purchase, fee included, that nets `net`; more than the reference amount nets. */
OUT_OF_LINE u64 limiter_gross(u64 *gross, const struct limiter *limiter, u64 net) {
    u64 last_step, last_net, amount, amount_net;
    u64 fits = mul_div(&last_step, limiter->steps + 1, limiter->reference, 1, ROUND_DOWN);
    if (!fits) last_step = ~0ULL;
    TRY(limiter_net(&last_net, limiter, last_step));
    *gross = last_step;
    if (net == last_net) return 0;
    if (net > last_net) {
        if (!fits) return RAISE(MATH_OVERFLOW);
        return add_rest(gross, last_step, net - last_net, limiter->maximum);
    }
    TRY(whole_steps_below(&amount, limiter, net));
    TRY(limiter_net(&amount_net, limiter, amount));
    if (net < amount_net) return RAISE(MATH_OVERFLOW);
    u64 next_rate = limiter->cliff + limiter->increment * (amount / limiter->reference);
    return add_rest(gross, amount, net - amount_net, next_rate);
}

OUT_OF_LINE u64 rate_limiter_fee(u64 *fee, const struct swap *swap, u64 amount, u64 amount_kind) {
    struct limiter limiter;
    u64 reference_net, gross;
    *fee = read_u64(swap->pool + POOL_CLIFF_FEE);
    if (!is_limiter_applied(swap)) return 0;
    TRY(read_limiter(&limiter, swap->pool));
    if (amount_kind == FEE_INCLUDED) return limiter_rate(fee, &limiter, amount);
    TRY(limiter_net(&reference_net, &limiter, limiter.reference));
    if (amount <= reference_net) return 0;
    TRY(limiter_gross(&gross, &limiter, amount));
    if (gross < amount) return RAISE(MATH_OVERFLOW);
    if (!mul_div(fee, gross - amount, FEE_DENOMINATOR, gross, ROUND_UP)) return RAISE(TYPE_CAST_FAILED);
    return *fee < limiter.cliff ? RAISE(UNDETERMINED_ERROR) : 0;
}
