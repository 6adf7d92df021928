/* Unsigned integers of up to 512 bits on 32-bit limbs.
 *
 * The BPF back end has no 128-bit multiplication and no 128-bit division, and the formulas need products of
 * 320 bits. Little-endian limbs, `count` of them in use, no zero limb on top; zero has no limb. A result past
 * 512 bits panics; whether a result fits where it is stored is for the caller to check.
 */
#pragma once

#include "sbf.h"

#define WIDE_LIMBS 16
#define LIMBS_64 2
#define LIMBS_128 4

#define ROUND_DOWN 0
#define ROUND_UP 1

struct wide {
    u64 count;
    u32 limb[WIDE_LIMBS];
};

INLINE void wide_trim(struct wide *value) {
    while (value->count && value->limb[value->count - 1] == 0) value->count--;
}

INLINE void wide_set(struct wide *out, u64 value) {
    out->limb[0] = (u32)value;
    out->limb[1] = (u32)(value >> 32);
    out->count = 2;
    wide_trim(out);
}

/* `limbs` limbs of 4 bytes, little-endian. */
OUT_OF_LINE void wide_load(struct wide *out, const u8 *bytes, u64 limbs) {
    for (u64 i = 0; i < limbs; i++) out->limb[i] = read_u32(bytes + 4 * i);
    out->count = limbs;
    wide_trim(out);
}

/* Returns 0 and stores nothing when the value needs more than `limbs` limbs. */
OUT_OF_LINE u64 wide_store(u8 *bytes, u64 limbs, const struct wide *value) {
    if (value->count > limbs) return 0;
    for (u64 i = 0; i < limbs; i++) *(u32 *)(bytes + 4 * i) = i < value->count ? value->limb[i] : 0;
    return 1;
}

INLINE u64 wide_to_u64(u64 *out, const struct wide *value) { return wide_store((u8 *)out, LIMBS_64, value); }

OUT_OF_LINE void wide_copy(struct wide *out, const struct wide *value) {
    for (u64 i = 0; i < value->count; i++) out->limb[i] = value->limb[i];
    out->count = value->count;
}

/* 0 when equal, 1 when a > b, 2 when a < b. */
#define WIDE_GREATER 1
#define WIDE_LESS 2
OUT_OF_LINE u64 wide_compare(const struct wide *a, const struct wide *b) {
    if (a->count != b->count) return a->count > b->count ? WIDE_GREATER : WIDE_LESS;
    for (u64 i = a->count; i > 0; i--) {
        if (a->limb[i - 1] != b->limb[i - 1]) return a->limb[i - 1] > b->limb[i - 1] ? WIDE_GREATER : WIDE_LESS;
    }
    return 0;
}

/* `out` may be `a` or `b`. */
OUT_OF_LINE void wide_add(struct wide *out, const struct wide *a, const struct wide *b) {
    u64 carry = 0;
    u64 count = a->count > b->count ? a->count : b->count;
    panic_unless(count < WIDE_LIMBS);
    for (u64 i = 0; i < count; i++) {
        carry += i < a->count ? a->limb[i] : 0;
        carry += i < b->count ? b->limb[i] : 0;
        out->limb[i] = (u32)carry;
        carry >>= 32;
    }
    out->limb[count] = (u32)carry;
    out->count = count + 1;
    wide_trim(out);
}

/* a - b for a >= b; panics otherwise. `out` may be `a` or `b`. */
OUT_OF_LINE void wide_subtract(struct wide *out, const struct wide *a, const struct wide *b) {
    u64 borrow = 0;
    u64 count = a->count;
    panic_unless(b->count <= count);
    for (u64 i = 0; i < count; i++) {
        u64 difference = (u64)a->limb[i] - (i < b->count ? b->limb[i] : 0) - borrow;
        out->limb[i] = (u32)difference;
        borrow = (difference >> 32) & 1;
    }
    panic_unless(!borrow);
    out->count = count;
    wide_trim(out);
}

/* `out` must be neither `a` nor `b`. */
OUT_OF_LINE void wide_multiply(struct wide *out, const struct wide *a, const struct wide *b) {
    u64 count = a->count + b->count;
    panic_unless(count <= WIDE_LIMBS);
    for (u64 i = 0; i < count; i++) out->limb[i] = 0;
    for (u64 i = 0; i < a->count; i++) {
        u64 carry = 0;
        u64 factor = a->limb[i];
        for (u64 j = 0; j < b->count; j++) {
            carry += factor * b->limb[j] + out->limb[i + j];
            out->limb[i + j] = (u32)carry;
            carry >>= 32;
        }
        out->limb[i + b->count] = (u32)carry;
    }
    out->count = count;
    wide_trim(out);
}

/* value * 2^(32 * limbs), in place. */
OUT_OF_LINE void wide_shift_left(struct wide *value, u64 limbs) {
    if (!value->count) return;
    panic_unless(value->count + limbs <= WIDE_LIMBS);
    for (u64 i = value->count; i > 0; i--) value->limb[i - 1 + limbs] = value->limb[i - 1];
    for (u64 i = 0; i < limbs; i++) value->limb[i] = 0;
    value->count += limbs;
}

/* value / 2^(32 * limbs), in place; returns whether bits were dropped. */
OUT_OF_LINE u64 wide_shift_right(struct wide *value, u64 limbs) {
    u64 dropped = 0;
    for (u64 i = 0; i < limbs && i < value->count; i++) dropped |= value->limb[i];
    for (u64 i = limbs; i < value->count; i++) value->limb[i - limbs] = value->limb[i];
    value->count = value->count > limbs ? value->count - limbs : 0;
    return dropped != 0;
}

