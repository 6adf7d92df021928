/* Meteora DAMM v2: initialize_customizable_pool, which creates and funds a pool.
 *
 * Order of effects: damm-v2 instructions/initialize_pool/ix_initialize_customizable_pool.rs, utils/token.rs, event.rs.
 */
#pragma once

#include "damm_v2_creation.h"

static const char NFT_NAME[] = "Meteora Position NFT";
static const char NFT_SYMBOL[] = "MPN";
static const char NFT_URI[] =
    "https://raw.githubusercontent.com/MeteoraAg/token-metadata/main/meteora_position_nft.png";
/* spl-token-metadata-interface: initialize */
#define INITIALIZE_METADATA 0x8d4db858a21ee1d2ULL

OUT_OF_LINE u64 tell_mint(const struct invocation *call, const u8 *data, u64 length) {
    struct part parts[1] = {{&call->accounts[NEW_NFT_MINT], WRITABLE}};
    struct sending sending = {&call->accounts[NEW_TOKEN_2022], data, length, parts, 1, 0};
    return send(&sending);
}

/* A mint that points to itself for its metadata, closed by the pool authority and frozen by the pool. */
OUT_OF_LINE u64 create_nft_mint(struct invocation *call, const struct funder *funder) {
    struct account *accounts = call->accounts;
    const u8 *authority = accounts[NEW_AUTHORITY].key;
    u8 data[67];
    TRY(create_account(funder, &accounts[NEW_NFT_MINT], accounts[NEW_TOKEN_2022].key, NFT_MINT_LENGTH, 0));
    data[0] = 39;  /* MetadataPointerExtension */
    data[1] = 0;
    copy_key(data + 2, authority);
    copy_key(data + 34, accounts[NEW_NFT_MINT].key);
    TRY(tell_mint(call, data, 66));
    data[0] = 25;  /* InitializeMintCloseAuthority */
    data[1] = 1;
    copy_key(data + 2, authority);
    TRY(tell_mint(call, data, 34));
    data[0] = INITIALIZE_MINT_2;
    data[1] = 0;
    copy_key(data + 2, authority);
    data[34] = 1;
    copy_key(data + 35, accounts[NEW_POOL].key);
    return tell_mint(call, data, 67);
}

OUT_OF_LINE u64 add_text(u8 *data, u64 at, const char *text, u64 length) {
    write_u32(data + at, length);
    copy_bytes(data + at + 4, (const u8 *)text, length);
    return at + 4 + length;
}

OUT_OF_LINE u64 name_nft(struct creation *new, struct invocation *call, const struct funder *funder) {
    struct account *accounts = call->accounts, *mint = &accounts[NEW_NFT_MINT];
    const struct account *authority = &accounts[NEW_AUTHORITY];
    u8 data[8 + 12 + sizeof(NFT_NAME) + sizeof(NFT_SYMBOL) + sizeof(NFT_URI)];
    struct part parts[4] = {{mint, WRITABLE}, {authority, READ_ONLY}, {mint, READ_ONLY}, {authority, SIGNER}};
    write_u64(data, INITIALIZE_METADATA);
    u64 length = add_text(data, 8, NFT_NAME, sizeof(NFT_NAME) - 1);
    length = add_text(data, length, NFT_SYMBOL, sizeof(NFT_SYMBOL) - 1);
    length = add_text(data, length, NFT_URI, sizeof(NFT_URI) - 1);
    struct sending sending = {&accounts[NEW_TOKEN_2022], data, length, parts, 4, &new->authority};
    TRY(send(&sending));
    mint->data_length = NFT_MINT_LENGTH + NFT_METADATA_LENGTH;
    TRY(pay_lamports(funder, mint, NFT_METADATA_LENGTH * RENT_OF_BYTE));
    struct minting minting = {&accounts[NEW_TOKEN_2022], mint, &accounts[NEW_NFT_ACCOUNT], authority, 1};
    return mint_to(&minting, &new->authority);
}

OUT_OF_LINE u64 create_vault(struct creation *new, struct invocation *call, const struct funder *funder, u64 side) {
    struct account *accounts = call->accounts, *vault = &accounts[NEW_VAULT_A + side];
    const struct account *mint = &accounts[NEW_MINT_A + side], *program = &accounts[NEW_PROGRAM_A + side];
    TRY(create_account(funder, vault, program->key, token_account_length(mint), &new->vaults[side]));
    return initialize_token_account(program, vault, mint, accounts[NEW_AUTHORITY].key);
}

