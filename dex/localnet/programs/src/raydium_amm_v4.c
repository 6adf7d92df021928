/* Stand-in for Raydium AMM v4 (675kPX9MHTjS2zt1qfr1NYHuzeLXfQM9H24wFSUt1Mp8): its four swap instructions, for pools
 * without an order book.
 *
 * Accounts, checks and order of effects: raydium-amm processor.rs, process_swap_base_in, process_swap_base_out and
 * their second versions, which leave the market's accounts away.
 */
#define MAX_ACCOUNTS 18

#include "amm_v4_curve.h"

#define SWAP_BASE_IN 9
#define SWAP_BASE_OUT 11
#define SWAP_BASE_IN_V2 16
#define SWAP_BASE_OUT_V2 17
#define INSTRUCTION_LENGTH 17
#define ACCOUNTS_WITH_MARKET 17
#define ACCOUNTS_WITHOUT_MARKET 8
/* ProgramError::InvalidInstructionData of the Solana SDK, as the runtime encodes builtin errors. */
#define INVALID_INSTRUCTION_DATA (3ULL << 32)

/* 5Q544fKrFoe6tsEbD7S8EmxGTJYAKtTVhAW5Q5pge4j1, the PDA of AUTHORITY_SEED */
static const u8 AUTHORITY_KEY[32] = {
    0x41, 0x57, 0xb0, 0x58, 0x0f, 0x31, 0xc5, 0xfc, 0xe4, 0x4a, 0x62, 0x58, 0x2d, 0xbc, 0xf9, 0xd7,
    0x8e, 0xe7, 0x59, 0x43, 0xa0, 0x84, 0xa3, 0x93, 0xb3, 0x50, 0x36, 0x8d, 0x22, 0x89, 0x93, 0x08,
};
static const char AUTHORITY_SEED[] = "amm authority";

/* Where the accounts stand. With a market 17, or 18 with the target orders, which are not read, before the vaults. */
OUT_OF_LINE u64 find_accounts(struct swap_accounts *found, const struct invocation *call, u64 has_market) {
    const struct account *accounts = call->accounts;
    u64 vaults = 3, user = 5;
    if (has_market) {
        u64 extra = call->account_count - ACCOUNTS_WITH_MARKET;
        if (extra > 1) return FAIL(WRONG_ACCOUNTS_NUMBER);
        vaults = 4 + extra;
        user = 14 + extra;
    } else if (call->account_count != ACCOUNTS_WITHOUT_MARKET) {
        return FAIL(WRONG_ACCOUNTS_NUMBER);
    }
    found->token_program = &accounts[0];
    found->amm = &accounts[1];
    found->authority = &accounts[2];
    found->coin_vault = &accounts[vaults];
    found->pc_vault = &accounts[vaults + 1];
    found->source = &accounts[user];
    found->destination = &accounts[user + 1];
    found->owner = &accounts[user + 2];
    return 0;
}

INLINE u64 check_token_account(const struct account *account) {
    if (!is_token_program(account->owner)) return FAIL(INVALID_SPL_TOKEN_PROGRAM);
    if (account->data_length != TOKEN_ACCOUNT_LENGTH) return FAIL(EXPECTED_ACCOUNT);
    return 0;
}

INLINE u64 is_a_vault(const u8 *amm, const u8 *key) {
    return same_key(key, amm + AMM_COIN_VAULT) || same_key(key, amm + AMM_PC_VAULT);
}

OUT_OF_LINE u64 check_accounts(const struct swap_accounts *accounts, const u8 *program_id) {
    const u8 *amm = accounts->amm->data;
    if (!same_key(accounts->amm->owner, program_id)) return FAIL(INVALID_AMM_ACCOUNT_OWNER);
    if (accounts->amm->data_length != AMM_LENGTH) return FAIL(EXPECTED_ACCOUNT);
    if (read_u64(amm + AMM_STATUS) == UNINITIALIZED) return FAIL(INVALID_STATUS);
    if (!accounts->owner->is_signer) return FAIL(INVALID_SIGN_ACCOUNT);
    if (!is_token_program(accounts->token_program->key)) return FAIL(INVALID_SPL_TOKEN_PROGRAM);
    if (!same_key(accounts->authority->key, AUTHORITY_KEY)) return FAIL(INVALID_PROGRAM_ADDRESS);
    if (!same_key(accounts->coin_vault->key, amm + AMM_COIN_VAULT)) return FAIL(INVALID_COIN_VAULT);
    if (!same_key(accounts->pc_vault->key, amm + AMM_PC_VAULT)) return FAIL(INVALID_PC_VAULT);
    if (is_a_vault(amm, accounts->source->key)) return FAIL(INVALID_USER_TOKEN);
    if (is_a_vault(amm, accounts->destination->key)) return FAIL(INVALID_USER_TOKEN);
    TRY(check_token_account(accounts->coin_vault));
    TRY(check_token_account(accounts->pc_vault));
    TRY(check_token_account(accounts->source));
    return check_token_account(accounts->destination);
}

/* A waiting pool becomes one that swaps at the first swap after its opening. */
INLINE u64 open_pool(u8 *amm, const struct clock *clock) {
    u64 status = read_u64(amm + AMM_STATUS);
    if (status != SWAP_ONLY && status != WAITING_TRADE) return FAIL(INVALID_STATUS);
    if (status == WAITING_TRADE) {
        if (clock->unix_timestamp < read_u64(amm + AMM_OPEN_TIME)) return FAIL(INVALID_STATUS);
        write_u64(amm + AMM_STATUS, SWAP_ONLY);
    }
    return 0;
}

