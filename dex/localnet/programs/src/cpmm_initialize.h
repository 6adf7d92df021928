/* Raydium CPMM: initialize, which creates and funds a pool.
 *
 * Accounts, checks and order of effects: raydium-cp-swap instructions/initialize.rs, utils/token.rs.
 */
#pragma once

#include "cpmm_pool.h"
#include "creation.h"

enum {
    NEW_CREATOR, NEW_CONFIG, NEW_AUTHORITY, NEW_POOL, NEW_MINT_0, NEW_MINT_1, NEW_LP_MINT, NEW_USER_0, NEW_USER_1,
    NEW_USER_LP, NEW_VAULT_0, NEW_VAULT_1, NEW_FEE_RECEIVER, NEW_OBSERVATION, NEW_TOKEN_PROGRAM, NEW_PROGRAM_0,
    NEW_PROGRAM_1, NEW_ASSOCIATED_PROGRAM, NEW_SYSTEM, NEW_RENT, NEW_ACCOUNT_COUNT
};

#define INITIALIZE 0xed9b980d1f6dafafULL
#define INITIALIZE_LENGTH 32
#define LOCKED_LP 100
#define LP_DECIMALS 9
#define NOT_SUPPORTED_MINT "NotSupportMint", 6007, "Not support token_2022 mint extension"
#define TOO_LITTLE_LP "InitLpAmountTooLess", 6009, "InitLpAmountTooLess"
#define INITIALIZE_LOG "Instruction: Initialize"

static const char POOL_SEED[] = "pool";
static const char VAULT_SEED[] = "pool_vault";
static const char LP_MINT_SEED[] = "pool_lp_mint";
static const char OBSERVATION_SEED[] = "observation";

/* The addresses of what is created, with the seeds that sign for them. */
struct creation {
    struct derived pool, vaults[2], lp_mint, observation;
    u64 pool_signs;  /* the pool is not at its derived address, but has signed */
    struct clock clock;
    u64 liquidity;
};

INLINE void start_seeds(struct derived *derived, const char *text, u64 length) {
    derived->count = 0;
    add_seed(derived, text, length);
}

/* TransferFeeConfig, InterestBearingConfig, MetadataPointer, TokenMetadata, ScaledUiAmount */
INLINE u64 is_supported_extension(u64 type) {
    return type == 1 || type == 10 || type == 18 || type == 19 || type == 25;
}

OUT_OF_LINE u64 check_mint(const struct account *mint, const struct account *program) {
    if (is_absent(mint)) return RAISE(NOT_INITIALIZED);
    if (!is_mint(mint)) return RAISE(WRONG_PROGRAM_OWNER);
    if (!same_key(mint->owner, program->key)) return RAISE(CONSTRAINT_TOKEN_PROGRAM);
    if (!is_token_2022_program(mint->owner)) return 0;
    for (u64 at = EXTENSIONS; at + EXTENSION_HEADER <= mint->data_length;) {
        u64 type = read_u16(mint->data + at);
        if (type == 0) break;
        if (!is_supported_extension(type)) return RAISE(NOT_SUPPORTED_MINT);
        at += EXTENSION_HEADER + read_u16(mint->data + at + 2);
    }
    return 0;
}

/* Mints in the order of their bytes, as numbers are compared. */
INLINE u64 is_lower_key(const u8 *a, const u8 *b) {
    for (u64 i = 0; i < 32; i++) {
        if (a[i] != b[i]) return a[i] < b[i];
    }
    return 0;
}

/* After a name the pool and, of a vault, its mint. */
OUT_OF_LINE u64 derive_pool_account(struct derived *derived, const struct invocation *call, u64 index,
                                    const u8 *mint) {
    add_seed(derived, call->accounts[NEW_POOL].key, 32);
    if (mint) add_seed(derived, mint, 32);
    return is_derived(derived, call->accounts[index].key, call->program_id) ? 0 : RAISE(CONSTRAINT_SEEDS);
}

OUT_OF_LINE u64 derive_all(struct creation *new, const struct invocation *call) {
    const struct account *accounts = call->accounts;
    start_seeds(&new->pool, POOL_SEED, sizeof(POOL_SEED) - 1);
    add_seed(&new->pool, accounts[NEW_CONFIG].key, 32);
    add_seed(&new->pool, accounts[NEW_MINT_0].key, 32);
    add_seed(&new->pool, accounts[NEW_MINT_1].key, 32);
    new->pool_signs = !is_derived(&new->pool, accounts[NEW_POOL].key, call->program_id);
    if (new->pool_signs && !accounts[NEW_POOL].is_signer) return RAISE_FOR("pool_state", NOT_SIGNER);
    start_seeds(&new->lp_mint, LP_MINT_SEED, sizeof(LP_MINT_SEED) - 1);
    TRY(derive_pool_account(&new->lp_mint, call, NEW_LP_MINT, 0));
    start_seeds(&new->observation, OBSERVATION_SEED, sizeof(OBSERVATION_SEED) - 1);
    TRY(derive_pool_account(&new->observation, call, NEW_OBSERVATION, 0));
    for (u64 i = 0; i < 2; i++) {
        const u8 *mint = accounts[NEW_MINT_0 + i].key;
        start_seeds(&new->vaults[i], VAULT_SEED, sizeof(VAULT_SEED) - 1);
        TRY(derive_pool_account(&new->vaults[i], call, NEW_VAULT_0 + i, mint));
    }
    return 0;
}

