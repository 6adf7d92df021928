/* Fees of a DAMM v2 pool (damm-v2 base_fee/, state/fee.rs, math/fee_math.rs). Rates are numerators over 1e9. */
#pragma once

#include "damm_v2_rate_limiter.h"

#define MAX_FEE_V0 500000000ULL
#define MAX_FEE_V1 990000000ULL
#define VOLATILITY_SCALE 100000000000ULL
#define PERCENT 100

/* How many steps a fee by time has come down. */
OUT_OF_LINE u64 time_periods(const struct swap *swap) {
    const u8 *pool = swap->pool;
    u64 frequency = read_u64(pool + POOL_PERIOD_FREQUENCY);
    u64 activation = read_u64(pool + POOL_ACTIVATION_POINT);
    u64 limit = read_u16(pool + POOL_PERIODS);
    if (frequency == 0) return 0;
    if (swap->point < activation) return limit;
    u64 periods = (swap->point - activation) / frequency;
    return periods < limit ? periods : limit;
}

/* How many steps a fee by market cap has come down: one for each price step above the initial price. */
OUT_OF_LINE u64 market_cap_periods(const struct swap *swap) {
    const u8 *pool = swap->pool;
    u64 activation = read_u64(pool + POOL_ACTIVATION_POINT);
    u64 limit = read_u16(pool + POOL_PERIODS);
    u64 expires = activation + read_u32(pool + POOL_SCHEDULER_EXPIRATION);
    if (swap->point < activation || swap->point > expires) return limit;
    struct wide initial, rise, scale, ratio;
    wide_load(&initial, pool + POOL_INITIAL_SQRT_PRICE, LIMBS_128);
    if (wide_compare(&swap->sqrt_price, &initial) != WIDE_GREATER) return 0;
    wide_subtract(&rise, &swap->sqrt_price, &initial);
    wide_set(&scale, BASIS_POINTS);
    wide_mul_div(&ratio, &rise, &scale, &initial, ROUND_DOWN);
    wide_set(&scale, read_u32(pool + POOL_PRICE_STEP_BPS));
    wide_divide(&rise, &ratio, &scale);
    u64 periods;
    if (!wide_to_u64(&periods, &rise)) return limit;
    return periods < limit ? periods : limit;
}

OUT_OF_LINE u64 linear_fee(u64 *fee, const u8 *pool, u64 periods) {
    u64 cliff = read_u64(pool + POOL_CLIFF_FEE);
    u64 reduction;
    if (!mul_div(&reduction, periods, read_u64(pool + POOL_REDUCTION_FACTOR), 1, ROUND_DOWN) || reduction > cliff) {
        return RAISE(MATH_OVERFLOW);
    }
    *fee = cliff - reduction;
    return 0;
}

/* a * b in Q64.64, rounded down. */
INLINE void multiply_q64(struct wide *out, const struct wide *a, const struct wide *b) {
    struct wide product;
    wide_multiply(&product, a, b);
    wide_shift_right(&product, LIMBS_64);
    wide_copy(out, &product);
}

/* cliff * (1 - reduction / 10000) ^ periods, the power by squaring in Q64.64, each step rounded down. */
OUT_OF_LINE u64 exponential_fee(u64 *fee, const u8 *pool, u64 periods) {
    u64 reduction_bps = read_u64(pool + POOL_REDUCTION_FACTOR);
    struct wide base, power, reduction, divisor;
    *fee = read_u64(pool + POOL_CLIFF_FEE);
    if (reduction_bps == 0) return 0;
    if (reduction_bps > BASIS_POINTS) return RAISE(MATH_OVERFLOW);
    wide_set(&power, 1);
    wide_shift_left(&power, LIMBS_64);
    wide_set(&base, reduction_bps);
    wide_shift_left(&base, LIMBS_64);
    wide_set(&divisor, BASIS_POINTS);
    wide_divide(&reduction, &base, &divisor);
    wide_subtract(&base, &power, &reduction);
    for (; periods; periods >>= 1) {
        if (periods & 1) multiply_q64(&power, &power, &base);
        multiply_q64(&base, &base, &base);
    }
    wide_set(&base, *fee);
    multiply_q64(&power, &power, &base);
    return wide_to_u64(fee, &power) ? 0 : RAISE(TYPE_CAST_FAILED);
}

