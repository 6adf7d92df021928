/* Orca Whirlpool: account layouts and errors (whirlpools state/whirlpool.rs, state/fixed_tick_array.rs,
 * state/dynamic_tick_array.rs, state/oracle.rs, errors.rs), and one swap's values. Offsets include the account
 * discriminator. */
#pragma once

#define MAX_ACCOUNTS 18

#include "anchor.h"
#include "token.h"

typedef unsigned __int128 u128;
typedef long long s64;

enum {
    POOL_CONFIG = 8, POOL_BUMP = 40, POOL_TICK_SPACING = 41, POOL_FEE_TIER_INDEX = 43, POOL_FEE_RATE = 45,
    POOL_PROTOCOL_FEE_RATE = 47, POOL_LIQUIDITY = 49, POOL_SQRT_PRICE = 65, POOL_TICK = 81, POOL_PROTOCOL_OWED = 85,
    POOL_MINT_A = 101, POOL_MINT_B = 181, POOL_VAULT = 32, POOL_FEE_GROWTH = 64, POOL_REWARDS_UPDATED = 261,
    POOL_REWARDS = 269, POOL_LENGTH = 653
};

enum { REWARD_EMISSIONS = 96, REWARD_GROWTH = 112, REWARD_LENGTH = 128, REWARD_COUNT = 3 };

enum {
    ARRAY_START = 8, FIXED_TICKS = 12, FIXED_POOL = 9956, FIXED_LENGTH = 9988, DYNAMIC_POOL = 12,
    DYNAMIC_BITMAP = 44, DYNAMIC_TICKS = 60, ARRAY_TICKS = 88
};

enum { TICK_NET = 1, TICK_FEES_OUTSIDE = 33, TICK_REWARDS_OUTSIDE = 65, TICK_LENGTH = 113 };

enum {
    ORACLE_POOL = 8, ORACLE_TRADE_ENABLED = 40, ORACLE_FILTER_PERIOD = 48, ORACLE_DECAY_PERIOD = 50,
    ORACLE_REDUCTION = 52, ORACLE_CONTROL = 54, ORACLE_MAX_VOLATILITY = 58, ORACLE_GROUP_SIZE = 62,
    ORACLE_MAJOR_TICKS = 64, ORACLE_REFERENCE_UPDATED = 82, ORACLE_MAJOR_SWAP = 90, ORACLE_VOLATILITY_REFERENCE = 98,
    ORACLE_GROUP_REFERENCE = 102, ORACLE_VOLATILITY = 106, ORACLE_LENGTH = 254
};

#define POOL_DISCRIMINATOR 0x096380e10cd1953fULL
#define FIXED_ARRAY_DISCRIMINATOR 0xbb42076ebebd6145ULL
#define DYNAMIC_ARRAY_DISCRIMINATOR 0x38dac7e18ef6d811ULL
#define ORACLE_DISCRIMINATOR 0xf4e5b38cb383c28bULL

#define ARRAYS_OF_A_SWAP 3
#define RATE_DENOMINATOR 1000000
#define PROTOCOL_RATE_DENOMINATOR 10000

/* errors.rs */
#define DIVIDE_BY_ZERO "DivideByZero", 6006, "Unable to divide by zero"
#define NUMBER_DOWN_CAST "NumberDownCastError", 6008, "Unable to down cast number"
#define SQRT_PRICE_OUT_OF_BOUNDS "SqrtPriceOutOfBounds", 6011, "Provided sqrt price out of bounds"
#define LIQUIDITY_OVERFLOW "LiquidityOverflow", 6014, "Liquidity overflow"
#define LIQUIDITY_UNDERFLOW "LiquidityUnderflow", 6015, "Liquidity underflow"
#define TOKEN_MAX_EXCEEDED "TokenMaxExceeded", 6017, "Exceeded token max"
#define TOKEN_MIN_SUBCEEDED "TokenMinSubceeded", 6018, "Did not meet token min"
#define INVALID_TIMESTAMP \
    "InvalidTimestamp", 6022, "Timestamp should be greater than the last updated timestamp"
#define INVALID_TICK_ARRAY_SEQUENCE \
    "InvalidTickArraySequence", 6023, "Invalid tick array sequence provided for instruction."
#define SHIFT_RIGHT_OVERFLOW \
    "MultiplicationShiftRightOverflow", 6030, "Multiplication with shift right overflow"
#define MULTIPLICATION_OVERFLOW "MultiplicationOverflow", 6033, "Multiplication overflow"
#define INVALID_LIMIT_DIRECTION \
    "InvalidSqrtPriceLimitDirection", 6034, "Provided SqrtPriceLimit not in the same direction as the swap."
