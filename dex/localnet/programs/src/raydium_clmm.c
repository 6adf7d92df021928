/* Stand-in for Raydium CLMM (CAMMCzo5YL8w4VFF8KVHrK22GGUsp5VTaW7grrKgrWqK): swap_v2.
 *
 * Accounts, checks and order of effects: raydium-clmm instructions/swap_v2.rs, as released in March 2025.
 */
#include "clmm_observation.h"
#include "clmm_swap.h"

enum {
    PAYER, CONFIG, POOL, USER_INPUT, USER_OUTPUT, INPUT_VAULT, OUTPUT_VAULT, OBSERVATION, TOKEN_PROGRAM,
    TOKEN_2022_PROGRAM, MEMO_PROGRAM, INPUT_MINT, OUTPUT_MINT, ACCOUNT_COUNT
};

#define SWAP_V2 0x621ec91a0bed042bULL
#define ARGUMENTS_LENGTH 41
#define SWAP_DISABLED_BIT 16
#define FROZEN 255
static const char POOL_SEED[] = "pool";

/* MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr */
INLINE u64 is_memo_program(const u8 *key) {
    return read_u64(key) == 0x062129995a534a05 && read_u64(key + 8) == 0x7c38da6071e8244d &&
           read_u64(key + 16) == 0x81bb92bcddb5357c && read_u64(key + 24) == 0x8d44054140a81fe4;
}

OUT_OF_LINE u64 check_program_account(const struct account *account, const struct invocation *call,
                                      u64 discriminator, u64 length) {
    if (!same_key(account->owner, call->program_id)) return RAISE(WRONG_PROGRAM_OWNER);
    if (account->data_length < length || read_u64(account->data) != discriminator) {
        return RAISE(DISCRIMINATOR_MISMATCH);
    }
    return 0;
}

OUT_OF_LINE u64 check_token_accounts(const struct account *accounts) {
    for (u64 i = USER_INPUT; i <= OUTPUT_VAULT; i++) {
        if (is_absent(&accounts[i])) return RAISE(NOT_INITIALIZED);
        if (!is_token_account(&accounts[i])) return RAISE(WRONG_PROGRAM_OWNER);
    }
    return 0;
}

OUT_OF_LINE u64 check_programs_and_mints(const struct account *accounts) {
    if (!is_token_program(accounts[TOKEN_PROGRAM].key)) return RAISE_FOR("token_program", INVALID_PROGRAM_ID);
    if (!is_token_2022_program(accounts[TOKEN_2022_PROGRAM].key)) {
        return RAISE_FOR("token_program_2022", INVALID_PROGRAM_ID);
    }
    if (!is_memo_program(accounts[MEMO_PROGRAM].key)) return RAISE_FOR("memo_program", INVALID_PROGRAM_ID);
    for (u64 i = TOKEN_PROGRAM; i <= MEMO_PROGRAM; i++) {
        if (!accounts[i].is_executable) return RAISE(NOT_EXECUTABLE);
    }
    for (u64 i = INPUT_MINT; i <= OUTPUT_MINT; i++) {
        if (is_absent(&accounts[i])) return RAISE(NOT_INITIALIZED);
        if (!is_mint(&accounts[i])) return RAISE(WRONG_PROGRAM_OWNER);
    }
    return 0;
}

/* What Anchor checks while it loads the accounts, before it looks at constraints. */
OUT_OF_LINE u64 check_types(const struct invocation *call) {
    const struct account *accounts = call->accounts;
    if (call->account_count < ACCOUNT_COUNT) return RAISE(NOT_ENOUGH_KEYS);
    if (!accounts[PAYER].is_signer) return RAISE_FOR("payer", NOT_SIGNER);
    if (is_absent(&accounts[CONFIG])) return RAISE_FOR("amm_config", NOT_INITIALIZED);
    TRY(check_program_account(&accounts[CONFIG], call, CONFIG_DISCRIMINATOR, CONFIG_LENGTH));
    TRY(check_program_account(&accounts[POOL], call, POOL_DISCRIMINATOR, POOL_LENGTH));
    TRY(check_token_accounts(accounts));
    TRY(check_program_account(&accounts[OBSERVATION], call, OBSERVATION_DISCRIMINATOR, OBSERVATION_LENGTH));
    return check_programs_and_mints(accounts);
}

