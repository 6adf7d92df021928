/* Stand-in for Meteora DLMM (LBUZKhRxPF3XUpBCjp4YzTKgLccjZhTSDM9YuVaPwxo): swap2 and swap_exact_out2.
 *
 * Accounts and arguments: dlmm-sdk idls/dlmm.json; the walk over bins: commons/src/quote.rs; addresses: pda.rs.
 */
#include "dlmm_bin.h"
#include "dlmm_bitmap.h"
#include "dlmm_oracle.h"

enum {
    PAIR, EXTENSION, RESERVE_X, RESERVE_Y, USER_INPUT, USER_OUTPUT, MINT_X, MINT_Y, ORACLE, HOST_FEE, USER, PROGRAM_X,
    PROGRAM_Y, MEMO, EVENT_AUTHORITY, PROGRAM, ACCOUNT_COUNT
};

#define SWAP2 0x885b5beb4c3f4b41ULL
#define SWAP_EXACT_OUT2 0x51f33c8984f7d72bULL
#define ARGUMENTS_LENGTH 28

/* MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr */
static const u8 MEMO_KEY[32] = {
    0x05, 0x4a, 0x53, 0x5a, 0x99, 0x29, 0x21, 0x06, 0x4d, 0x24, 0xe8, 0x71, 0x60, 0xda, 0x38, 0x7c,
    0x7c, 0x35, 0xb5, 0xdd, 0xbc, 0x92, 0xbb, 0x81, 0xe4, 0x1f, 0xa8, 0x40, 0x41, 0x05, 0x44, 0x8d,
};
/* D1ZN9Wj1fRSUQfCjhvnu1hqDMT7hzjzBBpi12nVniYD6, the PDA of "__event_authority" */
static const u8 EVENT_AUTHORITY_KEY[32] = {
    0xb2, 0x70, 0xd6, 0x7f, 0xa9, 0x8c, 0x51, 0xcf, 0x02, 0x13, 0x05, 0x13, 0x58, 0x96, 0x2b, 0xaf,
    0x35, 0x74, 0x2b, 0xed, 0x59, 0xc9, 0xd9, 0x44, 0x5e, 0x9c, 0x0d, 0x0c, 0x85, 0xc7, 0xcd, 0x91,
};
/* MFGQxwAmB91SwuYX36okv2Qmdc9aMuHTwWGUrp4AtB1, the base of customizable pairs */
static const u8 CUSTOMIZABLE_BASE[32] = {
    0x05, 0x2f, 0xbf, 0x1b, 0x4a, 0xb8, 0xa1, 0x19, 0xda, 0xf2, 0x78, 0xcb, 0xaa, 0x61, 0x45, 0x4b,
    0xaa, 0x22, 0x58, 0xce, 0x94, 0x97, 0xa9, 0xa8, 0xf4, 0x3e, 0x3b, 0x47, 0x32, 0x30, 0x82, 0x28,
};

OUT_OF_LINE u64 check_own(const struct invocation *call, u64 index, u64 length, u64 discriminator) {
    const struct account *account = &call->accounts[index];
    if (!same_key(account->owner, call->program_id)) return RAISE(WRONG_PROGRAM_OWNER);
    if (account->data_length < length || read_u64(account->data) != discriminator) {
        return RAISE(DISCRIMINATOR_MISMATCH);
    }
    return account->is_writable ? 0 : RAISE(NOT_MUTABLE);
}

OUT_OF_LINE u64 check_pair(const struct invocation *call) {
    const struct account *accounts = call->accounts;
    const u8 *pair = accounts[PAIR].data;
    TRY(check_own(call, PAIR, PAIR_LENGTH, PAIR_DISCRIMINATOR));
    TRY(check_own(call, ORACLE, ORACLE_LENGTH, ORACLE_DISCRIMINATOR));
    for (u64 side = TOKEN_X; side <= TOKEN_Y; side++) {
        if (!same_key(accounts[RESERVE_X + side].key, pair + PAIR_RESERVE_X + 32 * side)) {
            return RAISE(CONSTRAINT_HAS_ONE);
        }
        if (!same_key(accounts[MINT_X + side].key, pair + PAIR_MINT_X + 32 * side)) return RAISE(CONSTRAINT_HAS_ONE);
    }
    if (!same_key(accounts[ORACLE].key, pair + PAIR_ORACLE)) return RAISE(CONSTRAINT_HAS_ONE);
    if (same_key(accounts[EXTENSION].key, call->program_id)) return 0;
    TRY(check_own(call, EXTENSION, EXTENSION_LENGTH, EXTENSION_DISCRIMINATOR));
    return same_key(accounts[EXTENSION].data + EXTENSION_PAIR, accounts[PAIR].key) ? 0 : RAISE(CONSTRAINT_HAS_ONE);
}