#define ZERO_TRADABLE_AMOUNT "ZeroTradableAmount", 6035, "There are no tradable amount to swap."
#define AMOUNT_OUT_BELOW_MINIMUM "AmountOutBelowMinimum", 6036, "Amount out below minimum threshold"
#define AMOUNT_IN_ABOVE_MAXIMUM "AmountInAboveMaximum", 6037, "Amount in above maximum threshold"
#define SEQUENCE_INVALID_INDEX \
    "TickArraySequenceInvalidIndex", 6038, "Invalid index for tick array sequence"
#define AMOUNT_CALC_OVERFLOW "AmountCalcOverflow", 6039, "Amount calculated overflows"
#define AMOUNT_REMAINING_OVERFLOW "AmountRemainingOverflow", 6040, "Amount remaining overflows"
#define INVALID_SLICE "RemainingAccountsInvalidSlice", 6048, "Invalid remaining accounts"
#define REMAINING_INSUFFICIENT "RemainingAccountsInsufficient", 6049, "Insufficient remaining accounts"
#define TRANSFER_FEE_CALCULATION "TransferFeeCalculationError", 6052, "Transfer fee calculation failed"
#define DUPLICATED_ACCOUNTS_TYPE \
    "RemainingAccountsDuplicatedAccountsType", 6053, "Same accounts type is provided more than once"
#define TOO_MANY_SUPPLEMENTAL_ARRAYS \
    "TooManySupplementalTickArrays", 6055, "Too many supplemental tick arrays provided"
#define ARRAY_OF_ANOTHER_POOL \
    "DifferentWhirlpoolTickArrayAccount", 6056, "TickArray account for different whirlpool provided"
#define PARTIAL_FILL "PartialFillError", 6057, "Trade resulted in partial fill"
#define TRADE_IS_NOT_ENABLED "TradeIsNotEnabled", 6064, "Trade is not enabled yet"

INLINE u128 read_u128(const u8 *bytes) { return (u128)read_u64(bytes + 8) << 64 | read_u64(bytes); }

INLINE void write_u128(u8 *bytes, u128 value) {
    write_u64(bytes, (u64)value);
    write_u64(bytes + 8, (u64)(value >> 64));
}

INLINE s64 read_s32(const u8 *bytes) { return *(const int *)bytes; }
INLINE void write_u32(u8 *bytes, u64 value) { *(u32 *)bytes = (u32)value; }

INLINE void wide_set_u128(struct wide *out, u128 value) {
    out->limb[0] = (u32)value;
    out->limb[1] = (u32)(value >> 32);
    out->limb[2] = (u32)(value >> 64);
    out->limb[3] = (u32)(value >> 96);
    out->count = LIMBS_128;
    wide_trim(out);
}

/* Returns 0 and leaves `out` alone when the value is wider. */
INLINE u64 wide_to_u128(u128 *out, const struct wide *value) { return wide_store((u8 *)out, LIMBS_128, value); }

/* The back end has no signed division. */
INLINE s64 floor_divide(s64 value, u64 divisor) {
    return value < 0 ? -(s64)((-(u64)value + divisor - 1) / divisor) : (s64)((u64)value / divisor);
}

/* One tick array of a swap; `data` is 0 where none exists: such a one has no ticks. */
struct tick_array {
    s64 start;
    u8 *data;
};

/* The fee of a pool with an oracle, as the swap moves from tick group to tick group. `oracle` is 0 for other pools. */
struct group_fee {
    u8 *oracle;
    u64 control, size, max_volatility;
    s64 group, lowest, highest;
    u64 volatility;
    u64 has_low, has_high;  /* whether the core range ends before the range of prices does */
    u128 low_price, high_price;
};

/* One swap: what it reads from the accounts, then what the formulas make of it. Amounts in base units. */
struct swap {
    u8 *pool;
    u64 now;
    u64 a_to_b, exact_in, has_limit;
    u64 amount, left, moved;  /* asked for, still to come of it, and what the other side has come to */
    u64 fee_rate, protocol_rate, protocol_fee;
    u64 spacing;
    u128 sqrt_price, liquidity, limit;
    u128 fee_growth;  /* of the input token, per unit of liquidity */
    u128 reward_growth[REWARD_COUNT];
    s64 tick;
    u64 tick_is_known;
    struct tick_array arrays[ARRAYS_OF_A_SWAP];
    u64 array_count, array;
    s64 next_tick;
    u64 next_array;
    u8 *next_data;  /* 0 where the search ended at the edge of an array */
    u128 next_price, target;
    u128 low, high;  /* the two prices that an amount lies between */
    u128 reached;
    u64 step_in, step_out, step_fee;
    struct group_fee groups;
};
