/* SPL Token and Token-2022: reading accounts, transfer fees, transfer_checked.
 *
 * Layouts and fee rules: spl-token state.rs, spl-token-2022 extension/transfer_fee/mod.rs.
 */
#pragma once

#include "wide.h"

#define TOKEN_ACCOUNT_LENGTH 165
#define MINT_LENGTH 82
#define MINT_DECIMALS 44
#define EXTENSIONS 166
#define EXTENSION_HEADER 4
#define TRANSFER_FEE_CONFIG 1
#define TRANSFER_FEE_OLDER 72
#define TRANSFER_FEE_NEWER 90
#define BASIS_POINTS 10000
#define TRANSFER 3
#define TRANSFER_CHECKED 12

/* TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA */
INLINE u64 is_token_program(const u8 *key) {
    return read_u64(key) == 0x93a165d7e1f6dd06 && read_u64(key + 8) == 0xac79ebce46e1cbd9 &&
           read_u64(key + 16) == 0x91375b5fed85b41c && read_u64(key + 24) == 0xa900ff7e85f58c3a;
}

/* TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb */
INLINE u64 is_token_2022_program(const u8 *key) {
    return read_u64(key) == 0xde8f75eee1f6dd06 && read_u64(key + 8) == 0xdacd6ce4bc5d4218 &&
           read_u64(key + 16) == 0x270db9834dfc1ab6 && read_u64(key + 24) == 0xfc8ba1d828f9bdfe;
}

OUT_OF_LINE u64 is_any_token_program(const u8 *key) { return is_token_program(key) || is_token_2022_program(key); }

INLINE u64 is_token_account(const struct account *account) {
    return account->data_length >= TOKEN_ACCOUNT_LENGTH && is_any_token_program(account->owner);
}

INLINE u64 is_mint(const struct account *account) {
    return account->data_length >= MINT_LENGTH && is_any_token_program(account->owner);
}

INLINE const u8 *token_account_mint(const struct account *account) { return account->data; }
INLINE u64 token_account_amount(const struct account *account) { return read_u64(account->data + 64); }

struct transfer_fee {
    u64 maximum;
    u64 basis_points;
};

/* The fee in force in `epoch`; all zero for a mint without the extension. */
OUT_OF_LINE void read_transfer_fee(struct transfer_fee *fee, const struct account *mint, u64 epoch) {
    fee->maximum = 0;
    fee->basis_points = 0;
    if (!is_token_2022_program(mint->owner)) return;
    u64 at = EXTENSIONS;
    while (at + EXTENSION_HEADER <= mint->data_length) {
        u64 type = read_u16(mint->data + at);
        u64 length = read_u16(mint->data + at + 2);
        const u8 *config = mint->data + at + EXTENSION_HEADER;
        if (type == TRANSFER_FEE_CONFIG && at + EXTENSION_HEADER + length <= mint->data_length) {
            const u8 *newer = config + TRANSFER_FEE_NEWER;
            const u8 *current = epoch >= read_u64(newer) ? newer : config + TRANSFER_FEE_OLDER;
            fee->maximum = read_u64(current + 8);
            fee->basis_points = read_u16(current + 16);
            return;
        }
        at += EXTENSION_HEADER + length;
    }
}

/* What a transfer of `amount` withholds from its receiver. */
OUT_OF_LINE u64 transfer_fee_on(const struct transfer_fee *fee, u64 amount) {
    u64 raw;
    if (fee->basis_points == 0 || amount == 0) return 0;
    if (!mul_div(&raw, amount, fee->basis_points, BASIS_POINTS, ROUND_UP)) return fee->maximum;
    return raw < fee->maximum ? raw : fee->maximum;
}

/* The fee to add to `net` so that the receiver gets `net`. A 100 % fee is its maximum, as the venues have it. */
OUT_OF_LINE u64 inverse_transfer_fee(const struct transfer_fee *fee, u64 net) {
    u64 gross;
    if (fee->basis_points == 0 || net == 0) return 0;
    if (fee->basis_points == BASIS_POINTS) return fee->maximum;
    u64 fits = mul_div(&gross, net, BASIS_POINTS, BASIS_POINTS - fee->basis_points, ROUND_UP);
    if (!fits || gross - net >= fee->maximum) gross = checked_add(net, fee->maximum);
    return transfer_fee_on(fee, gross);
}

struct transfer {
    const struct account *from;
    const struct account *mint;
    const struct account *to;
    const struct account *authority;
    const struct account *program;
    u64 amount;
};

/* transfer_checked by CPI; `signer` is 0 when the authority signed the transaction itself. A failure of the
 * token program ends the transaction with the token program's error. An amount of 0 moves nothing. */
OUT_OF_LINE u64 transfer_checked(const struct transfer *transfer, const struct signer_seeds *signer) {
    if (transfer->amount == 0) return 0;
    u8 data[10];
    data[0] = TRANSFER_CHECKED;
    write_u64(data + 1, transfer->amount);
    data[9] = transfer->mint->data[MINT_DECIMALS];
    struct account_meta metas[4] = {
        {transfer->from->key, 1, 0},
        {transfer->mint->key, 0, 0},
        {transfer->to->key, 1, 0},
        {transfer->authority->key, 0, 1},
    };
    struct account accounts[5];
    accounts[0] = *transfer->from;
    accounts[1] = *transfer->mint;
    accounts[2] = *transfer->to;
    accounts[3] = *transfer->authority;
    accounts[4] = *transfer->program;
    struct instruction instruction = {transfer->program->key, metas, 4, data, sizeof(data)};
    return sol_invoke_signed_c(&instruction, accounts, 5, signer, signer ? 1 : 0);
}

/* transfer by CPI, which names no mint; for the rest as transfer_checked. */
OUT_OF_LINE u64 transfer_unchecked(const struct transfer *transfer, const struct signer_seeds *signer) {
    u8 data[9];
    data[0] = TRANSFER;
    write_u64(data + 1, transfer->amount);
    struct account_meta metas[3] = {
        {transfer->from->key, 1, 0},
        {transfer->to->key, 1, 0},
        {transfer->authority->key, 0, 1},
    };
    struct account accounts[4];
    accounts[0] = *transfer->from;
    accounts[1] = *transfer->to;
    accounts[2] = *transfer->authority;
    accounts[3] = *transfer->program;
    struct instruction instruction = {transfer->program->key, metas, 3, data, sizeof(data)};
    return sol_invoke_signed_c(&instruction, accounts, 4, signer, signer ? 1 : 0);
}
