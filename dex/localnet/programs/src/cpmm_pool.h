/* Raydium CPMM: account layouts and errors (raydium-cp-swap states/pool.rs, states/config.rs, states/oracle.rs,
 * error.rs), and one swap's values. Offsets include the account discriminator. */
#pragma once

#include "anchor.h"
#include "token.h"

enum {
    POOL_CONFIG = 8, POOL_VAULT_0 = 72, POOL_VAULT_1 = 104, POOL_OBSERVATION = 296, POOL_AUTH_BUMP = 328,
    POOL_STATUS = 329, POOL_LP_DECIMALS = 330, POOL_DECIMALS = 331, POOL_LP_SUPPLY = 333,
    POOL_PROTOCOL_FEES = 341, POOL_FUND_FEES = 357, POOL_OPEN_TIME = 373, POOL_RECENT_EPOCH = 381,
    POOL_CREATOR_FEE_ON = 389, POOL_ENABLE_CREATOR_FEE = 390, POOL_CREATOR_FEES = 397, POOL_LENGTH = 637
};

enum {
    CONFIG_DISABLE_CREATE_POOL = 9, CONFIG_TRADE_FEE_RATE = 12, CONFIG_PROTOCOL_FEE_RATE = 20,
    CONFIG_FUND_FEE_RATE = 28, CONFIG_CREATE_POOL_FEE = 36, CONFIG_CREATOR_FEE_RATE = 108, CONFIG_LENGTH = 236
};

enum {
    OBSERVATION_INITIALIZED = 8, OBSERVATION_INDEX = 9, OBSERVATION_POOL = 11, OBSERVATION_RING = 43,
    OBSERVATION_SIZE = 40, OBSERVATION_COUNT = 100, OBSERVATION_INTERVAL_SECONDS = 15, OBSERVATION_LENGTH = 4075
};

#define POOL_DISCRIMINATOR 0x46dec3d7f5e3edf7ULL
#define CONFIG_DISCRIMINATOR 0x6f2bcbcb6821f4daULL
#define OBSERVATION_DISCRIMINATOR 0x84a5098135c5ae7aULL
#define FEE_DENOMINATOR 1000000

/* error.rs */
#define NOT_APPROVED "NotApproved", 6000, "Not approved"
#define EXCEEDED_SLIPPAGE "ExceededSlippage", 6005, "Exceeds desired slippage limit"
#define INVALID_VAULT "InvalidVault", 6008, "invaild vault"
#define INSUFFICIENT_VAULT "InsufficientVault", 6012, "Insufficient vault"

/* One swap: what it reads from the accounts, then what the formulas make of it. Amounts in base units. */
struct swap {
    struct clock clock;
    struct transfer_fee input_fee, output_fee;
    u64 input_side;  /* 0 when token 0 comes in, 1 when token 1 does */
    u64 reserve_in, reserve_out;
    u64 trade_rate, creator_rate;
    u64 creator_fee_on_input;
    u64 pool_in, pool_out;  /* what the pool gains and gives, Token-2022 fees apart */
    u64 trade_fee, creator_fee;
    u64 paid, sent;  /* what the two transfers move, Token-2022 fees included */
};