OUT_OF_LINE u64 check_creation(struct creation *new, const struct invocation *call, const u8 *authority) {
    const struct account *accounts = call->accounts;
    if (call->account_count < NEW_ACCOUNT_COUNT) return RAISE(NOT_ENOUGH_KEYS);
    if (!accounts[NEW_CREATOR].is_signer) return RAISE_FOR("creator", NOT_SIGNER);
    const struct account *config = &accounts[NEW_CONFIG];
    if (is_absent(config)) return RAISE_FOR("amm_config", NOT_INITIALIZED);
    if (!same_key(config->owner, call->program_id)) return RAISE_FOR("amm_config", WRONG_PROGRAM_OWNER);
    if (config->data_length < CONFIG_LENGTH || read_u64(config->data) != CONFIG_DISCRIMINATOR) {
        return RAISE_FOR("amm_config", DISCRIMINATOR_MISMATCH);
    }
    if (!same_key(accounts[NEW_AUTHORITY].key, authority)) return RAISE_FOR("authority", CONSTRAINT_SEEDS);
    if (!is_lower_key(accounts[NEW_MINT_0].key, accounts[NEW_MINT_1].key)) {
        return RAISE_FOR("token_0_mint", CONSTRAINT_RAW);
    }
    for (u64 i = 0; i < 2; i++) {
        const struct account *user = &accounts[NEW_USER_0 + i];
        TRY(check_mint(&accounts[NEW_MINT_0 + i], &accounts[NEW_PROGRAM_0 + i]));
        if (!is_token_account(user)) return RAISE(WRONG_PROGRAM_OWNER);
        if (!same_key(token_account_mint(user), accounts[NEW_MINT_0 + i].key)) return RAISE(CONSTRAINT_TOKEN_MINT);
    }
    TRY(derive_all(new, call));
    return config->data[CONFIG_DISABLE_CREATE_POOL] ? RAISE(NOT_APPROVED) : 0;
}

/* The LP mint and the creator's associated account for it. */
OUT_OF_LINE u64 create_lp(struct creation *new, struct invocation *call) {
    struct account *accounts = call->accounts;
    const struct account *token = &accounts[NEW_TOKEN_PROGRAM], *system = &accounts[NEW_SYSTEM];
    const struct account *creator = &accounts[NEW_CREATOR];
    struct funder funder = {system, creator};
    struct account *mint = &accounts[NEW_LP_MINT];
    u8 data[35];
    struct part of_mint[1] = {{mint, WRITABLE}};
    struct part of_holding[6] = {{creator, WRITABLE_SIGNER}, {&accounts[NEW_USER_LP], WRITABLE}, {creator, READ_ONLY},
                                 {mint, READ_ONLY},          {system, READ_ONLY},               {token, READ_ONLY}};
    struct sending to_mint = {token, data, sizeof(data), of_mint, 1, 0};
    struct sending to_holding = {&accounts[NEW_ASSOCIATED_PROGRAM], data, 1, of_holding, 6, 0};
    TRY(create_account(&funder, mint, token->key, MINT_LENGTH, &new->lp_mint));
    data[0] = INITIALIZE_MINT_2;
    data[1] = LP_DECIMALS;
    copy_key(data + 2, accounts[NEW_AUTHORITY].key);
    data[34] = 0;
    TRY(send(&to_mint));
    data[0] = 0;
    TRY(send(&to_holding));
    accounts[NEW_USER_LP].data_length = TOKEN_ACCOUNT_LENGTH;
    return 0;
}

OUT_OF_LINE u64 create_vault(struct creation *new, struct invocation *call, u64 side) {
    struct account *accounts = call->accounts;
    struct account *vault = &accounts[NEW_VAULT_0 + side];
    const struct account *mint = &accounts[NEW_MINT_0 + side], *program = &accounts[NEW_PROGRAM_0 + side];
    struct funder funder = {&accounts[NEW_SYSTEM], &accounts[NEW_CREATOR]};
    TRY(create_account(&funder, vault, program->key, token_account_length(mint), &new->vaults[side]));
    return initialize_token_account(program, vault, mint, accounts[NEW_AUTHORITY].key);
}

