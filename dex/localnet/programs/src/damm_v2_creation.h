/* Meteora DAMM v2: what initialize_customizable_pool is asked for, its checks, and the amounts that follow.
 *
 * Accounts and checks: damm-v2 instructions/initialize_pool/ix_initialize_customizable_pool.rs.
 */
#pragma once

#include "creation.h"
#include "damm_v2_pool.h"

enum {
    NEW_CREATOR, NEW_NFT_MINT, NEW_NFT_ACCOUNT, NEW_PAYER, NEW_AUTHORITY, NEW_POOL, NEW_POSITION, NEW_MINT_A, NEW_MINT_B,
    NEW_VAULT_A, NEW_VAULT_B, NEW_PAYER_A, NEW_PAYER_B, NEW_PROGRAM_A, NEW_PROGRAM_B, NEW_TOKEN_2022, NEW_SYSTEM,
    NEW_EVENT_AUTHORITY, NEW_PROGRAM, NEW_ACCOUNT_COUNT
};

/* Offsets into the account that the swaps do not read. */
enum {
    POOL_MINTS = 168, POOL_TOKEN_FLAGS = 482, POOL_TYPE = 485, POOL_POSITIONS = 632, POOL_CREATOR = 648,
    POSITION_POOL = 8, POSITION_MINT = 40, POSITION_LIQUIDITY = 152, POSITION_LENGTH = 408
};

/* Offsets into the instruction; those after the option of a dynamic fee count from its end. */
enum {
    ARG_FEES = 8, ARG_PERIODS = 16, ARG_FEE_MODE = 34, ARG_COMPOUNDING = 35, ARG_DYNAMIC = 38, DYNAMIC_LENGTH = 32,
    ARG_SQRT_MIN = 0, ARG_SQRT_MAX = 16, ARG_HAS_ALPHA_VAULT = 32, ARG_LIQUIDITY = 33, ARG_SQRT_PRICE = 49,
    ARG_ACTIVATION_TYPE = 65, ARG_COLLECT_FEE_MODE = 66, ARG_HAS_POINT = 67, ARG_POINT = 68
};

#define INITIALIZE_CUSTOMIZABLE_POOL 0x02b4ddbd18f1a114ULL
#define EVENT_CALL 0x1d9acb512ea545e4ULL
#define EVENT_CREATE_POSITION 0x37ddb51dc6770f9cULL
#define EVENT_INITIALIZE_POOL 0x258642cb55f632e4ULL
#define POSITION_DISCRIMINATOR 0xd0f7407ae48fbcaaULL
#define INITIALIZE_LOG "Instruction: InitializeCustomizablePool"
#define INVALID_ACTIVATION_POINT "InvalidActivationPoint", 6011, "Invalid activation point"
#define INVALID_PARAMETERS "InvalidParameters", 6020, "Invalid parameters"
#define PROTOCOL_FEE_PERCENT 20
#define NFT_MINT_LENGTH 270
#define NFT_METADATA_LENGTH 195
#define POOL_TYPE_CUSTOMIZABLE 1
/* 31 days in slots and in seconds. */
#define MOST_SLOTS_AHEAD 6696000
#define MOST_SECONDS_AHEAD 2678400
#define EVENT_LENGTH 448

static const char POOL_SEED[] = "cpool";
static const char VAULT_SEED[] = "token_vault";
static const char POSITION_SEED[] = "position";
static const char NFT_ACCOUNT_SEED[] = "position_nft_account";
static const char EVENT_AUTHORITY_SEED[] = "__event_authority";
struct creation {
    struct derived pool, vaults[2], position, nft_account, authority, event_authority;
    const u8 *tail;  /* the arguments after the dynamic fee */
    u64 has_dynamic_fee;
    u64 point;
    u64 amounts[2], totals[2];
    struct clock clock;
};

INLINE void start_seeds(struct derived *derived, const char *text, u64 length) {
    derived->count = 0;
    add_seed(derived, text, length);
}
#define START_SEEDS(derived, text) start_seeds(derived, text, sizeof(text) - 1)

INLINE u64 is_higher_key(const u8 *a, const u8 *b) {
    for (u64 i = 0; i < 32; i++) {
        if (a[i] != b[i]) return a[i] > b[i];
    }
    return 0;
}

OUT_OF_LINE u64 expect_address(struct derived *derived, const struct invocation *call, u64 index) {
    return is_derived(derived, call->accounts[index].key, call->program_id) ? 0 : RAISE(CONSTRAINT_SEEDS);
}

