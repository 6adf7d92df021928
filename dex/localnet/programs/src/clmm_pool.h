/* Raydium CLMM: account layouts and errors (raydium-clmm states/pool.rs, states/config.rs, states/tick_array.rs,
 * states/tickarray_bitmap_extension.rs, states/oracle.rs, error.rs as of March 2025), and one swap's values.
 * Offsets include the account discriminator. */
#pragma once

/* Thirteen, the bitmap extension, and tick arrays. */
#define MAX_ACCOUNTS 32

#include "anchor.h"
#include "token.h"

typedef unsigned __int128 u128;

enum {
    POOL_BUMP = 8, POOL_CONFIG = 9, POOL_MINT_0 = 73, POOL_MINT_1 = 105, POOL_VAULT_0 = 137, POOL_VAULT_1 = 169,
    POOL_OBSERVATION = 201, POOL_TICK_SPACING = 235, POOL_LIQUIDITY = 237, POOL_SQRT_PRICE = 253, POOL_TICK = 269,
    POOL_FEE_GROWTH = 277, POOL_PROTOCOL_FEES = 309, POOL_SWAPPED = 325, POOL_STATUS = 389, POOL_BITMAP = 904,
    POOL_TOTAL_FEES = 1032, POOL_FUND_FEES = 1064, POOL_OPEN_TIME = 1080, POOL_LENGTH = 1544
};

enum { CONFIG_PROTOCOL_RATE = 43, CONFIG_TRADE_RATE = 47, CONFIG_FUND_RATE = 53, CONFIG_LENGTH = 117 };

enum {
    ARRAY_POOL = 8, ARRAY_START = 40, ARRAY_TICKS = 44, ARRAY_LENGTH = 10240,
    TICK_INDEX = 0, TICK_NET = 4, TICK_GROSS = 20, TICK_FEE_OUTSIDE = 36, TICK_SIZE = 168, TICKS_PER_ARRAY = 60
};

enum {
    EXTENSION_POOL = 8, EXTENSION_POSITIVE = 40, EXTENSION_NEGATIVE = 936, EXTENSION_LENGTH = 1832,
    BITMAP_HALF = 512, BITMAP_CHUNK_BYTES = 64
};

enum {
    OBSERVATION_INITIALIZED = 8, OBSERVATION_INDEX = 17, OBSERVATION_POOL = 19, OBSERVATION_RING = 51,
    OBSERVATION_SIZE = 44, OBSERVATION_COUNT = 100, OBSERVATION_INTERVAL_SECONDS = 15, OBSERVATION_LENGTH = 4483
};

#define POOL_DISCRIMINATOR 0x46dec3d7f5e3edf7ULL
#define CONFIG_DISCRIMINATOR 0x6f2bcbcb6821f4daULL
#define ARRAY_DISCRIMINATOR 0x2a81f931cd559bc0ULL
#define EXTENSION_DISCRIMINATOR 0x998b8061db24963cULL
#define OBSERVATION_DISCRIMINATOR 0x84a5098135c5ae7aULL
#define FEE_DENOMINATOR 1000000

/* error.rs */
#define NOT_APPROVED "NotApproved", 6001, "Not approved"
#define INVALID_TICK_ARRAY "InvalidTickArray", 6011, "Invaild tick array account"
#define SQRT_PRICE_LIMIT_OVERFLOW "SqrtPriceLimitOverflow", 6013, "Square root price limit overflow"
#define LIQUIDITY_INSUFFICIENT "LiquidityInsufficient", 6019, "Liquidity insufficient"
#define TOO_LITTLE_OUTPUT "TooLittleOutputReceived", 6022, "Too little output received"
#define TOO_MUCH_INPUT "TooMuchInputPaid", 6023, "Too much input paid"
#define ZERO_AMOUNT "ZeroAmountSpecified", 6024, "Swap special amount can not be zero"
#define INVALID_VAULT "InvalidInputPoolVault", 6025, "Input pool vault is invalid"
#define TOO_SMALL_AMOUNT "TooSmallInputOrOutputAmount", 6026, "Swap input or output amount is too small"
#define NOT_ENOUGH_ARRAYS "NotEnoughTickArrayAccount", 6027, "Not enought tick array account"
#define INVALID_FIRST_ARRAY "InvalidFirstTickArrayAccount", 6028, "Invaild first tick array account"
#define MISSING_EXTENSION \
    "MissingTickArrayBitmapExtensionAccount", 6040, "Missing tickarray bitmap extension account"
#define NO_LIQUIDITY_THIS_WAY \
    "InsufficientLiquidityForDirection", 6041, "Insufficient liquidity for this direction"
#define MAX_TOKEN_OVERFLOW "MaxTokenOverflow", 6042, "Max token overflow"

/* One swap: what it is asked, then where it stands. Prices are square roots, Q64.64; amounts base units. */
struct swap {
    struct clock clock;
    u128 limit, price, liquidity;
    u64 amount, other_limit, is_base_input, has_limit;
    u64 falling;  /* token 0 comes in */
    u64 trade_rate, protocol_rate, fund_rate;
    u64 remaining, calculated;
    u64 fees, protocol_fees, fund_fees;
    int tick, span;  /* `span` ticks lie in one array */
    u32 spacing;
    u8 *pool;
    const u8 *extension;  /* 0 when it was not passed */
    u64 array_count, next_array;
    const struct account *arrays[MAX_ACCOUNTS];
};

INLINE u128 load_u128(const u8 *bytes) { return (u128)read_u64(bytes + 8) << 64 | read_u64(bytes); }
INLINE void store_u128(u8 *bytes, u128 value) {
    write_u64(bytes, (u64)value);
    write_u64(bytes + 8, (u64)(value >> 64));
}
INLINE void wide_set_u128(struct wide *out, u128 value) {
    u64 halves[2] = {(u64)value, (u64)(value >> 64)};
    wide_load(out, (const u8 *)halves, LIMBS_128);
}
