/* The constant product with its fees (raydium-cp-swap curve/calculator.rs, curve/constant_product.rs,
 * curve/fees.rs). What those sources unwrap panics here too. */
#pragma once

#include "cpmm_pool.h"

/* amount * rate / 1e6 */
INLINE u64 fee_of(u64 amount, u64 rate, u64 rounding) {
    u64 fee;
    panic_unless(mul_div(&fee, amount, rate, FEE_DENOMINATOR, rounding));
    return fee;
}

/* The amount that leaves `net` after a fee of `rate` (Fees::calculate_pre_fee_amount). */
INLINE u64 amount_before_fee(u64 net, u64 rate) {
    u64 gross;
    if (rate == 0) return net;
    panic_unless(mul_div(&gross, net, FEE_DENOMINATOR, checked_subtract(FEE_DENOMINATOR, rate), ROUND_UP));
    return gross;
}

/* The creator's part of a fee that was taken at both rates together (Fees::split_creator_fee). Where both rates
 * are 0 the first releases swap without a fee, and the recorded swaps hold to them; sources with creator fees
 * fail there with ZeroTradingTokens. */
INLINE void split_input_fee(struct swap *swap, u64 total) {
    if (total == 0) return;
    panic_unless(mul_div(&swap->creator_fee, total, swap->creator_rate, swap->trade_rate + swap->creator_rate,
                         ROUND_DOWN));
    swap->trade_fee = total - swap->creator_fee;
}

/* CurveCalculator::swap_base_input on swap->pool_in. */
OUT_OF_LINE void curve_exact_in(struct swap *swap) {
    u64 total;
    if (swap->creator_fee_on_input) {
        total = fee_of(swap->pool_in, swap->trade_rate + swap->creator_rate, ROUND_UP);
        split_input_fee(swap, total);
    } else {
        total = fee_of(swap->pool_in, swap->trade_rate, ROUND_UP);
        swap->trade_fee = total;
    }
    u64 traded = checked_subtract(swap->pool_in, total);
    u64 out;
    panic_unless(mul_div(&out, traded, swap->reserve_out, checked_add(swap->reserve_in, traded), ROUND_DOWN));
    swap->pool_out = out;
    if (!swap->creator_fee_on_input) {
        swap->creator_fee = fee_of(out, swap->creator_rate, ROUND_UP);
        swap->pool_out = checked_subtract(out, swap->creator_fee);
    }
}

/* CurveCalculator::swap_base_output for swap->pool_out. */
OUT_OF_LINE void curve_exact_out(struct swap *swap) {
    u64 out = swap->pool_out;
    u64 input_rate = swap->trade_rate;
    if (swap->creator_fee_on_input) {
        input_rate += swap->creator_rate;
    } else {
        out = amount_before_fee(swap->pool_out, swap->creator_rate);
        swap->creator_fee = out - swap->pool_out;
    }
    panic_unless(swap->reserve_out > out);
    u64 traded;
    panic_unless(mul_div(&traded, swap->reserve_in, out, swap->reserve_out - out, ROUND_UP));
    swap->pool_in = amount_before_fee(traded, input_rate);
    if (swap->creator_fee_on_input) {
        split_input_fee(swap, swap->pool_in - traded);
    } else {
        swap->trade_fee = swap->pool_in - traded;
    }
}
