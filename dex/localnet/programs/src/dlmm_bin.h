/* What one bin does in a swap (dlmm-sdk ts-client dlmm/helpers/quote, commons/src/extensions/bin.rs). */
#pragma once

#include "dlmm_fee.h"

#define PRICE_BITS 19

/* 1.0 + bin_step in basis points to the power of the bin id, in Q64.64, every product rounded down
 * (dlmm-sdk commons/src/math/u64x64_math.rs, pow). */
OUT_OF_LINE u64 price_of_id(struct wide *price, u64 id, u64 bin_step) {
    struct wide most, base, step, square, product;
    u64 is_negative = id < BIN_ZERO;
    u64 exponent = is_negative ? BIN_ZERO - id : id - BIN_ZERO;
    wide_set(price, 1);
    wide_shift_left(price, LIMBS_64);
    if (exponent == 0) return 0;
    for (u64 i = 0; i < LIMBS_128; i++) most.limb[i] = 0xffffffff;
    most.count = LIMBS_128;
    wide_set(&base, bin_step);
    wide_shift_left(&base, LIMBS_64);
    wide_set(&product, BASIS_POINTS);
    wide_divide(&step, &base, &product);
    wide_add(&base, &step, price);
    wide_divide(&square, &most, &base);
    for (u64 bit = 0; bit < PRICE_BITS && exponent; bit++, exponent >>= 1) {
        if (exponent & 1) {
            wide_multiply(&product, price, &square);
            wide_shift_right(&product, LIMBS_64);
            wide_copy(price, &product);
        }
        wide_multiply(&product, &square, &square);
        wide_shift_right(&product, LIMBS_64);
        wide_copy(&square, &product);
    }
    if (price->count == 0 || exponent) return RAISE(MATH_OVERFLOW);
    if (is_negative) return 0;
    wide_copy(&square, price);
    wide_divide(price, &most, &square);
    return 0;
}

OUT_OF_LINE u64 price_of_bin(struct wide *price, const struct swap *swap, const u8 *bin) {
    wide_load(price, bin + BIN_PRICE, LIMBS_128);
    if (price->count) return 0;
    return price_of_id(price, swap->active, read_u16(swap->pair + PAIR_BIN_STEP));
}

/* x -> y takes output / price, y -> x output * price; `is_input` the other way round. */
OUT_OF_LINE u64 across(const struct swap *swap, u64 *out, u64 amount, const struct wide *price, u64 is_input) {
    struct wide value, result;
    u64 dropped;
    wide_set(&value, amount);
    if (swap->sells_x == is_input) {
        wide_multiply(&result, &value, price);
        dropped = wide_shift_right(&result, LIMBS_64);
    } else {
        wide_shift_left(&value, LIMBS_64);
        dropped = wide_divide(&result, &value, price);
    }
    if (!wide_to_u64(out, &result)) return RAISE(MATH_OVERFLOW);
    if (!is_input && dropped && ++*out == 0) return RAISE(MATH_OVERFLOW);
    return 0;
}

INLINE u64 input_for(const struct swap *swap, u64 *input, u64 output, const struct wide *price) {
    return across(swap, input, output, price, 0);
}

INLINE u64 output_for(const struct swap *swap, u64 *output, u64 input, const struct wide *price) {
    return across(swap, output, input, price, 1);
}

/* A bin's output in the direction of the swap, and its price. */
struct bin {
    u64 provided;
    struct wide price;
};

/* What moves in one bin: `net_in` and `gross_out` are what it takes and gives itself. */
struct fill {
    u64 amount_in, net_in, gross_out, amount_out;
    u64 leaves_input;  /* whether the bin could not take all of an input */
};

/* All that the bin has, for `needed`, the input at its price. */
OUT_OF_LINE u64 empty_bin(const struct swap *swap, struct fill *fill, const struct bin *bin, u64 needed) {
    u64 fee;
    fill->net_in = fill->amount_in = needed;
    fill->gross_out = fill->amount_out = bin->provided;
    if (swap->fee_on_input) {
        TRY(fee_upon(swap, &fee, needed));
        fill->amount_in = needed + fee;
    } else {
        fill->amount_out = bin->provided - fee_within(swap, bin->provided);
    }
    return 0;
}

/* For `amount_in`, or for as much of it as the bin takes. */
OUT_OF_LINE u64 sell_into_bin(const struct swap *swap, struct fill *fill, const struct bin *bin, u64 amount_in) {
    u64 needed;
    u64 net_in = swap->fee_on_input ? amount_in - fee_within(swap, amount_in) : amount_in;
    TRY(input_for(swap, &needed, bin->provided, &bin->price));
    fill->leaves_input = net_in > needed;
    if (fill->leaves_input) return empty_bin(swap, fill, bin, needed);
    fill->amount_in = amount_in;
    fill->net_in = net_in;
    fill->gross_out = bin->provided;
    if (net_in < needed) TRY(output_for(swap, &fill->gross_out, net_in, &bin->price));
    fill->amount_out = fill->gross_out;
    if (!swap->fee_on_input) fill->amount_out -= fee_within(swap, fill->gross_out);
    return 0;
}

