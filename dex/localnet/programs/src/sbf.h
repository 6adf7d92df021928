/* The program's side of the Solana runtime: input region, syscalls, sysvars.
 *
 * Layouts: "Input Parameter Serialization" and the C headers of the Solana SDK (sol/entrypoint.h, sol/cpi.h).
 * Loads at any address are allowed by the virtual machine, so fields are read in place by plain casts.
 */
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

/* Not inlined: a call costs one instruction, a copy of a long body costs kilobytes of program. */
#define OUT_OF_LINE static __attribute__((noinline))
#define INLINE static inline __attribute__((always_inline))

/* Evaluates to an early return of the error when the expression is one. 0 is success. */
#define TRY(expression)              \
    do {                             \
        u64 try_error = (expression); \
        if (try_error) return try_error; \
    } while (0)

#ifndef MAX_ACCOUNTS
#define MAX_ACCOUNTS 16
#endif
#define MAX_DATA_GROWTH 10240
#define NOT_A_DUPLICATE 0xff

/* Field order and types of SolAccountInfo, so that an array of these can be handed to a CPI. */
struct account {
    const u8 *key;
    u64 *lamports;
    u64 data_length;
    u8 *data;
    const u8 *owner;
    u64 rent_epoch;
    u8 is_signer;
    u8 is_writable;
    u8 is_executable;
};

struct invocation {
    u64 account_count;
    struct account accounts[MAX_ACCOUNTS];
    const u8 *data;
    u64 data_length;
    const u8 *program_id;
};

struct clock {
    u64 slot;
    u64 epoch_start_timestamp;
    u64 epoch;
    u64 leader_schedule_epoch;
    u64 unix_timestamp;
};

struct seed {
    const u8 *bytes;
    u64 length;
};

struct signer_seeds {
    const struct seed *seeds;
    u64 count;
};

struct account_meta {
    const u8 *key;
    u8 is_writable;
    u8 is_signer;
};

struct instruction {
    const u8 *program_id;
    const struct account_meta *metas;
    u64 meta_count;
    const u8 *data;
    u64 data_length;
};

extern void sol_log_(const char *text, u64 length);
extern void sol_panic_(const char *file, u64 length, u64 line, u64 column);
extern u64 sol_get_clock_sysvar(struct clock *clock);
extern u64 sol_invoke_signed_c(const struct instruction *instruction, const struct account *accounts,
                               u64 account_count, const struct signer_seeds *signers, u64 signer_count);

extern u64 sol_try_find_program_address(const struct seed *seeds, u64 count, const u8 *program_id, u8 *address,
                                        u8 *bump);

INLINE u16 read_u16(const u8 *bytes) { return *(const u16 *)bytes; }
INLINE u32 read_u32(const u8 *bytes) { return *(const u32 *)bytes; }
INLINE u64 read_u64(const u8 *bytes) { return *(const u64 *)bytes; }
INLINE void write_u64(u8 *bytes, u64 value) { *(u64 *)bytes = value; }

/* Aborts the transaction (ProgramFailedToComplete), as a Rust panic in the real program does. */
INLINE void panic_unless(u64 condition) {
    if (!condition) sol_panic_("stand-in", 8, 0, 0);
}

INLINE u64 checked_add(u64 a, u64 b) {
    panic_unless(a + b >= a);
    return a + b;
}

INLINE u64 checked_subtract(u64 a, u64 b) {
    panic_unless(a >= b);
    return a - b;
}

OUT_OF_LINE u64 same_key(const u8 *a, const u8 *b) {
    return read_u64(a) == read_u64(b) && read_u64(a + 8) == read_u64(b + 8) &&
           read_u64(a + 16) == read_u64(b + 16) && read_u64(a + 24) == read_u64(b + 24);
}

/* Reads one account that is not a duplicate; returns where the next one begins. */
INLINE const u8 *parse_account(struct account *account, const u8 *at) {
    account->is_signer = at[1];
    account->is_writable = at[2];
    account->is_executable = at[3];
    account->key = at + 8;
    account->owner = at + 40;
    account->lamports = (u64 *)(at + 72);
    account->data_length = read_u64(at + 80);
    account->data = (u8 *)(at + 88);
    u64 end = (u64)at + 88 + account->data_length + MAX_DATA_GROWTH;
    end = (end + 7) & ~7ULL;
    account->rent_epoch = read_u64((const u8 *)end);
    return (const u8 *)end + 8;
}

/* Accounts past MAX_ACCOUNTS are stepped over: no instruction here reads them. */
OUT_OF_LINE void parse_input(struct invocation *call, const u8 *input) {
    u64 count = read_u64(input);
    const u8 *at = input + 8;
    struct account unread;
    for (u64 index = 0; index < count; index++) {
        struct account *account = index < MAX_ACCOUNTS ? &call->accounts[index] : &unread;
        if (at[0] == NOT_A_DUPLICATE) {
            at = parse_account(account, at);
        } else {
            if (at[0] < MAX_ACCOUNTS) *account = call->accounts[at[0]];
            at += 8;
        }
    }
    call->account_count = count;
    call->data_length = read_u64(at);
    call->data = at + 8;
    call->program_id = call->data + call->data_length;
}