OUT_OF_LINE u64 check_token_accounts(const struct invocation *call) {
    const struct account *accounts = call->accounts;
    for (u64 i = RESERVE_X; i <= USER_OUTPUT; i++) {
        if (is_absent(&accounts[i])) return RAISE(NOT_INITIALIZED);
        if (!accounts[i].is_writable) return RAISE(NOT_MUTABLE);
        if (!is_token_account(&accounts[i])) return RAISE(WRONG_PROGRAM_OWNER);
    }
    for (u64 side = TOKEN_X; side <= TOKEN_Y; side++) {
        const struct account *mint = &accounts[MINT_X + side], *program = &accounts[PROGRAM_X + side];
        if (!is_any_token_program(program->key)) return RAISE(INVALID_PROGRAM_ID);
        if (is_absent(mint)) return RAISE(NOT_INITIALIZED);
        if (!is_mint(mint)) return RAISE(WRONG_PROGRAM_OWNER);
        if (!same_key(mint->owner, program->key)) return RAISE(CONSTRAINT_TOKEN_PROGRAM);
    }
    u64 in_x = same_key(token_account_mint(&accounts[USER_INPUT]), accounts[MINT_X].key);
    const u8 *wanted_in = accounts[in_x ? MINT_X : MINT_Y].key, *wanted_out = accounts[in_x ? MINT_Y : MINT_X].key;
    if (!same_key(token_account_mint(&accounts[USER_INPUT]), wanted_in)) return RAISE(CONSTRAINT_TOKEN_MINT);
    if (!same_key(token_account_mint(&accounts[USER_OUTPUT]), wanted_out)) return RAISE(CONSTRAINT_TOKEN_MINT);
    return 0;
}

OUT_OF_LINE u64 check_accounts(const struct invocation *call) {
    const struct account *accounts = call->accounts;
    if (call->account_count < ACCOUNT_COUNT) return RAISE(NOT_ENOUGH_KEYS);
    TRY(check_pair(call));
    TRY(check_token_accounts(call));
    if (!accounts[USER].is_signer) return RAISE(NOT_SIGNER);
    if (!same_key(accounts[HOST_FEE].key, call->program_id)) return RAISE(NOT_SUPPORTED);
    if (!same_key(accounts[MEMO].key, MEMO_KEY)) return RAISE(INVALID_PROGRAM_ID);
    if (!same_key(accounts[EVENT_AUTHORITY].key, EVENT_AUTHORITY_KEY)) return RAISE(CONSTRAINT_SEEDS);
    return same_key(accounts[PROGRAM].key, call->program_id) ? 0 : RAISE(INVALID_PROGRAM_ID);
}

INLINE u64 is_empty_key(const u8 *key) {
    return !(read_u64(key) | read_u64(key + 8) | read_u64(key + 16) | read_u64(key + 24));
}

OUT_OF_LINE u64 check_open(const struct swap *swap) {
    const u8 *pair = swap->pair;
    if (pair[PAIR_STATUS]) return RAISE(POOL_DISABLED);
    if (pair[PAIR_TYPE] != PERMISSION && pair[PAIR_TYPE] != CUSTOMIZABLE) return 0;
    u64 point = pair[PAIR_ACTIVATION_TYPE] ? swap->clock.unix_timestamp : swap->clock.slot;
    return point < read_u64(pair + PAIR_ACTIVATION_POINT) ? RAISE(POOL_DISABLED) : 0;
}

OUT_OF_LINE u64 open_swap(struct swap *swap, const struct invocation *call) {
    const struct account *accounts = call->accounts;
    u8 *pair = accounts[PAIR].data;
    swap->call = call;
    swap->pair = pair;
    swap->extension = same_key(accounts[EXTENSION].key, call->program_id) ? 0 : accounts[EXTENSION].data;
    sol_get_clock_sysvar(&swap->clock);
    TRY(check_open(swap));
    swap->sells_x = same_key(token_account_mint(&accounts[USER_INPUT]), accounts[MINT_X].key) ? 1 : 0;
    swap->fee_on_input = !pair[PAIR_COLLECT_FEE_MODE] || !swap->sells_x;
    swap->fee_side = swap->fee_on_input && swap->sells_x ? TOKEN_X : TOKEN_Y;
    swap->fills_orders = pair[PAIR_FUNCTION] == LIMIT_ORDER;
    if (pair[PAIR_FUNCTION] == UNDETERMINED) {
        swap->fills_orders = is_empty_key(pair + PAIR_REWARD_MINT_0) && is_empty_key(pair + PAIR_REWARD_MINT_1);
    }
    swap->active = read_bin_id(pair + PAIR_ACTIVE);
    swap->amount_in = 0;
    swap->amount_out = 0;
    open_references(swap);
    open_base_rate(swap);
    return 0;
}