OUT_OF_LINE u64 create_pool_accounts(struct creation *new, struct invocation *call, const struct funder *funder) {
    struct account *accounts = call->accounts;
    const struct account *token_2022 = &accounts[NEW_TOKEN_2022], *nft = &accounts[NEW_NFT_ACCOUNT];
    TRY(create_nft_mint(call, funder));
    TRY(create_account(funder, &accounts[NEW_NFT_ACCOUNT], token_2022->key, TOKEN_ACCOUNT_LENGTH, &new->nft_account));
    TRY(initialize_token_account(token_2022, nft, &accounts[NEW_NFT_MINT], accounts[NEW_CREATOR].key));
    TRY(create_account(funder, &accounts[NEW_POOL], call->program_id, POOL_LENGTH, &new->pool));
    TRY(create_account(funder, &accounts[NEW_POSITION], call->program_id, POSITION_LENGTH, &new->position));
    TRY(create_vault(new, call, funder, 0));
    return create_vault(new, call, funder, 1);
}

OUT_OF_LINE void write_fees(const struct creation *new, u8 *pool, const u8 *data) {
    copy_bytes(pool + POOL_CLIFF_FEE, data + ARG_FEES, 8);
    pool[POOL_BASE_FEE_MODE] = data[ARG_FEE_MODE];
    copy_bytes(pool + POOL_PERIODS, data + ARG_PERIODS, ARG_FEE_MODE - ARG_PERIODS);
    pool[POOL_PROTOCOL_FEE_PERCENT] = PROTOCOL_FEE_PERCENT;
    pool[POOL_REFERRAL_FEE_PERCENT] = PROTOCOL_FEE_PERCENT;
    copy_bytes(pool + POOL_COMPOUNDING_FEE_BPS, data + ARG_COMPOUNDING, 2);
    if (!new->has_dynamic_fee) return;
    const u8 *dynamic = data + ARG_DYNAMIC + 1;
    pool[POOL_DYNAMIC_FEE_ON] = 1;
    copy_bytes(pool + POOL_BIN_STEP, dynamic, 2);
    copy_bytes(pool + POOL_BIN_STEP_U128, dynamic + 2, 16);
    copy_bytes(pool + POOL_FILTER_PERIOD, dynamic + 18, 6);
    copy_bytes(pool + POOL_MAX_VOLATILITY, dynamic + 24, 8);
}

OUT_OF_LINE void write_pool(const struct creation *new, const struct invocation *call) {
    const struct account *accounts = call->accounts;
    u8 *pool = accounts[NEW_POOL].data;
    write_u64(pool, POOL_DISCRIMINATOR);
    write_fees(new, pool, call->data);
    for (u64 i = 0; i < 4; i++) copy_key(pool + POOL_MINTS + 32 * i, accounts[NEW_MINT_A + i].key);
    copy_bytes(pool + POOL_INITIAL_SQRT_PRICE, new->tail + ARG_SQRT_PRICE, 16);
    copy_bytes(pool + POOL_LIQUIDITY, new->tail + ARG_LIQUIDITY, 16);
    copy_bytes(pool + POOL_SQRT_MIN_PRICE, new->tail + ARG_SQRT_MIN, 16);
    copy_bytes(pool + POOL_SQRT_MAX_PRICE, new->tail + ARG_SQRT_MAX, 16);
    copy_bytes(pool + POOL_SQRT_PRICE, new->tail + ARG_SQRT_PRICE, 16);
    write_u64(pool + POOL_ACTIVATION_POINT, new->point);
    pool[POOL_ACTIVATION_TYPE] = new->tail[ARG_ACTIVATION_TYPE];
    for (u64 i = 0; i < 2; i++) {
        pool[POOL_TOKEN_FLAGS + i] = is_token_2022_program(accounts[NEW_PROGRAM_A + i].key);
        write_u64(pool + POOL_TOKEN_AMOUNTS + 8 * i, new->amounts[i]);
    }
    pool[POOL_COLLECT_FEE_MODE] = new->tail[ARG_COLLECT_FEE_MODE];
    pool[POOL_TYPE] = POOL_TYPE_CUSTOMIZABLE;
    pool[POOL_FEE_VERSION] = 1;
    write_u64(pool + POOL_POSITIONS, 1);
    copy_key(pool + POOL_CREATOR, accounts[NEW_CREATOR].key);
    pool[POOL_LAYOUT_VERSION] = 1;
}

OUT_OF_LINE void write_position(const struct creation *new, const struct invocation *call) {
    const struct account *accounts = call->accounts;
    u8 *position = accounts[NEW_POSITION].data;
    write_u64(position, POSITION_DISCRIMINATOR);
    copy_key(position + POSITION_POOL, accounts[NEW_POOL].key);
    copy_key(position + POSITION_MINT, accounts[NEW_NFT_MINT].key);
    copy_bytes(position + POSITION_LIQUIDITY, new->tail + ARG_LIQUIDITY, 16);
}