/* Division by one limb; returns whether a remainder is left. */
INLINE u64 divide_by_limb(struct wide *quotient, const struct wide *numerator, u64 divisor) {
    u64 remainder = 0;
    for (u64 i = numerator->count; i > 0; i--) {
        u64 part = (remainder << 32) | numerator->limb[i - 1];
        quotient->limb[i - 1] = (u32)(part / divisor);
        remainder = part % divisor;
    }
    quotient->count = numerator->count;
    wide_trim(quotient);
    return remainder != 0;
}

/* out = value * 2^shift for shift < 32, into exactly `limbs` limbs. */
INLINE void normalise(u32 *out, u64 limbs, const struct wide *value, u64 shift) {
    u64 carry = 0;
    for (u64 i = 0; i < limbs; i++) {
        u64 limb = i < value->count ? value->limb[i] : 0;
        carry |= limb << shift;
        out[i] = (u32)carry;
        carry >>= 32;
    }
}

/* The digit of the quotient that `rest` (n + 1 limbs) and `divisor` (n limbs) make, at most one too large. */
INLINE u64 estimate_digit(const u32 *rest, const u32 *divisor, u64 n) {
    u64 top = ((u64)rest[n] << 32) | rest[n - 1];
    u64 digit = top / divisor[n - 1];
    u64 remainder = top % divisor[n - 1];
    while (digit >> 32 || digit * divisor[n - 2] > ((remainder << 32) | rest[n - 2])) {
        digit--;
        remainder += divisor[n - 1];
        if (remainder >> 32) break;
    }
    return digit;
}

/* rest -= digit * divisor; returns the digit, one less when the estimate was too large. */
INLINE u64 subtract_multiple(u32 *rest, const u32 *divisor, u64 n, u64 digit) {
    u64 carry = 0, borrow = 0;
    for (u64 i = 0; i < n; i++) {
        carry += digit * divisor[i];
        u64 difference = (u64)rest[i] - (u32)carry - borrow;
        rest[i] = (u32)difference;
        borrow = (difference >> 32) & 1;
        carry >>= 32;
    }
    u64 difference = (u64)rest[n] - carry - borrow;
    rest[n] = (u32)difference;
    if (!(difference >> 63)) return digit;
    carry = 0;
    for (u64 i = 0; i < n; i++) {
        carry += (u64)rest[i] + divisor[i];
        rest[i] = (u32)carry;
        carry >>= 32;
    }
    rest[n] += (u32)carry;
    return digit - 1;
}

/* Knuth, The Art of Computer Programming 4.3.1, algorithm D; returns whether a remainder is left. Panics on
 * division by zero. `quotient` must be neither operand. */
OUT_OF_LINE u64 wide_divide(struct wide *quotient, const struct wide *numerator, const struct wide *divisor) {
    u64 n = divisor->count;
    panic_unless(n != 0);
    if (numerator->count < n) {
        quotient->count = 0;
        return numerator->count != 0;
    }
    if (n == 1) return divide_by_limb(quotient, numerator, divisor->limb[0]);
    u64 shift = 0;
    for (u64 top = divisor->limb[n - 1]; !(top >> 31); top <<= 1) shift++;
    u32 rest[WIDE_LIMBS + 1];
    u32 scaled[WIDE_LIMBS];
    normalise(rest, numerator->count + 1, numerator, shift);
    normalise(scaled, n, divisor, shift);
    u64 digits = numerator->count - n + 1;
    for (u64 j = digits; j > 0; j--) {
        u64 digit = estimate_digit(rest + j - 1, scaled, n);
        quotient->limb[j - 1] = (u32)subtract_multiple(rest + j - 1, scaled, n, digit);
    }
    quotient->count = digits;
    wide_trim(quotient);
    u64 remainder = 0;
    for (u64 i = 0; i < n; i++) remainder |= rest[i];
    return remainder != 0;
}

/* a * b / c; ROUND_UP adds one when the division is not exact. */
OUT_OF_LINE void wide_mul_div(struct wide *out, const struct wide *a, const struct wide *b, const struct wide *c,
                              u64 rounding) {
    struct wide product, one;
    wide_multiply(&product, a, b);
    u64 remainder = wide_divide(out, &product, c);
    if (remainder && rounding == ROUND_UP) {
        wide_set(&one, 1);
        wide_add(out, out, &one);
    }
}

/* a * b / c of 64-bit numbers; returns 0 when the result is wider than 64 bits. */
OUT_OF_LINE u64 mul_div(u64 *out, u64 a, u64 b, u64 c, u64 rounding) {
    struct wide wide_a, wide_b, wide_c, result;
    wide_set(&wide_a, a);
    wide_set(&wide_b, b);
    wide_set(&wide_c, c);
    wide_mul_div(&result, &wide_a, &wide_b, &wide_c, rounding);
    return wide_to_u64(out, &result);
}

/* next = (at + value / at) / 2 */
OUT_OF_LINE void newton_step(struct wide *next, const struct wide *value, const struct wide *at) {
    struct wide quotient, two;
    wide_divide(&quotient, value, at);
    wide_add(&quotient, &quotient, at);
    wide_set(&two, 2);
    wide_divide(next, &quotient, &two);
}

/* Largest r with r * r <= value, by Newton's iteration. A step from any `guess` but 0 lands on or above the root, and
 * steps from there come down to it. */
OUT_OF_LINE void wide_square_root(struct wide *root, const struct wide *value, const struct wide *guess) {
    struct wide next;
    newton_step(&next, value, guess);
    do {
        wide_copy(root, &next);
        if (root->count) newton_step(&next, value, root);
    } while (wide_compare(&next, root) == WIDE_LESS);
}