OUT_OF_LINE u64 base_fee(u64 *fee, const struct swap *swap, u64 amount, u64 amount_kind) {
    switch (swap->pool[POOL_BASE_FEE_MODE]) {
        case TIME_LINEAR:
            return linear_fee(fee, swap->pool, time_periods(swap));
        case TIME_EXPONENTIAL:
            return exponential_fee(fee, swap->pool, time_periods(swap));
        case MARKET_CAP_LINEAR:
            return linear_fee(fee, swap->pool, market_cap_periods(swap));
        case MARKET_CAP_EXPONENTIAL:
            return exponential_fee(fee, swap->pool, market_cap_periods(swap));
        case RATE_LIMITER:
            return rate_limiter_fee(fee, swap, amount, amount_kind);
        default:
            return RAISE(INVALID_BASE_FEE_MODE);
    }
}

/* ceil((volatility * bin_step)^2 * control / 1e11), from the volatility as stored. */
OUT_OF_LINE void variable_fee(struct wide *fee, const u8 *pool) {
    struct wide volatility, factor, square, scale;
    fee->count = 0;
    if (!pool[POOL_DYNAMIC_FEE_ON]) return;
    wide_load(&volatility, pool + POOL_VOLATILITY, LIMBS_128);
    wide_set(&factor, read_u16(pool + POOL_BIN_STEP));
    wide_multiply(&scale, &volatility, &factor);
    wide_multiply(&square, &scale, &scale);
    wide_set(&factor, read_u32(pool + POOL_VARIABLE_FEE_CONTROL));
    wide_set(&scale, VOLATILITY_SCALE);
    wide_mul_div(fee, &square, &factor, &scale, ROUND_UP);
}

/* The whole rate of the swap, capped as the pool's fee version has it. The rate limiter looks at the amount. */
OUT_OF_LINE u64 fee_rate(u64 *rate, const struct swap *swap, u64 amount, u64 amount_kind) {
    struct wide total, base;
    u64 fixed;
    TRY(base_fee(&fixed, swap, amount, amount_kind));
    wide_set(&base, fixed);
    variable_fee(&total, swap->pool);
    wide_add(&total, &total, &base);
    u64 cap = swap->pool[POOL_FEE_VERSION] ? MAX_FEE_V1 : MAX_FEE_V0;
    if (!wide_to_u64(rate, &total)) return RAISE(TYPE_CAST_FAILED);
    if (*rate > cap) *rate = cap;
    return 0;
}

/* Who gets the fee: liquidity providers (part of it may be left in the pool), protocol, referrer. */
OUT_OF_LINE void split_fee(struct swap *swap, u64 fee) {
    u64 protocol, referral = 0, compounding = 0;
    mul_div(&protocol, fee, swap->pool[POOL_PROTOCOL_FEE_PERCENT], PERCENT, ROUND_DOWN);
    if (swap->has_referral) {
        mul_div(&referral, protocol, swap->pool[POOL_REFERRAL_FEE_PERCENT], PERCENT, ROUND_DOWN);
    }
    u64 trading = checked_subtract(fee, protocol);
    mul_div(&compounding, trading, read_u16(swap->pool + POOL_COMPOUNDING_FEE_BPS), BASIS_POINTS, ROUND_DOWN);
    swap->lp_fee = checked_subtract(trading, compounding);
    swap->compounding_fee = compounding;
    swap->protocol_fee = checked_subtract(protocol, referral);
    swap->referral_fee = referral;
}

/* *net = gross less the fee on it. */
OUT_OF_LINE u64 deduct_fee(struct swap *swap, u64 *net, u64 gross, u64 rate) {
    u64 fee;
    if (!mul_div(&fee, gross, rate, FEE_DENOMINATOR, ROUND_UP)) return RAISE(TYPE_CAST_FAILED);
    split_fee(swap, fee);
    *net = gross - fee;
    return 0;
}