OUT_OF_LINE u64 check_constraints(const struct invocation *call) {
    const struct account *accounts = call->accounts;
    const u8 *pool = accounts[POOL].data;
    if (!same_key(accounts[CONFIG].key, pool + POOL_CONFIG)) return RAISE_FOR("amm_config", CONSTRAINT_ADDRESS);
    if (!accounts[POOL].is_writable) return RAISE_FOR("pool_state", CONSTRAINT_MUT);
    for (u64 i = USER_INPUT; i <= OUTPUT_VAULT; i++) {
        if (!accounts[i].is_writable) return RAISE(CONSTRAINT_MUT);
    }
    if (!accounts[OBSERVATION].is_writable) return RAISE_FOR("observation_state", CONSTRAINT_MUT);
    if (!same_key(accounts[OBSERVATION].key, pool + POOL_OBSERVATION)) {
        return RAISE_FOR("observation_state", CONSTRAINT_ADDRESS);
    }
    if (!same_key(accounts[INPUT_MINT].key, token_account_mint(&accounts[INPUT_VAULT]))) {
        return RAISE_FOR("input_vault_mint", CONSTRAINT_ADDRESS);
    }
    if (!same_key(accounts[OUTPUT_MINT].key, token_account_mint(&accounts[OUTPUT_VAULT]))) {
        return RAISE_FOR("output_vault_mint", CONSTRAINT_ADDRESS);
    }
    return 0;
}

/* The bitmap extension, then tick arrays up to the first account of another size. */
OUT_OF_LINE u64 read_remaining(struct swap *swap, const struct invocation *call) {
    panic_unless(call->account_count <= MAX_ACCOUNTS);
    swap->extension = 0;
    swap->array_count = 0;
    for (u64 i = ACCOUNT_COUNT; i < call->account_count; i++) {
        const struct account *account = &call->accounts[i];
        if (account->data_length == EXTENSION_LENGTH &&
            same_key(account->data + EXTENSION_POOL, call->accounts[POOL].key)) {
            TRY(check_program_account(account, call, EXTENSION_DISCRIMINATOR, EXTENSION_LENGTH));
            swap->extension = account->data;
            continue;
        }
        if (account->data_length != ARRAY_LENGTH) break;
        if (!same_key(account->owner, call->program_id)) return RAISE(WRONG_PROGRAM_OWNER);
        if (!account->is_writable) return RAISE(NOT_MUTABLE);
        if (read_u64(account->data) != ARRAY_DISCRIMINATOR) return RAISE(DISCRIMINATOR_MISMATCH);
        swap->arrays[swap->array_count++] = account;
    }
    return 0;
}

INLINE void read_arguments(struct swap *swap, const u8 *data) {
    swap->amount = read_u64(data + 8);
    swap->other_limit = read_u64(data + 16);
    swap->limit = load_u128(data + 24);
    swap->has_limit = swap->limit != 0;
    swap->is_base_input = data[40];
}

OUT_OF_LINE void read_pool(struct swap *swap, u8 *pool, const u8 *config) {
    swap->pool = pool;
    swap->price = load_u128(pool + POOL_SQRT_PRICE);
    swap->liquidity = load_u128(pool + POOL_LIQUIDITY);
    swap->tick = (int)read_u32(pool + POOL_TICK);
    swap->spacing = read_u16(pool + POOL_TICK_SPACING);
    swap->span = (int)(swap->spacing * TICKS_PER_ARRAY);
    swap->trade_rate = read_u32(config + CONFIG_TRADE_RATE);
    swap->protocol_rate = read_u32(config + CONFIG_PROTOCOL_RATE);
    swap->fund_rate = read_u32(config + CONFIG_FUND_RATE);
    swap->calculated = swap->fees = swap->protocol_fees = swap->fund_fees = 0;
    if (!swap->has_limit) swap->limit = swap->falling ? MIN_SQRT_PRICE + 1 : MAX_SQRT_PRICE - 1;
}

