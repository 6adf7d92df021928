/* Creating accounts by CPI: the system program, SPL Token and Token-2022, the associated-token program.
 *
 * Instructions: solana-system-interface instruction.rs; spl-token instruction.rs; rent: 2 years of 3,480 lamports a
 * byte, 128 bytes an account more.
 */
#pragma once

#include "token.h"

#define RENT_OF_BYTE 6960
#define ACCOUNT_OVERHEAD 128
#define MOST_PARTS 7

enum { SYSTEM_CREATE_ACCOUNT = 0, SYSTEM_TRANSFER = 2 };
enum {
    MINT_TO = 7, SYNC_NATIVE = 17, INITIALIZE_ACCOUNT_3 = 18, INITIALIZE_MINT_2 = 20, TRANSFER_FEE_AMOUNT_LENGTH = 12,
    ACCOUNT_TYPE_LENGTH = 1
};

enum { READ_ONLY = 0, WRITABLE = 1, SIGNER = 2, WRITABLE_SIGNER = 3 };

/* An account of an instruction by CPI. */
struct part {
    const struct account *account;
    u64 access;
};

/* The address of some seeds with the bump that it needs; `seeds` has room for one more at `count`. */
struct derived {
    struct seed seeds[5];
    u64 count;
    u8 bump;
};

INLINE void write_u32(u8 *bytes, u32 value) { *(u32 *)bytes = value; }

OUT_OF_LINE void copy_bytes(u8 *to, const u8 *from, u64 length) {
    for (u64 i = 0; i < length; i++) to[i] = from[i];
}

INLINE void copy_key(u8 *to, const u8 *from) { copy_bytes(to, from, 32); }

INLINE void add_seed(struct derived *derived, const void *bytes, u64 length) {
    derived->seeds[derived->count].bytes = bytes;
    derived->seeds[derived->count].length = length;
    derived->count++;
}

/* Finds the bump and adds it to the seeds, so that they sign; 0 when the address is another one. */
OUT_OF_LINE u64 is_derived(struct derived *derived, const u8 *address, const u8 *program_id) {
    u8 found[32];
    if (sol_try_find_program_address(derived->seeds, derived->count, program_id, found, &derived->bump)) return 0;
    add_seed(derived, &derived->bump, 1);
    return same_key(found, address);
}

/* An instruction to send; `signer` is 0 when nothing but signers of the transaction signs. */
struct sending {
    const struct account *program;
    const u8 *data;
    u64 length;
    const struct part *parts;
    u64 count;
    const struct derived *signer;
};

OUT_OF_LINE u64 send(const struct sending *sending) {
    struct account_meta metas[MOST_PARTS];
    struct account accounts[MOST_PARTS + 1];
    u64 count = sending->count;
    for (u64 i = 0; i < count; i++) {
        const struct part *part = &sending->parts[i];
        metas[i].key = part->account->key;
        metas[i].is_writable = part->access & WRITABLE;
        metas[i].is_signer = part->access >> 1;
        accounts[i] = *part->account;
    }
    accounts[count] = *sending->program;
    struct instruction instruction = {sending->program->key, metas, count, sending->data, sending->length};
    struct signer_seeds seeds = {0, 0};
    if (sending->signer) {
        seeds.seeds = sending->signer->seeds;
        seeds.count = sending->signer->count;
    }
    return sol_invoke_signed_c(&instruction, accounts, count + 1, &seeds, sending->signer ? 1 : 0);
}

/* Who pays for new accounts, and the program that makes them. */
struct funder {
    const struct account *system, *payer;
};

/* `signer` is 0 for an account that signed the transaction itself. */
OUT_OF_LINE u64 create_account(const struct funder *funder, struct account *account, const u8 *owner, u64 size,
                               const struct derived *signer) {
    u8 data[52];
    struct part parts[2] = {{funder->payer, WRITABLE_SIGNER}, {account, WRITABLE_SIGNER}};
    struct sending sending = {funder->system, data, sizeof(data), parts, 2, signer};
    write_u32(data, SYSTEM_CREATE_ACCOUNT);
    write_u64(data + 4, (ACCOUNT_OVERHEAD + size) * RENT_OF_BYTE);
    write_u64(data + 12, size);
    copy_key(data + 20, owner);
    TRY(send(&sending));
    account->data_length = size;
    return 0;
}

OUT_OF_LINE u64 pay_lamports(const struct funder *funder, const struct account *receiver, u64 lamports) {
    u8 data[12];
    struct part parts[2] = {{funder->payer, WRITABLE_SIGNER}, {receiver, WRITABLE}};
    struct sending sending = {funder->system, data, sizeof(data), parts, 2, 0};
    write_u32(data, SYSTEM_TRANSFER);
    write_u64(data + 4, lamports);
    return send(&sending);
}

OUT_OF_LINE u64 initialize_token_account(const struct account *program, const struct account *account,
                                         const struct account *mint, const u8 *owner) {
    u8 data[33];
    struct part parts[2] = {{account, WRITABLE}, {mint, READ_ONLY}};
    struct sending sending = {program, data, sizeof(data), parts, 2, 0};
    data[0] = INITIALIZE_ACCOUNT_3;
    copy_key(data + 1, owner);
    return send(&sending);
}

struct minting {
    const struct account *program, *mint, *receiver, *authority;
    u64 amount;
};

OUT_OF_LINE u64 mint_to(const struct minting *minting, const struct derived *signer) {
    u8 data[9];
    struct part parts[3] = {{minting->mint, WRITABLE}, {minting->receiver, WRITABLE}, {minting->authority, SIGNER}};
    struct sending sending = {minting->program, data, sizeof(data), parts, 3, signer};
    data[0] = MINT_TO;
    write_u64(data + 1, minting->amount);
    return send(&sending);
}

/* Bytes of a token account of `mint`; of Token-2022's extensions only the transfer fee needs room there. */
OUT_OF_LINE u64 token_account_length(const struct account *mint) {
    if (!is_token_2022_program(mint->owner)) return TOKEN_ACCOUNT_LENGTH;
    for (u64 at = EXTENSIONS; at + EXTENSION_HEADER <= mint->data_length;) {
        if (read_u16(mint->data + at) == TRANSFER_FEE_CONFIG) {
            return TOKEN_ACCOUNT_LENGTH + ACCOUNT_TYPE_LENGTH + TRANSFER_FEE_AMOUNT_LENGTH;
        }
        at += EXTENSION_HEADER + read_u16(mint->data + at + 2);
    }
    return TOKEN_ACCOUNT_LENGTH;
}