/* Up to `wanted` of output. What is bought in part is swapped as the exact input that it costs. */
OUT_OF_LINE u64 buy_from_bin(const struct swap *swap, struct fill *fill, const struct bin *bin, u64 wanted) {
    u64 gross = wanted, needed, fee = 0;
    if (!swap->fee_on_input && !mul_div(&gross, wanted, FEE_DENOMINATOR, FEE_DENOMINATOR - swap->rate, ROUND_UP)) {
        gross = bin->provided;
    }
    if (gross >= bin->provided) {
        TRY(input_for(swap, &needed, bin->provided, &bin->price));
        return empty_bin(swap, fill, bin, needed);
    }
    TRY(input_for(swap, &needed, gross, &bin->price));
    if (swap->fee_on_input) TRY(fee_upon(swap, &fee, needed));
    return sell_into_bin(swap, fill, bin, needed + fee);
}

/* fees per share of liquidity providers, Q64.64 */
OUT_OF_LINE void accrue_provider_fee(const struct swap *swap, u8 *bin, u64 fee) {
    u8 *counter = bin + BIN_FEES_PER_SHARE + 16 * swap->fee_side;
    struct wide value, supply, share;
    wide_load(&supply, bin + BIN_SUPPLY, LIMBS_128);
    wide_shift_right(&supply, LIMBS_64);
    if (!supply.count || !fee) return;
    wide_set(&value, fee);
    wide_shift_left(&value, LIMBS_64);
    wide_divide(&share, &value, &supply);
    wide_load(&value, counter, LIMBS_128);
    wide_add(&value, &value, &share);
    panic_unless(wide_store(counter, LIMBS_128, &value));
}

OUT_OF_LINE void apply_fill(const struct swap *swap, u8 *bin, const struct fill *fill) {
    u8 *input = bin + BIN_AMOUNTS + (swap->sells_x ? 0 : 8), *output = bin + BIN_AMOUNTS + (swap->sells_x ? 8 : 0);
    u8 *owed = swap->pair + PAIR_PROTOCOL_FEES + 8 * swap->fee_side;
    u64 fee = fill->amount_in - fill->net_in + fill->gross_out - fill->amount_out, share;
    mul_div(&share, fee, read_u16(swap->pair + PAIR_PROTOCOL_SHARE), BASIS_POINTS, ROUND_DOWN);
    write_u64(input, checked_add(read_u64(input), fill->net_in));
    write_u64(output, checked_subtract(read_u64(output), fill->gross_out));
    write_u64(owed, checked_add(read_u64(owed), share));
    accrue_provider_fee(swap, bin, fee - share);
}

/* Whether limit orders that this direction fills lie in the bin. */
INLINE u64 has_orders(const struct swap *swap, const u8 *bin) {
    if (!swap->fills_orders || (bin[BIN_ASK_SIDE] != 0) == (swap->sells_x != 0)) return 0;
    return read_u64(bin + BIN_OPEN_ORDERS) || read_u64(bin + BIN_PROCESSED_ORDERS);
}

/* A part of an output that was asked for: what the bin gives beyond it is rounding. Where the fee is in the output
 * token more than one unit of that is protocol fee. */
OUT_OF_LINE void keep_surplus(const struct swap *swap, u64 surplus) {
    u8 *owed = swap->pair + PAIR_PROTOCOL_FEES + 8 * swap->fee_side;
    if (!swap->fee_on_input && surplus > 1) write_u64(owed, checked_add(read_u64(owed), surplus));
}

OUT_OF_LINE u64 swap_in_bin(struct swap *swap, u8 *data) {
    struct bin bin;
    struct fill fill;
    bin.provided = read_u64(data + BIN_AMOUNTS + (swap->sells_x ? 8 : 0));
    u64 orders = has_orders(swap, data);
    if (!bin.provided && !orders) return 0;
    if (orders && !swap->is_exact_in) return RAISE(NOT_SUPPORTED);
    charge_active_bin(swap);
    TRY(price_of_bin(&bin.price, swap, data));
    if (swap->is_exact_in) {
        TRY(sell_into_bin(swap, &fill, &bin, swap->left));
        if (orders && fill.leaves_input) return RAISE(NOT_SUPPORTED);
        swap->left -= fill.amount_in;
    } else {
        TRY(buy_from_bin(swap, &fill, &bin, swap->left));
        u64 surplus = fill.amount_out > swap->left ? fill.amount_out - swap->left : 0;
        keep_surplus(swap, surplus);
        swap->left -= fill.amount_out - surplus;
    }
    apply_fill(swap, data, &fill);
    swap->amount_in = checked_add(swap->amount_in, fill.amount_in);
    swap->amount_out = checked_add(swap->amount_out, fill.amount_out);
    return 0;
}
