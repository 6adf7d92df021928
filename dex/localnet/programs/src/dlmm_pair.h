/* Meteora DLMM: the accounts and errors of the program (dlmm-sdk idls/dlmm.json, lb_clmm 0.12.0). */
#pragma once

#define MAX_ACCOUNTS 32

#include "anchor.h"
#include "token.h"

/* Offsets into the accounts, their discriminators included. */
enum {
    PAIR_BASE_FACTOR = 8, PAIR_FILTER_PERIOD = 10, PAIR_DECAY_PERIOD = 12, PAIR_REDUCTION_FACTOR = 14,
    PAIR_VARIABLE_FEE_CONTROL = 16, PAIR_MAX_ACCUMULATOR = 20, PAIR_MIN_BIN = 24, PAIR_MAX_BIN = 28,
    PAIR_PROTOCOL_SHARE = 32, PAIR_FEE_POWER = 34, PAIR_FUNCTION = 35, PAIR_COLLECT_FEE_MODE = 36,
    PAIR_ACCUMULATOR = 40, PAIR_VOLATILITY_REFERENCE = 44, PAIR_BIN_REFERENCE = 48, PAIR_LAST_UPDATE = 56,
    PAIR_BUMP = 72, PAIR_BIN_STEP_SEED = 73, PAIR_TYPE = 75, PAIR_ACTIVE = 76, PAIR_BIN_STEP = 80,
    PAIR_STATUS = 82, PAIR_HAS_BASE_FACTOR_SEED = 83, PAIR_BASE_FACTOR_SEED = 84, PAIR_ACTIVATION_TYPE = 86,
    PAIR_MINT_X = 88, PAIR_RESERVE_X = 152, PAIR_PROTOCOL_FEES = 216, PAIR_REWARD_MINT_0 = 264,
    PAIR_REWARD_MINT_1 = 408, PAIR_ORACLE = 552, PAIR_BITMAP = 584, PAIR_BASE_KEY = 784,
    PAIR_ACTIVATION_POINT = 816, PAIR_LENGTH = 904
};
enum { ARRAY_INDEX = 8, ARRAY_PAIR = 24, ARRAY_BINS = 56, ARRAY_LENGTH = 10136 };
enum {
    BIN_AMOUNTS = 0, BIN_PRICE = 16, BIN_SUPPLY = 32, BIN_FEES_PER_SHARE = 80, BIN_OPEN_ORDERS = 112,
    BIN_PROCESSED_ORDERS = 128, BIN_ASK_SIDE = 140, BIN_LENGTH = 144
};
enum { EXTENSION_PAIR = 8, EXTENSION_POSITIVE = 40, EXTENSION_NEGATIVE = 808, EXTENSION_LENGTH = 1576 };
enum { ORACLE_LENGTH = 32 };

#define PAIR_DISCRIMINATOR 0x0db165b562310b21ULL
#define ARRAY_DISCRIMINATOR 0xb5469405dc5c8e5cULL
#define EXTENSION_DISCRIMINATOR 0x0512ed37717c6f50ULL
#define ORACLE_DISCRIMINATOR 0xf4e5b38cb383c28bULL

enum { PERMISSIONLESS, PERMISSION, CUSTOMIZABLE, PERMISSIONLESS_V2 };
enum { UNDETERMINED, LIQUIDITY_MINING, LIMIT_ORDER };
enum { TOKEN_X, TOKEN_Y };

#define BINS_IN_ARRAY 70
#define FEE_DENOMINATOR 1000000000ULL
#define HIGHEST_RATE 100000000ULL
#define ACCUMULATOR_A_BIN 10000ULL

#define INVALID_INPUT "InvalidInput", 6002, "Invalid input data"
#define EXCEEDED_SLIPPAGE "ExceededAmountSlippageTolerance", 6003, "Exceeded amount slippage tolerance"
#define PAIR_INSUFFICIENT_LIQUIDITY "PairInsufficientLiquidity", 6012, "Pair insufficient liquidity"
#define MATH_OVERFLOW "MathOverflow", 6018, "Math operation overflow"
#define EXTENSION_NOT_PROVIDED \
    "BitmapExtensionAccountIsNotProvided", 6036, "Bitmap extension account is not provided"
#define NO_BIN_ARRAY \
    "CannotFindNonZeroLiquidityBinArrayId", 6037, "Cannot find non-zero liquidity binArrayId"
#define INSUFFICIENT_OUT "InsufficientOutAmount", 6039, "Insufficient amount in for minimum out"
#define POOL_DISABLED "PoolDisabled", 6042, "Pool disabled"
#define NOT_SUPPORTED "NotSupportAtTheMoment", 6082, "Not support at the moment"
#define INSUFFICIENT_IN "InsufficientInAmount", 6104, "Insufficient in amount"

/* Signed numbers of the accounts are kept with this added: bin ids reach from -443636 to 443636. */
#define BIN_ZERO 490000ULL  /* a multiple of BINS_IN_ARRAY */
#define ARRAY_ZERO (BIN_ZERO / BINS_IN_ARRAY)

INLINE u64 read_bin_id(const u8 *bytes) { return (u64)(long long)(int)read_u32(bytes) + BIN_ZERO; }
INLINE void write_u32(u8 *bytes, u64 value) { *(u32 *)bytes = (u32)value; }
INLINE void write_bin_id(u8 *bytes, u64 id) { write_u32(bytes, id - BIN_ZERO); }

/* One swap. Amounts in base units; the pool's own fee is in `amount_in` or not in `amount_out`. */
struct swap {
    const struct invocation *call;
    u8 *pair;
    const u8 *extension;  /* its data, 0 when none was passed */
    u8 *array;            /* the bin array that is walked */
    struct clock clock;
    u64 sells_x;
    u64 is_exact_in;
    u64 fee_on_input;
    u64 fee_side;         /* TOKEN_X or TOKEN_Y */
    u64 fills_orders;     /* whether the pair has limit orders that swaps fill */
    u64 active;           /* bin id, with BIN_ZERO added */
    u64 bin_reference, volatility_reference;
    u64 accumulator;
    u64 rate;             /* billionths charged in the active bin */
    u64 base_rate;
    u64 left;             /* input (exact in) or output (exact out) that is still to be swapped */
    u64 amount_in, amount_out;
};
