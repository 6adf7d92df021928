/* The accounts of swap_v2 and what they must be, in the order in which Anchor looks at them (whirlpools
 * instructions/v2/swap.rs, util/remaining_accounts_utils.rs). */
#pragma once

#include "whirlpool_ticks.h"

enum {
    PROGRAM_A, PROGRAM_B, MEMO, AUTHORITY, POOL, MINT_A, MINT_B, USER_A, VAULT_A, USER_B, VAULT_B,
    ARRAY_0, ARRAY_1, ARRAY_2, ORACLE, ACCOUNT_COUNT
};

enum { DATA_AMOUNT = 8, DATA_BOUND = 16, DATA_LIMIT = 24, DATA_IS_INPUT = 40, DATA_A_TO_B, DATA_OPTION, DATA_LENGTH };
enum { TRANSFER_HOOK_A, TRANSFER_HOOK_B, SUPPLEMENTAL_ARRAYS = 6 };

#define SIDES (POOL_MINT_B - POOL_MINT_A)

static const char ORACLE_SEED[] = "oracle";
/* MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr */
static const u8 MEMO_KEY[32] = {
    0x05, 0x4a, 0x53, 0x5a, 0x99, 0x29, 0x21, 0x06, 0x4d, 0x24, 0xe8, 0x71, 0x60, 0xda, 0x38, 0x7c,
    0x7c, 0x35, 0xb5, 0xdd, 0xbc, 0x92, 0xbb, 0x81, 0xe4, 0x1f, 0xa8, 0x40, 0x41, 0x05, 0x44, 0x8d,
};

/* What does not exist is told apart from what belongs to another program. */
OUT_OF_LINE u64 foreign_owner(const struct account *account) {
    return is_absent(account) ? RAISE(NOT_INITIALIZED) : RAISE(WRONG_PROGRAM_OWNER);
}

OUT_OF_LINE u64 check_pool_account(const struct invocation *call) {
    const struct account *pool = &call->accounts[POOL];
    if (!same_key(pool->owner, call->program_id)) return foreign_owner(pool);
    if (pool->data_length < POOL_LENGTH || read_u64(pool->data) != POOL_DISCRIMINATOR) {
        return RAISE(DISCRIMINATOR_MISMATCH);
    }
    return 0;
}

/* What Anchor checks while it loads the accounts, before it looks at constraints. */
OUT_OF_LINE u64 check_types(const struct invocation *call) {
    const struct account *accounts = call->accounts;
    if (call->account_count < ACCOUNT_COUNT) return RAISE(NOT_ENOUGH_KEYS);
    for (u64 i = PROGRAM_A; i <= PROGRAM_B; i++) {
        if (!is_any_token_program(accounts[i].key)) return RAISE(INVALID_PROGRAM_ID);
    }
    if (!same_key(accounts[MEMO].key, MEMO_KEY)) return RAISE_FOR("memo_program", INVALID_PROGRAM_ID);
    if (!accounts[AUTHORITY].is_signer) return RAISE_FOR("token_authority", NOT_SIGNER);
    TRY(check_pool_account(call));
    for (u64 i = MINT_A; i <= MINT_B; i++) {
        if (!is_mint(&accounts[i])) return foreign_owner(&accounts[i]);
    }
    for (u64 i = USER_A; i <= VAULT_B; i++) {
        if (!is_token_account(&accounts[i])) return foreign_owner(&accounts[i]);
    }
    return 0;
}

OUT_OF_LINE u64 check_token_accounts(const struct invocation *call, u64 side) {
    const struct account *user = &call->accounts[USER_A + 2 * side], *vault = &call->accounts[VAULT_A + 2 * side];
    const u8 *mint = call->accounts[POOL].data + POOL_MINT_A + SIDES * side;
    if (!user->is_writable || !vault->is_writable) return RAISE(CONSTRAINT_MUT);
    if (!same_key(token_account_mint(user), mint)) return RAISE(CONSTRAINT_RAW);
    if (same_key(vault->key, mint + POOL_VAULT)) return 0;
    return side ? RAISE_FOR("token_vault_b", CONSTRAINT_ADDRESS) : RAISE_FOR("token_vault_a", CONSTRAINT_ADDRESS);
}