/* The mints of the payer's accounts give the direction. */
OUT_OF_LINE u64 read_direction(struct swap *swap, const struct swap_accounts *accounts) {
    const u8 *coin = token_account_mint(accounts->coin_vault), *pc = token_account_mint(accounts->pc_vault);
    const u8 *source = token_account_mint(accounts->source);
    const u8 *destination = token_account_mint(accounts->destination);
    swap->coin_in = same_key(source, coin) && same_key(destination, pc);
    if (!swap->coin_in && !(same_key(source, pc) && same_key(destination, coin))) return FAIL(INVALID_USER_TOKEN);
    return 0;
}

OUT_OF_LINE u64 open_swap(struct swap *swap, const struct swap_accounts *accounts) {
    u8 *amm = accounts->amm->data;
    sol_get_clock_sysvar(&swap->clock);
    TRY(open_pool(amm, &swap->clock));
    u64 coin = token_account_amount(accounts->coin_vault), pc = token_account_amount(accounts->pc_vault);
    u64 coin_owed = read_u64(amm + AMM_NEED_TAKE_PNL_COIN), pc_owed = read_u64(amm + AMM_NEED_TAKE_PNL_PC);
    if (pc < pc_owed || coin < coin_owed) return FAIL(CHECKED_SUB_OVERFLOW);
    TRY(read_direction(swap, accounts));
    swap->reserve_in = swap->coin_in ? coin - coin_owed : pc - pc_owed;
    swap->reserve_out = swap->coin_in ? pc - pc_owed : coin - coin_owed;
    swap->fee_numerator = read_u64(amm + AMM_SWAP_FEE_NUMERATOR);
    swap->fee_denominator = read_u64(amm + AMM_SWAP_FEE_DENOMINATOR);
    return 0;
}

OUT_OF_LINE u64 quote_exact_in(struct swap *swap, u64 held, u64 amount_in, u64 minimum_out) {
    if (held < amount_in) return FAIL(INSUFFICIENT_FUNDS);
    curve_exact_in(swap, amount_in);
    if (swap->received < minimum_out) return FAIL(EXCEEDED_SLIPPAGE);
    if (swap->received == 0 || amount_in == 0) return FAIL(INVALID_INPUT);
    return swap->received >= swap->reserve_out ? FAIL(INSUFFICIENT_FUNDS) : 0;
}

OUT_OF_LINE u64 quote_exact_out(struct swap *swap, u64 held, u64 maximum_in, u64 amount_out) {
    curve_exact_out(swap, amount_out);
    if (held < swap->paid) return FAIL(INSUFFICIENT_FUNDS);
    if (maximum_in < swap->paid) return FAIL(EXCEEDED_SLIPPAGE);
    if (swap->paid == 0 || amount_out == 0) return FAIL(INVALID_INPUT);
    return 0;
}

OUT_OF_LINE u64 move_tokens(const struct swap_accounts *accounts, const struct swap *swap) {
    const struct account *into = swap->coin_in ? accounts->coin_vault : accounts->pc_vault;
    const struct account *out_of = swap->coin_in ? accounts->pc_vault : accounts->coin_vault;
    struct seed seeds[2] = {
        {(const u8 *)AUTHORITY_SEED, sizeof(AUTHORITY_SEED) - 1},
        {accounts->amm->data + AMM_NONCE, 1},
    };
    struct signer_seeds signer = {seeds, 2};
    struct transfer in = {accounts->source, 0, into, accounts->owner, accounts->token_program, swap->paid};
    struct transfer out = {out_of, 0, accounts->destination, accounts->authority, accounts->token_program,
                           swap->received};
    TRY(transfer_unchecked(&in, 0));
    return transfer_unchecked(&out, &signer);
}

INLINE void add_to_u128(u8 *total, u64 amount) {
    u64 low = read_u64(total) + amount;
    if (low < amount) write_u64(total + 8, read_u64(total + 8) + 1);
    write_u64(total, low);
}

INLINE void record_totals(u8 *amm, const struct swap *swap) {
    u8 *fees = amm + (swap->coin_in ? AMM_COIN_FEE : AMM_PC_FEE);
    add_to_u128(amm + (swap->coin_in ? AMM_COIN_IN : AMM_PC_IN), swap->paid);
    add_to_u128(amm + (swap->coin_in ? AMM_PC_OUT : AMM_COIN_OUT), swap->received);
    write_u64(fees, checked_add(read_u64(fees), swap->fee));
    write_u64(amm + AMM_RECENT_EPOCH, swap->clock.epoch);
}

INLINE u64 refuse_data(void) {
    FAIL("InvalidInstructionData", 0);
    return INVALID_INSTRUCTION_DATA;
}

u64 entrypoint(const u8 *input) {
    struct invocation call;
    struct swap_accounts accounts;
    struct swap swap;
    parse_input(&call, input);
    u64 tag = call.data_length ? call.data[0] : 0;
    u64 has_market = tag == SWAP_BASE_IN || tag == SWAP_BASE_OUT;
    if (!has_market && tag != SWAP_BASE_IN_V2 && tag != SWAP_BASE_OUT_V2) return refuse_data();
    if (call.data_length < INSTRUCTION_LENGTH) return refuse_data();
    TRY(find_accounts(&accounts, &call, has_market));
    TRY(check_accounts(&accounts, call.program_id));
    TRY(open_swap(&swap, &accounts));
    u64 held = token_account_amount(accounts.source);
    u64 first = read_u64(call.data + 1), second = read_u64(call.data + 9);
    u64 exact_in = tag == SWAP_BASE_IN || tag == SWAP_BASE_IN_V2;
    TRY(exact_in ? quote_exact_in(&swap, held, first, second) : quote_exact_out(&swap, held, first, second));
    TRY(move_tokens(&accounts, &swap));
    record_totals(accounts.amm->data, &swap);
    return 0;
}
