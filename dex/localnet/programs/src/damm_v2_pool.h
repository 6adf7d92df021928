/* Meteora DAMM v2: the pool account and the errors of the program (damm-v2 state/pool.rs, state/fee.rs, error.rs). */
#pragma once

#include "anchor.h"
#include "token.h"

/* Offsets into the account, its discriminator included. */
enum {
    POOL_CLIFF_FEE = 8, POOL_BASE_FEE_MODE = 16, POOL_PERIODS = 22, POOL_PERIOD_FREQUENCY = 24,
    POOL_PRICE_STEP_BPS = 24, POOL_SCHEDULER_EXPIRATION = 28, POOL_REDUCTION_FACTOR = 32,
    POOL_FEE_INCREMENT_BPS = 22, POOL_LIMITER_DURATION = 24, POOL_MAX_FEE_BPS = 28, POOL_REFERENCE_AMOUNT = 32,
    POOL_PROTOCOL_FEE_PERCENT = 48, POOL_REFERRAL_FEE_PERCENT = 50, POOL_COMPOUNDING_FEE_BPS = 54,
    POOL_DYNAMIC_FEE_ON = 56, POOL_MAX_VOLATILITY = 64, POOL_VARIABLE_FEE_CONTROL = 68, POOL_BIN_STEP = 72,
    POOL_FILTER_PERIOD = 74, POOL_DECAY_PERIOD = 76, POOL_VOLATILITY_REDUCTION = 78, POOL_LAST_UPDATE = 80,
    POOL_BIN_STEP_U128 = 88, POOL_PRICE_REFERENCE = 104, POOL_VOLATILITY = 120, POOL_VOLATILITY_REFERENCE = 136,
    POOL_INITIAL_SQRT_PRICE = 152, POOL_VAULT_A = 232, POOL_VAULT_B = 264, POOL_LIQUIDITY = 360,
    POOL_PROTOCOL_FEES = 392, POOL_SQRT_MIN_PRICE = 424, POOL_SQRT_MAX_PRICE = 440, POOL_SQRT_PRICE = 456,
    POOL_ACTIVATION_POINT = 472, POOL_ACTIVATION_TYPE = 480, POOL_STATUS = 481, POOL_COLLECT_FEE_MODE = 484,
    POOL_FEE_VERSION = 486, POOL_FEE_PER_LIQUIDITY = 488, POOL_TOTAL_LP_FEES = 568, POOL_TOTAL_PROTOCOL_FEES = 600,
    POOL_TOKEN_AMOUNTS = 680, POOL_LAYOUT_VERSION = 696, POOL_LENGTH = 1112
};

#define POOL_DISCRIMINATOR 0xbc6db111046d9af1ULL

enum { TIME_LINEAR, TIME_EXPONENTIAL, RATE_LIMITER, MARKET_CAP_LINEAR, MARKET_CAP_EXPONENTIAL };
enum { COLLECT_BOTH_TOKENS, COLLECT_ONLY_B, COLLECT_COMPOUNDING };
enum { TOKEN_A, TOKEN_B };

#define MATH_OVERFLOW "MathOverflow", 6000, "Math operation overflow"
#define EXCEEDED_SLIPPAGE "ExceededSlippage", 6002, "Exceeded slippage tolerance"
#define POOL_DISABLED "PoolDisabled", 6003, "Pool disabled"
#define AMOUNT_IS_ZERO "AmountIsZero", 6006, "Amount is zero"
#define TYPE_CAST_FAILED "TypeCastFailed", 6007, "Type cast error"
#define PRICE_RANGE_VIOLATION "PriceRangeViolation", 6015, "Trade is over price range"
#define FEE_INVERSE_IS_INCORRECT "FeeInverseIsIncorrect", 6038, "Fee inverse is incorrect"
#define INVALID_BASE_FEE_MODE "InvalidBaseFeeMode", 6047, "Invalid base fee mode"
#define SECOND_SWAP_IN_TRANSACTION \
    "FailToValidateSingleSwapInstruction", 6049, "Fail to validate single swap instruction in rate limiter"
#define UNDETERMINED_ERROR "UndeterminedError", 6051, "Undetermined error"

#define FEE_DENOMINATOR 1000000000ULL

/* One swap. Amounts in base units; "curve" amounts are those that meet the pool's liquidity, pool fee apart. */
struct swap {
    u8 *pool;
    struct clock clock;
    u64 point;         /* slot or unix time, as the pool counts its activation */
    u64 input_side;    /* TOKEN_A or TOKEN_B */
    u64 fee_on_input;
    u64 fee_side;      /* the token in which the pool takes its fee */
    u64 has_referral;
    u64 amount_in;     /* what the pool gets, its fee included */
    u64 curve_in;
    u64 curve_out;
    u64 amount_out;    /* what the pool gives, its fee deducted */
    u64 lp_fee, compounding_fee, protocol_fee, referral_fee;
    struct wide liquidity, sqrt_price, next_sqrt_price;
};