OUT_OF_LINE u64 check_oracle_address(const struct invocation *call) {
    u8 address[32], bump;
    struct seed seeds[2] = {
        {(const u8 *)ORACLE_SEED, sizeof(ORACLE_SEED) - 1},
        {call->accounts[POOL].key, 32},
    };
    u64 failure = sol_try_find_program_address(seeds, 2, call->program_id, address, &bump);
    if (failure || !same_key(address, call->accounts[ORACLE].key)) return RAISE_FOR("oracle", CONSTRAINT_SEEDS);
    return call->accounts[ORACLE].is_writable ? 0 : RAISE_FOR("oracle", CONSTRAINT_MUT);
}

OUT_OF_LINE u64 check_constraints(const struct invocation *call) {
    const struct account *accounts = call->accounts;
    const u8 *pool = accounts[POOL].data;
    if (!same_key(accounts[PROGRAM_A].key, accounts[MINT_A].owner)) return RAISE(CONSTRAINT_ADDRESS);
    if (!same_key(accounts[PROGRAM_B].key, accounts[MINT_B].owner)) return RAISE(CONSTRAINT_ADDRESS);
    if (!accounts[POOL].is_writable) return RAISE_FOR("whirlpool", CONSTRAINT_MUT);
    if (!same_key(accounts[MINT_A].key, pool + POOL_MINT_A)) return RAISE_FOR("token_mint_a", CONSTRAINT_ADDRESS);
    if (!same_key(accounts[MINT_B].key, pool + POOL_MINT_B)) return RAISE_FOR("token_mint_b", CONSTRAINT_ADDRESS);
    for (u64 side = 0; side < 2; side++) TRY(check_token_accounts(call, side));
    for (u64 i = ARRAY_0; i <= ARRAY_2; i++) {
        if (!accounts[i].is_writable) return RAISE(CONSTRAINT_MUT);
    }
    return check_oracle_address(call);
}

/* The positions of all tick arrays behind their count: the three accounts, and those that the instruction's last
 * argument says to follow (util/remaining_accounts_utils.rs). */
OUT_OF_LINE u64 read_array_indices(u8 *indices, const struct invocation *call) {
    u64 at = DATA_OPTION + 5, next = ACCOUNT_COUNT, seen = 0;
    indices[0] = 3;
    for (u64 i = 0; i < 3; i++) indices[1 + i] = (u8)(ARRAY_0 + i);
    if (!call->data[DATA_OPTION]) return 0;
    u64 slices = call->data_length >= at ? read_u32(call->data + DATA_OPTION + 1) : ~0ULL;
    if (slices > 256 || call->data_length < at + 2 * slices) return RAISE(DID_NOT_DESERIALIZE);
    for (u64 i = 0; i < slices; i++, at += 2) {
        u64 type = call->data[at], count = call->data[at + 1];
        if (type != TRANSFER_HOOK_A && type != TRANSFER_HOOK_B && type != SUPPLEMENTAL_ARRAYS) {
            return RAISE(INVALID_SLICE);
        }
        if (next + count > call->account_count) return RAISE(REMAINING_INSUFFICIENT);
        if (seen >> type & 1) return RAISE(DUPLICATED_ACCOUNTS_TYPE);
        seen |= 1ULL << type;
        if (type == SUPPLEMENTAL_ARRAYS && count > 3) return RAISE(TOO_MANY_SUPPLEMENTAL_ARRAYS);
        for (u64 j = 0; j < count; j++, next++) {
            if (type == SUPPLEMENTAL_ARRAYS && next < MAX_ACCOUNTS) indices[++indices[0]] = (u8)next;
        }
    }
    return 0;
}

OUT_OF_LINE u64 check_writable(const struct invocation *call, const u8 *indices) {
    for (u64 i = 1; i <= indices[0]; i++) {
        if (!call->accounts[indices[i]].is_writable) return RAISE(NOT_MUTABLE);
    }
    return 0;
}