/* An event is a call of the program by itself, signed by its event authority. */
OUT_OF_LINE u64 emit(const struct creation *new, const struct invocation *call, u8 *event, u64 length) {
    const struct account *accounts = call->accounts;
    struct part parts[1] = {{&accounts[NEW_EVENT_AUTHORITY], SIGNER}};
    struct sending sending = {&accounts[NEW_PROGRAM], event, length, parts, 1, &new->event_authority};
    write_u64(event, EVENT_CALL);
    return send(&sending);
}

INLINE u64 add_bytes(u8 *event, u64 at, const u8 *bytes, u64 length) {
    copy_bytes(event + at, bytes, length);
    return at + length;
}

OUT_OF_LINE u64 emit_position(const struct creation *new, const struct invocation *call) {
    static const u8 keys[4] = {NEW_POOL, NEW_CREATOR, NEW_POSITION, NEW_NFT_MINT};
    u8 event[16 + 4 * 32];
    u64 at = 16;
    write_u64(event + 8, EVENT_CREATE_POSITION);
    for (u64 i = 0; i < sizeof(keys); i++) at = add_bytes(event, at, call->accounts[keys[i]].key, 32);
    return emit(new, call, event, at);
}

OUT_OF_LINE u64 emit_pool(const struct creation *new, const struct invocation *call) {
    static const u8 keys[5] = {NEW_POOL, NEW_MINT_A, NEW_MINT_B, NEW_CREATOR, NEW_PAYER};
    const u8 *pool = call->accounts[NEW_POOL].data, *tail = new->tail;
    u8 event[EVENT_LENGTH];
    u64 at = 16;
    write_u64(event + 8, EVENT_INITIALIZE_POOL);
    for (u64 i = 0; i < sizeof(keys); i++) at = add_bytes(event, at, call->accounts[keys[i]].key, 32);
    for (u64 i = 0; i < 4; i++) write_u64(event + at + 8 * i, 0);  /* no alpha vault */
    at += 32;
    at = add_bytes(event, at, call->data + ARG_FEES, tail - call->data - ARG_FEES);
    at = add_bytes(event, at, tail + ARG_SQRT_MIN, 32);
    at = add_bytes(event, at, tail + ARG_ACTIVATION_TYPE, 2);
    at = add_bytes(event, at, tail + ARG_LIQUIDITY, 32);
    at = add_bytes(event, at, (const u8 *)&new->point, 8);
    at = add_bytes(event, at, pool + POOL_TOKEN_FLAGS, 2);
    at = add_bytes(event, at, (const u8 *)new->amounts, 16);
    at = add_bytes(event, at, (const u8 *)new->totals, 16);
    event[at] = POOL_TYPE_CUSTOMIZABLE;
    return emit(new, call, event, at + 1);
}

OUT_OF_LINE u64 fund(struct creation *new, const struct invocation *call) {
    const struct account *accounts = call->accounts;
    for (u64 i = 0; i < 2; i++) {
        struct transfer_fee fee;
        read_transfer_fee(&fee, &accounts[NEW_MINT_A + i], new->clock.epoch);
        new->totals[i] = checked_add(new->amounts[i], inverse_transfer_fee(&fee, new->amounts[i]));
        struct transfer transfer = {&accounts[NEW_PAYER_A + i], &accounts[NEW_MINT_A + i], &accounts[NEW_VAULT_A + i],
                                    &accounts[NEW_PAYER],       &accounts[NEW_PROGRAM_A + i], new->totals[i]};
        TRY(transfer_checked(&transfer, 0));
    }
    return 0;
}

OUT_OF_LINE u64 initialize_pool(struct invocation *call, const u8 *authority, const char *seed, u64 seed_length) {
    struct creation new;
    sol_log_(INITIALIZE_LOG, sizeof(INITIALIZE_LOG) - 1);
    if (call->account_count < NEW_ACCOUNT_COUNT) return RAISE(NOT_ENOUGH_KEYS);
    sol_get_clock_sysvar(&new.clock);
    struct funder funder = {&call->accounts[NEW_SYSTEM], &call->accounts[NEW_PAYER]};
    TRY(check_creation(call, authority));
    TRY(derive_all(&new, call));
    start_seeds(&new.authority, seed, seed_length);
    TRY(expect_address(&new.authority, call, NEW_AUTHORITY));
    TRY(create_pool_accounts(&new, call, &funder));
    TRY(read_arguments(&new, call));
    if (new.tail[ARG_HAS_ALPHA_VAULT] || new.tail[ARG_COLLECT_FEE_MODE] >= COLLECT_COMPOUNDING) {
        return RAISE(INVALID_PARAMETERS);
    }
    TRY(amounts_of(&new));
    write_pool(&new, call);
    write_position(&new, call);
    TRY(name_nft(&new, call, &funder));
    TRY(emit_position(&new, call));
    TRY(fund(&new, call));
    return emit_pool(&new, call);
}