OUT_OF_LINE u64 derive_all(struct creation *new, const struct invocation *call) {
    const struct account *accounts = call->accounts;
    const u8 *a = accounts[NEW_MINT_A].key, *b = accounts[NEW_MINT_B].key, *nft = accounts[NEW_NFT_MINT].key;
    u64 a_first = is_higher_key(a, b);
    START_SEEDS(&new->pool, POOL_SEED);
    add_seed(&new->pool, a_first ? a : b, 32);
    add_seed(&new->pool, a_first ? b : a, 32);
    TRY(expect_address(&new->pool, call, NEW_POOL));
    START_SEEDS(&new->position, POSITION_SEED);
    add_seed(&new->position, nft, 32);
    TRY(expect_address(&new->position, call, NEW_POSITION));
    START_SEEDS(&new->nft_account, NFT_ACCOUNT_SEED);
    add_seed(&new->nft_account, nft, 32);
    TRY(expect_address(&new->nft_account, call, NEW_NFT_ACCOUNT));
    for (u64 i = 0; i < 2; i++) {
        START_SEEDS(&new->vaults[i], VAULT_SEED);
        add_seed(&new->vaults[i], accounts[NEW_MINT_A + i].key, 32);
        add_seed(&new->vaults[i], accounts[NEW_POOL].key, 32);
        TRY(expect_address(&new->vaults[i], call, NEW_VAULT_A + i));
    }
    START_SEEDS(&new->event_authority, EVENT_AUTHORITY_SEED);
    return expect_address(&new->event_authority, call, NEW_EVENT_AUTHORITY);
}

/* The arguments behind two options, and the point from which swaps are allowed. */
OUT_OF_LINE u64 read_arguments(struct creation *new, const struct invocation *call) {
    const u8 *data = call->data;
    if (call->data_length <= ARG_DYNAMIC) return RAISE(DID_NOT_DESERIALIZE);
    new->has_dynamic_fee = data[ARG_DYNAMIC];
    u64 start = ARG_DYNAMIC + 1 + (new->has_dynamic_fee ? DYNAMIC_LENGTH : 0);
    if (call->data_length < start + ARG_POINT) return RAISE(DID_NOT_DESERIALIZE);
    new->tail = data + start;
    u64 by_time = new->tail[ARG_ACTIVATION_TYPE];
    u64 now = by_time ? new->clock.unix_timestamp : new->clock.slot;
    new->point = now;
    if (!new->tail[ARG_HAS_POINT]) return 0;
    if (call->data_length < start + ARG_POINT + 8) return RAISE(DID_NOT_DESERIALIZE);
    new->point = read_u64(new->tail + ARG_POINT);
    if (new->point < now || new->point - now > (by_time ? MOST_SECONDS_AHEAD : MOST_SLOTS_AHEAD)) {
        return RAISE(INVALID_ACTIVATION_POINT);
    }
    return 0;
}

OUT_OF_LINE u64 check_creation(const struct invocation *call, const u8 *authority) {
    const struct account *accounts = call->accounts;
    if (!accounts[NEW_NFT_MINT].is_signer || !accounts[NEW_PAYER].is_signer) return RAISE(NOT_SIGNER);
    if (!same_key(accounts[NEW_AUTHORITY].key, authority)) return RAISE_FOR("pool_authority", CONSTRAINT_ADDRESS);
    if (!is_token_2022_program(accounts[NEW_TOKEN_2022].key)) return RAISE(INVALID_PROGRAM_ID);
    for (u64 i = 0; i < 2; i++) {
        const struct account *mint = &accounts[NEW_MINT_A + i], *user = &accounts[NEW_PAYER_A + i];
        if (!is_mint(mint) || !is_token_account(user)) return RAISE(WRONG_PROGRAM_OWNER);
        if (!same_key(mint->owner, accounts[NEW_PROGRAM_A + i].key)) return RAISE(CONSTRAINT_TOKEN_PROGRAM);
        if (!same_key(token_account_mint(user), mint->key)) return RAISE(CONSTRAINT_TOKEN_MINT);
    }
    return 0;
}

/* What both sides of a range of prices hold, rounded up as for a deposit. */
OUT_OF_LINE u64 amounts_of(struct creation *new) {
    struct wide low, high, price, liquidity, difference, scale, product;
    wide_load(&low, new->tail + ARG_SQRT_MIN, LIMBS_128);
    wide_load(&high, new->tail + ARG_SQRT_MAX, LIMBS_128);
    wide_load(&price, new->tail + ARG_SQRT_PRICE, LIMBS_128);
    wide_load(&liquidity, new->tail + ARG_LIQUIDITY, LIMBS_128);
    if (!low.count || !liquidity.count || wide_compare(&price, &low) == WIDE_LESS ||
        wide_compare(&price, &high) == WIDE_GREATER) {
        return RAISE(INVALID_PARAMETERS);
    }
    wide_subtract(&difference, &high, &price);
    wide_multiply(&scale, &price, &high);
    wide_mul_div(&product, &liquidity, &difference, &scale, ROUND_UP);
    if (!wide_to_u64(&new->amounts[0], &product)) return RAISE(TYPE_CAST_FAILED);
    wide_subtract(&difference, &price, &low);
    wide_set(&scale, 1);
    wide_shift_left(&scale, LIMBS_128);
    wide_mul_div(&product, &liquidity, &difference, &scale, ROUND_UP);
    if (!wide_to_u64(&new->amounts[1], &product)) return RAISE(TYPE_CAST_FAILED);
    return 0;
}