/* Everything that is checked before the first step. */
OUT_OF_LINE u64 open_swap(struct swap *swap, const struct invocation *call) {
    const struct account *accounts = call->accounts;
    u8 *pool = accounts[POOL].data;
    sol_get_clock_sysvar(&swap->clock);
    swap->falling = same_key(token_account_mint(&accounts[INPUT_VAULT]), pool + POOL_MINT_0);
    if (swap->clock.unix_timestamp <= read_u64(pool + POOL_OPEN_TIME)) return RAISE(REQUIRE_GT_VIOLATED);
    const u8 *in = pool + (swap->falling ? POOL_VAULT_0 : POOL_VAULT_1);
    const u8 *out = pool + (swap->falling ? POOL_VAULT_1 : POOL_VAULT_0);
    if (!same_key(accounts[INPUT_VAULT].key, in) || !same_key(accounts[OUTPUT_VAULT].key, out)) {
        return RAISE(INVALID_VAULT);
    }
    TRY(read_remaining(swap, call));
    read_pool(swap, pool, accounts[CONFIG].data);
    if (swap->remaining == 0) return RAISE(ZERO_AMOUNT);
    if (pool[POOL_STATUS] & SWAP_DISABLED_BIT) return RAISE(NOT_APPROVED);
    u64 in_range = swap->falling ? swap->limit < swap->price && swap->limit > MIN_SQRT_PRICE
                                 : swap->limit > swap->price && swap->limit < MAX_SQRT_PRICE;
    if (!in_range) return RAISE(SQRT_PRICE_LIMIT_OVERFLOW);
    const u8 *observation = accounts[OBSERVATION].data;
    if (!same_key(observation + OBSERVATION_POOL, accounts[POOL].key)) return RAISE(REQUIRE_KEYS_EQ_VIOLATED);
    return 0;
}

INLINE void add_to_u64(u8 *counter, u64 amount) { write_u64(counter, checked_add(read_u64(counter), amount)); }
INLINE void add_to_u128(u8 *counter, u64 amount) { store_u128(counter, load_u128(counter) + amount); }

/* Price, liquidity, tick and the pool's totals. Input totals of token 0 and output totals of token 1 stand together,
 * and those of the other direction behind them. */
OUT_OF_LINE void write_pool(const struct swap *swap, u64 pool_in, u64 pool_out) {
    u8 *pool = swap->pool;
    u64 side = swap->falling ? 0 : 1;
    store_u128(pool + POOL_SQRT_PRICE, swap->price);
    store_u128(pool + POOL_LIQUIDITY, swap->liquidity);
    *(u32 *)(pool + POOL_TICK) = (u32)swap->tick;
    add_to_u64(pool + POOL_TOTAL_FEES + 16 * side, swap->fees);
    add_to_u64(pool + POOL_PROTOCOL_FEES + 8 * side, swap->protocol_fees);
    add_to_u64(pool + POOL_FUND_FEES + 8 * side, swap->fund_fees);
    add_to_u128(pool + POOL_SWAPPED + 32 * side, pool_in);
    add_to_u128(pool + POOL_SWAPPED + 32 * side + 16, pool_out);
}

INLINE const struct account *token_program_of(const struct account *accounts, const struct account *token_account) {
    u64 is_2022 = is_token_2022_program(token_account->owner);
    return &accounts[is_2022 ? TOKEN_2022_PROGRAM : TOKEN_PROGRAM];
}

