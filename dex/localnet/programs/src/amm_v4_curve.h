/* The constant product with its fee on the input (raydium-amm math.rs, processor.rs). What those sources unwrap
 * panics here too. */
#pragma once

#include "amm_v4_pool.h"

/* a * b / divisor rounded up, but nothing for a quotient below one half: checked_ceil_div of spl-math, which the
 * recorded release calls. */
OUT_OF_LINE u64 rounded_up(u64 a, u64 b, u64 divisor) {
    u64 quotient;
    panic_unless(divisor);
    panic_unless(mul_div(&quotient, a, b, divisor, ROUND_DOWN));
    if (quotient == 0) {
        u64 product = a * b;
        return product >= divisor - product;
    }
    panic_unless(mul_div(&quotient, a, b, divisor, ROUND_UP));
    return quotient;
}

INLINE void curve_exact_in(struct swap *swap, u64 amount_in) {
    swap->fee = rounded_up(amount_in, swap->fee_numerator, swap->fee_denominator);
    u64 traded = checked_subtract(amount_in, swap->fee);
    u64 total = checked_add(swap->reserve_in, traded);
    panic_unless(total);
    panic_unless(mul_div(&swap->received, traded, swap->reserve_out, total, ROUND_DOWN));
    swap->paid = amount_in;
}

INLINE void curve_exact_out(struct swap *swap, u64 amount_out) {
    u64 traded = rounded_up(swap->reserve_in, amount_out, checked_subtract(swap->reserve_out, amount_out));
    u64 kept = checked_subtract(swap->fee_denominator, swap->fee_numerator);
    swap->paid = rounded_up(traded, swap->fee_denominator, kept);
    swap->fee = checked_subtract(swap->paid, traded);
    swap->received = amount_out;
}