/* *gross = the amount that leaves `net` after its fee. */
OUT_OF_LINE u64 add_fee(struct swap *swap, u64 *gross, u64 net, u64 rate) {
    if (!mul_div(gross, net, FEE_DENOMINATOR, FEE_DENOMINATOR - rate, ROUND_UP)) return RAISE(TYPE_CAST_FAILED);
    split_fee(swap, *gross - net);
    return 0;
}

/* Whole bins between two square roots of price, times 2 (DynamicFeeStruct::get_delta_bin_id). */
OUT_OF_LINE void bins_between(struct wide *bins, const u8 *pool, const struct wide *a, const struct wide *b) {
    struct wide ratio, one, step;
    u64 a_is_lower = wide_compare(a, b) == WIDE_LESS;
    wide_copy(&step, a_is_lower ? b : a);
    wide_shift_left(&step, LIMBS_64);
    wide_divide(&ratio, &step, a_is_lower ? a : b);
    wide_set(&one, 1);
    wide_shift_left(&one, LIMBS_64);
    wide_subtract(&ratio, &ratio, &one);
    wide_load(&step, pool + POOL_BIN_STEP_U128, LIMBS_128);
    wide_divide(bins, &ratio, &step);
    wide_add(bins, bins, bins);
}

/* Before the swap: once the filter period is over, the price becomes the reference and volatility decays. */
OUT_OF_LINE void update_references(const struct swap *swap) {
    u8 *pool = swap->pool;
    u64 last = read_u64(pool + POOL_LAST_UPDATE);
    u64 elapsed = swap->clock.unix_timestamp > last ? swap->clock.unix_timestamp - last : 0;
    if (!pool[POOL_DYNAMIC_FEE_ON] || elapsed < read_u16(pool + POOL_FILTER_PERIOD)) return;
    wide_store(pool + POOL_PRICE_REFERENCE, LIMBS_128, &swap->sqrt_price);
    struct wide decayed, volatility, factor, scale;
    decayed.count = 0;
    if (elapsed < read_u16(pool + POOL_DECAY_PERIOD)) {
        wide_load(&volatility, pool + POOL_VOLATILITY, LIMBS_128);
        wide_set(&factor, read_u16(pool + POOL_VOLATILITY_REDUCTION));
        wide_set(&scale, BASIS_POINTS);
        wide_mul_div(&decayed, &volatility, &factor, &scale, ROUND_DOWN);
    }
    wide_store(pool + POOL_VOLATILITY_REFERENCE, LIMBS_128, &decayed);
}

/* After the swap: volatility grows with the distance from the reference; a move of a bin or more restarts the
 * filter period. */
OUT_OF_LINE void update_volatility(const struct swap *swap) {
    u8 *pool = swap->pool;
    if (!pool[POOL_DYNAMIC_FEE_ON]) return;
    struct wide reference, bins, scale, volatility;
    wide_load(&reference, pool + POOL_PRICE_REFERENCE, LIMBS_128);
    bins_between(&bins, pool, &swap->next_sqrt_price, &reference);
    wide_set(&scale, BASIS_POINTS);
    wide_multiply(&volatility, &bins, &scale);
    wide_load(&reference, pool + POOL_VOLATILITY_REFERENCE, LIMBS_128);
    wide_add(&volatility, &volatility, &reference);
    wide_set(&scale, read_u32(pool + POOL_MAX_VOLATILITY));
    u64 is_over = wide_compare(&volatility, &scale) == WIDE_GREATER;
    wide_store(pool + POOL_VOLATILITY, LIMBS_128, is_over ? &scale : &volatility);
    bins_between(&bins, pool, &swap->sqrt_price, &swap->next_sqrt_price);
    if (bins.count) write_u64(pool + POOL_LAST_UPDATE, swap->clock.unix_timestamp);
}