/* Both transfers; a pool that would give away a whole vault is frozen. */
OUT_OF_LINE u64 move_tokens(const struct invocation *call, u64 paid, u64 sent) {
    const struct account *accounts = call->accounts;
    u8 *pool = accounts[POOL].data;
    struct transfer in = {&accounts[USER_INPUT], &accounts[INPUT_MINT], &accounts[INPUT_VAULT], &accounts[PAYER],
                          token_program_of(accounts, &accounts[USER_INPUT]), paid};
    struct transfer out = {&accounts[OUTPUT_VAULT], &accounts[OUTPUT_MINT], &accounts[USER_OUTPUT], &accounts[POOL],
                           token_program_of(accounts, &accounts[OUTPUT_VAULT]), sent};
    u64 left = token_account_amount(&accounts[OUTPUT_VAULT]);
    u8 bump = pool[POOL_BUMP];
    struct seed seeds[5] = {
        {(const u8 *)POOL_SEED, sizeof(POOL_SEED) - 1},
        {pool + POOL_CONFIG, 32},
        {pool + POOL_MINT_0, 32},
        {pool + POOL_MINT_1, 32},
        {&bump, 1},
    };
    struct signer_seeds signer = {seeds, 5};
    TRY(transfer_checked(&in, 0));
    if (left <= sent) pool[POOL_STATUS] = FROZEN;
    return transfer_checked(&out, &signer);
}

/* "Left: 123", as Anchor adds to a failed comparison. */
OUT_OF_LINE void log_number(const char *label, u64 length, u64 number) {
    char text[32];
    char digits[20];
    u64 count = 0;
    for (u64 i = 0; i < length; i++) text[i] = label[i];
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    while (count) text[length++] = digits[--count];
    sol_log_(text, length);
}

/* Without a price limit nothing is filled in part. What leaves the vault is compared, not what arrives. */
OUT_OF_LINE u64 check_filled(const struct swap *swap, u64 paid, u64 sent) {
    u64 moved = swap->is_base_input ? paid : sent;
    if (swap->has_limit || moved == swap->amount) return 0;
    u64 error = RAISE(REQUIRE_EQ_VIOLATED);
    log_number("Left: ", 6, swap->amount);
    log_number("Right: ", 7, moved);
    return error;
}

INLINE u64 check_limit(const struct swap *swap, u64 paid, u64 received) {
    if (swap->is_base_input) return received < swap->other_limit ? RAISE(TOO_LITTLE_OUTPUT) : 0;
    return paid > swap->other_limit ? RAISE(TOO_MUCH_INPUT) : 0;
}

OUT_OF_LINE u64 run(struct swap *swap, const struct invocation *call) {
    const struct account *accounts = call->accounts;
    struct transfer_fee fee_in, fee_out;
    struct clock clock;
    sol_get_clock_sysvar(&clock);
    read_transfer_fee(&fee_in, &accounts[INPUT_MINT], clock.epoch);
    read_transfer_fee(&fee_out, &accounts[OUTPUT_MINT], clock.epoch);
    u64 specified = swap->is_base_input ? swap->amount - transfer_fee_on(&fee_in, swap->amount)
                                        : checked_add(swap->amount, inverse_transfer_fee(&fee_out, swap->amount));
    swap->remaining = specified;
    TRY(open_swap(swap, call));
    u128 before = swap->price;
    TRY(walk(swap, accounts[POOL].key));
    record_observation(accounts[OBSERVATION].data, swap);
    u64 used = specified - swap->remaining;
    u64 pool_in = swap->is_base_input ? used : swap->calculated;
    u64 sent = swap->is_base_input ? swap->calculated : used;
    if (!pool_in || !sent) return RAISE(TOO_SMALL_AMOUNT);
    write_pool(swap, pool_in, sent);
    u64 paid = swap->is_base_input && used == specified
                   ? swap->amount
                   : checked_add(pool_in, inverse_transfer_fee(&fee_in, pool_in));
    TRY(move_tokens(call, paid, sent));
    if (swap->falling ? swap->price >= before : swap->price <= before) return RAISE(REQUIRE_GT_VIOLATED);
    TRY(check_filled(swap, paid, sent));
    return check_limit(swap, paid, sent - transfer_fee_on(&fee_out, sent));
}

u64 entrypoint(const u8 *input) {
    struct invocation call;
    struct swap swap;
    parse_input(&call, input);
    if (call.data_length < 8 || read_u64(call.data) != SWAP_V2) return RAISE(FALLBACK_NOT_FOUND);
    if (call.data_length < ARGUMENTS_LENGTH || call.data[40] > 1) return RAISE(DID_NOT_DESERIALIZE);
    TRY(check_types(&call));
    TRY(check_constraints(&call));
    read_arguments(&swap, call.data);
    return run(&swap, &call);
}