OUT_OF_LINE u64 create_pool_accounts(struct creation *new, struct invocation *call) {
    struct account *accounts = call->accounts;
    struct funder funder = {&accounts[NEW_SYSTEM], &accounts[NEW_CREATOR]};
    struct account *observation = &accounts[NEW_OBSERVATION];
    TRY(create_lp(new, call));
    TRY(create_account(&funder, observation, call->program_id, OBSERVATION_LENGTH, &new->observation));
    write_u64(observation->data, OBSERVATION_DISCRIMINATOR);
    copy_key(observation->data + OBSERVATION_POOL, accounts[NEW_POOL].key);
    TRY(create_vault(new, call, 0));
    TRY(create_vault(new, call, 1));
    return create_account(&funder, &accounts[NEW_POOL], call->program_id, POOL_LENGTH,
                          new->pool_signs ? 0 : &new->pool);
}

OUT_OF_LINE u64 fund(struct creation *new, const struct invocation *call) {
    const struct account *accounts = call->accounts;
    struct wide amounts[2], product, root;
    for (u64 i = 0; i < 2; i++) {
        struct transfer transfer = {&accounts[NEW_USER_0 + i],  &accounts[NEW_MINT_0 + i],
                                    &accounts[NEW_VAULT_0 + i], &accounts[NEW_CREATOR],
                                    &accounts[NEW_PROGRAM_0 + i], read_u64(call->data + 8 + 8 * i)};
        TRY(transfer_checked(&transfer, 0));
        wide_set(&amounts[i], token_account_amount(&accounts[NEW_VAULT_0 + i]));
    }
    wide_multiply(&product, &amounts[0], &amounts[1]);
    if (!product.count) return RAISE(TOO_LITTLE_LP);
    wide_square_root(&root, &product, &amounts[0]);
    wide_to_u64(&new->liquidity, &root);
    return new->liquidity <= LOCKED_LP ? RAISE(TOO_LITTLE_LP) : 0;
}

OUT_OF_LINE void write_pool(const struct creation *new, const struct invocation *call, u8 auth_bump) {
    const struct account *accounts = call->accounts;
    u8 *pool = accounts[NEW_POOL].data;
    static const u8 keys[10] = {NEW_CONFIG, NEW_CREATOR, NEW_VAULT_0,   NEW_VAULT_1,   NEW_LP_MINT,
                                NEW_MINT_0, NEW_MINT_1,  NEW_PROGRAM_0, NEW_PROGRAM_1, NEW_OBSERVATION};
    u64 asked = read_u64(call->data + 24), now = new->clock.unix_timestamp;
    write_u64(pool, POOL_DISCRIMINATOR);
    for (u64 i = 0; i < sizeof(keys); i++) copy_key(pool + POOL_CONFIG + 32 * i, accounts[keys[i]].key);
    pool[POOL_AUTH_BUMP] = auth_bump;
    pool[POOL_LP_DECIMALS] = LP_DECIMALS;
    for (u64 i = 0; i < 2; i++) pool[POOL_DECIMALS + i] = accounts[NEW_MINT_0 + i].data[MINT_DECIMALS];
    write_u64(pool + POOL_LP_SUPPLY, new->liquidity);
    write_u64(pool + POOL_OPEN_TIME, asked > now ? asked : now + 1);
    write_u64(pool + POOL_RECENT_EPOCH, new->clock.epoch);
}

OUT_OF_LINE u64 pay_creation_fee(const struct invocation *call) {
    const struct account *accounts = call->accounts;
    u64 fee = read_u64(accounts[NEW_CONFIG].data + CONFIG_CREATE_POOL_FEE);
    u8 data[1] = {SYNC_NATIVE};
    struct part parts[1] = {{&accounts[NEW_FEE_RECEIVER], WRITABLE}};
    struct sending sending = {&accounts[NEW_TOKEN_PROGRAM], data, 1, parts, 1, 0};
    struct funder funder = {&accounts[NEW_SYSTEM], &accounts[NEW_CREATOR]};
    if (!fee) return 0;
    TRY(pay_lamports(&funder, &accounts[NEW_FEE_RECEIVER], fee));
    return send(&sending);
}

OUT_OF_LINE u64 initialize(struct invocation *call, const u8 *authority, const char *authority_seed, u64 length) {
    struct creation new;
    struct derived signer;
    const struct account *accounts = call->accounts;
    sol_log_(INITIALIZE_LOG, sizeof(INITIALIZE_LOG) - 1);
    if (call->data_length < INITIALIZE_LENGTH) return RAISE(DID_NOT_DESERIALIZE);
    sol_get_clock_sysvar(&new.clock);
    TRY(check_creation(&new, call, authority));
    start_seeds(&signer, authority_seed, length);
    if (!is_derived(&signer, authority, call->program_id)) return RAISE_FOR("authority", CONSTRAINT_SEEDS);
    TRY(create_pool_accounts(&new, call));
    TRY(fund(&new, call));
    write_pool(&new, call, signer.bump);
    struct minting minting = {&accounts[NEW_TOKEN_PROGRAM], &accounts[NEW_LP_MINT], &accounts[NEW_USER_LP],
                              &accounts[NEW_AUTHORITY], new.liquidity - LOCKED_LP};
    TRY(mint_to(&minting, &signer));
    return pay_creation_fee(call);
}