/* The array with `index` among the accounts after the fixed ones. */
OUT_OF_LINE u64 open_array(struct swap *swap, u64 index) {
    const struct invocation *call = swap->call;
    u64 passed = call->account_count < MAX_ACCOUNTS ? call->account_count : MAX_ACCOUNTS;
    for (u64 i = ACCOUNT_COUNT; i < passed; i++) {
        const struct account *account = &call->accounts[i];
        if (account->data_length < ARRAY_LENGTH || read_u64(account->data) != ARRAY_DISCRIMINATOR) continue;
        if (read_u64(account->data + ARRAY_INDEX) + ARRAY_ZERO != index) continue;
        if (!same_key(account->owner, call->program_id)) continue;
        if (!same_key(account->data + ARRAY_PAIR, call->accounts[PAIR].key)) continue;
        if (!account->is_writable) return RAISE_FOR("bin_array", NOT_MUTABLE);
        swap->array = account->data;
        return 0;
    }
    return RAISE_FOR("bin_array", NOT_ENOUGH_KEYS);
}

/* The bins of one array, from the active one on, until nothing is left to swap or the array ends. */
OUT_OF_LINE u64 walk_array(struct swap *swap, u64 index) {
    u64 first = index * BINS_IN_ARRAY;
    u64 lowest = read_bin_id(swap->pair + PAIR_MIN_BIN), highest = read_bin_id(swap->pair + PAIR_MAX_BIN);
    if (swap->active < first || swap->active >= first + BINS_IN_ARRAY) {
        swap->active = swap->sells_x ? first + BINS_IN_ARRAY - 1 : first;
    }
    for (;;) {
        TRY(swap_in_bin(swap, swap->array + ARRAY_BINS + BIN_LENGTH * (swap->active - first)));
        if (!swap->left) return 0;
        swap->active += swap->sells_x ? -1ULL : 1ULL;
        if (swap->active < lowest || swap->active > highest) return RAISE(PAIR_INSUFFICIENT_LIQUIDITY);
        if (swap->active < first || swap->active >= first + BINS_IN_ARRAY) return 0;
    }
}

OUT_OF_LINE u64 walk(struct swap *swap) {
    while (swap->left) {
        u64 index = swap->active / BINS_IN_ARRAY;
        TRY(next_array(swap, &index));
        TRY(open_array(swap, index));
        TRY(walk_array(swap, index));
    }
    return 0;
}

OUT_OF_LINE void close_swap(const struct swap *swap) {
    u8 *pair = swap->pair;
    const struct account *oracle = &swap->call->accounts[ORACLE];
    observe(oracle->data, oracle->data_length, read_bin_id(pair + PAIR_ACTIVE), swap->clock.unix_timestamp);
    write_u32(pair + PAIR_ACCUMULATOR, swap->accumulator);
    write_u32(pair + PAIR_VOLATILITY_REFERENCE, swap->volatility_reference);
    write_bin_id(pair + PAIR_BIN_REFERENCE, swap->bin_reference);
    if (swap->active != read_bin_id(pair + PAIR_ACTIVE)) write_u64(pair + PAIR_LAST_UPDATE, swap->clock.unix_timestamp);
    write_bin_id(pair + PAIR_ACTIVE, swap->active);
}

struct limits {
    struct transfer_fee input_fee, output_fee;
    u64 first, second;   /* as in the instruction: (in, least out) or (most in, out) */
    u64 paid, given;     /* what the two transfers move, Token-2022 fees included */
};

OUT_OF_LINE u64 sell(struct swap *swap, struct limits *limits) {
    swap->left = limits->first - transfer_fee_on(&limits->input_fee, limits->first);
    TRY(walk(swap));
    if (!swap->amount_out) return RAISE(INSUFFICIENT_OUT);
    u64 received = swap->amount_out - transfer_fee_on(&limits->output_fee, swap->amount_out);
    if (received < limits->second) return RAISE(EXCEEDED_SLIPPAGE);
    limits->paid = limits->first;
    limits->given = swap->amount_out;
    return 0;
}

OUT_OF_LINE u64 buy(struct swap *swap, struct limits *limits) {
    limits->given = checked_add(limits->second, inverse_transfer_fee(&limits->output_fee, limits->second));
    swap->left = limits->given;
    TRY(walk(swap));
    limits->paid = checked_add(swap->amount_in, inverse_transfer_fee(&limits->input_fee, swap->amount_in));
    return limits->paid > limits->first ? RAISE(INSUFFICIENT_IN) : 0;
}

/* The seeds of the pair's own address, which owns the reserves: they depend on how the pair was made. */
OUT_OF_LINE u64 pair_seeds(struct seed *seeds, const u8 *pair) {
    u64 count = 0;
    const u8 *x = pair + PAIR_MINT_X, *y = pair + PAIR_MINT_X + 32;
    u64 at = 0;
    while (at < 31 && x[at] == y[at]) at++;
    if (pair[PAIR_TYPE] == CUSTOMIZABLE) seeds[count++] = (struct seed){CUSTOMIZABLE_BASE, 32};
    if (pair[PAIR_TYPE] == PERMISSION || pair[PAIR_TYPE] == PERMISSIONLESS_V2) {
        seeds[count++] = (struct seed){pair + PAIR_BASE_KEY, 32};
    }
    seeds[count++] = (struct seed){x[at] < y[at] ? x : y, 32};
    seeds[count++] = (struct seed){x[at] < y[at] ? y : x, 32};
    if (pair[PAIR_TYPE] <= PERMISSION) seeds[count++] = (struct seed){pair + PAIR_BIN_STEP_SEED, 2};
    if (pair[PAIR_TYPE] == PERMISSIONLESS && pair[PAIR_HAS_BASE_FACTOR_SEED]) {
        seeds[count++] = (struct seed){pair + PAIR_BASE_FACTOR_SEED, 2};
    }
    seeds[count++] = (struct seed){pair + PAIR_BUMP, 1};
    return count;
}

OUT_OF_LINE u64 move_tokens(const struct swap *swap, const struct limits *limits) {
    const struct account *accounts = swap->call->accounts;
    u64 in = swap->sells_x ? TOKEN_X : TOKEN_Y, out = 1 - in;
    struct seed seeds[6];
    struct signer_seeds signer = {seeds, pair_seeds(seeds, swap->pair)};
    struct transfer paid = {&accounts[USER_INPUT], &accounts[MINT_X + in],    &accounts[RESERVE_X + in],
                            &accounts[USER],       &accounts[PROGRAM_X + in], limits->paid};
    struct transfer given = {&accounts[RESERVE_X + out], &accounts[MINT_X + out],    &accounts[USER_OUTPUT],
                             &accounts[PAIR],            &accounts[PROGRAM_X + out], limits->given};
    TRY(transfer_checked(&paid, 0));
    return transfer_checked(&given, &signer);
}

OUT_OF_LINE u64 run_swap(const struct invocation *call, u64 is_exact_in) {
    struct swap swap;
    struct limits limits;
    swap.is_exact_in = is_exact_in;
    limits.first = read_u64(call->data + 8);
    limits.second = read_u64(call->data + 16);
    TRY(open_swap(&swap, call));
    if (!(is_exact_in ? limits.first : limits.second)) return RAISE(INVALID_INPUT);
    u64 in = swap.sells_x ? TOKEN_X : TOKEN_Y;
    read_transfer_fee(&limits.input_fee, &call->accounts[MINT_X + in], swap.clock.epoch);
    read_transfer_fee(&limits.output_fee, &call->accounts[MINT_Y - in], swap.clock.epoch);
    TRY(is_exact_in ? sell(&swap, &limits) : buy(&swap, &limits));
    close_swap(&swap);
    return move_tokens(&swap, &limits);
}

u64 entrypoint(const u8 *input) {
    struct invocation call;
    parse_input(&call, input);
    u64 name = call.data_length >= 8 ? read_u64(call.data) : 0;
    if (name != SWAP2 && name != SWAP_EXACT_OUT2) return RAISE(FALLBACK_NOT_FOUND);
    if (call.data_length < ARGUMENTS_LENGTH) return RAISE(DID_NOT_DESERIALIZE);
    TRY(check_accounts(&call));
    if (read_u32(call.data + 24)) return RAISE(NOT_SUPPORTED);  /* accounts for transfer hooks */
    return run_swap(&call, name == SWAP2);
}
