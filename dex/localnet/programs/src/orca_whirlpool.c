/* Stand-in for Orca Whirlpool (whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc and its immutable twin): swap_v2.
 *
 * Accounts, checks and order of effects: whirlpools instructions/v2/swap.rs, manager/swap_manager.rs.
 */
#include "whirlpool_curve.h"
#include "whirlpool_fee.h"
#include "whirlpool_ticks.h"

enum {
    PROGRAM_A, PROGRAM_B, MEMO, AUTHORITY, POOL, MINT_A, MINT_B, USER_A, VAULT_A, USER_B, VAULT_B,
    ARRAY_0, ARRAY_1, ARRAY_2, ORACLE, ACCOUNT_COUNT
};

enum { DATA_AMOUNT = 8, DATA_BOUND = 16, DATA_LIMIT = 24, DATA_IS_INPUT = 40, DATA_A_TO_B, DATA_OPTION, DATA_LENGTH };
enum { TRANSFER_HOOK_A, TRANSFER_HOOK_B, SUPPLEMENTAL_ARRAYS = 6 };

#define SWAP_V2 0x621ec91a0bed042bULL
#define SIDES (POOL_MINT_B - POOL_MINT_A)

static const char ORACLE_SEED[] = "oracle";
static const char POOL_SEED[] = "whirlpool";
/* MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr */
static const u8 MEMO_KEY[32] = {
    0x05, 0x4a, 0x53, 0x5a, 0x99, 0x29, 0x21, 0x06, 0x4d, 0x24, 0xe8, 0x71, 0x60, 0xda, 0x38, 0x7c,
    0x7c, 0x35, 0xb5, 0xdd, 0xbc, 0x92, 0xbb, 0x81, 0xe4, 0x1f, 0xa8, 0x40, 0x41, 0x05, 0x44, 0x8d,
};

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

OUT_OF_LINE u64 open_oracle(struct swap *swap, const struct invocation *call) {
    const struct account *oracle = &call->accounts[ORACLE];
    swap->groups.oracle = 0;
    if (is_empty_system_account(oracle)) return 0;
    if (!same_key(oracle->owner, call->program_id)) return RAISE(WRONG_PROGRAM_OWNER);
    if (oracle->data_length < ORACLE_LENGTH || read_u64(oracle->data) != ORACLE_DISCRIMINATOR) {
        return RAISE(DISCRIMINATOR_MISMATCH);
    }
    if (swap->now < read_u64(oracle->data + ORACLE_TRADE_ENABLED)) return RAISE(TRADE_IS_NOT_ENABLED);
    swap->groups.oracle = oracle->data;
    return 0;
}

OUT_OF_LINE u64 open_swap(struct swap *swap, const struct invocation *call, u64 now) {
    u8 *pool = call->accounts[POOL].data;
    u8 indices[1 + 2 * ARRAYS_OF_A_SWAP];
    swap->pool = pool;
    swap->now = now;
    swap->exact_in = call->data[DATA_IS_INPUT];
    swap->a_to_b = call->data[DATA_A_TO_B];
    swap->spacing = read_u16(pool + POOL_TICK_SPACING);
    swap->fee_rate = read_u16(pool + POOL_FEE_RATE);
    swap->protocol_rate = read_u16(pool + POOL_PROTOCOL_FEE_RATE);
    swap->tick = read_s32(pool + POOL_TICK);
    swap->sqrt_price = read_u128(pool + POOL_SQRT_PRICE);
    swap->liquidity = read_u128(pool + POOL_LIQUIDITY);
    swap->fee_growth = read_u128(pool + POOL_MINT_A + (swap->a_to_b ? 0 : SIDES) + POOL_FEE_GROWTH);
    swap->protocol_fee = swap->moved = 0;
    swap->tick_is_known = 1;
    panic_unless(swap->spacing != 0);
    TRY(read_array_indices(indices, call));
    TRY(check_writable(call, indices));
    TRY(set_sequence(swap, call, call->accounts[POOL].key, indices));
    return open_oracle(swap, call);
}

OUT_OF_LINE u64 check_limit(struct swap *swap, const u8 *limit) {
    swap->limit = read_u128(limit);
    swap->has_limit = swap->limit != 0;
    if (!swap->has_limit) swap->limit = swap->a_to_b ? MIN_SQRT_PRICE : MAX_SQRT_PRICE;
    if (swap->limit < MIN_SQRT_PRICE || swap->limit > MAX_SQRT_PRICE) return RAISE(SQRT_PRICE_OUT_OF_BOUNDS);
    u64 is_behind = swap->a_to_b ? swap->limit >= swap->sqrt_price : swap->limit <= swap->sqrt_price;
    if (is_behind) return RAISE(INVALID_LIMIT_DIRECTION);
    return swap->amount == 0 ? RAISE(ZERO_TRADABLE_AMOUNT) : 0;
}

/* reward_growth = growth + elapsed * emissions / liquidity; a product past 128 bits counts as nothing. */
OUT_OF_LINE u64 grow_rewards(struct swap *swap) {
    struct wide elapsed, emissions, grown, liquidity, quotient;
    u64 updated = read_u64(swap->pool + POOL_REWARDS_UPDATED);
    if (swap->now < updated) return RAISE(INVALID_TIMESTAMP);
    for (u64 i = 0; i < REWARD_COUNT; i++) {
        const u8 *reward = swap->pool + POOL_REWARDS + REWARD_LENGTH * i;
        u128 growth = 0;
        swap->reward_growth[i] = read_u128(reward + REWARD_GROWTH);
        wide_load(&emissions, reward + REWARD_EMISSIONS, LIMBS_128);
        if (swap->liquidity == 0 || swap->now == updated || emissions.count == 0) continue;
        wide_set(&elapsed, swap->now - updated);
        wide_multiply(&grown, &elapsed, &emissions);
        if (grown.count > LIMBS_128) continue;
        wide_set_u128(&liquidity, swap->liquidity);
        wide_divide(&quotient, &grown, &liquidity);
        wide_to_u128(&growth, &quotient);
        swap->reward_growth[i] += growth;
    }
    return 0;
}

/* The protocol's part of the fee, and what is left of it for each unit of liquidity. */
OUT_OF_LINE u64 share_fee(struct swap *swap) {
    struct wide fee, liquidity, growth;
    u128 grown = 0;
    u64 protocol = 0;
    TRY(share(&protocol, swap->step_fee, swap->protocol_rate, PROTOCOL_RATE_DENOMINATOR, ROUND_DOWN));
    swap->protocol_fee += protocol;
    if (swap->liquidity == 0 || swap->step_fee == 0) return 0;
    wide_set(&fee, swap->step_fee - protocol);
    wide_shift_left(&fee, LIMBS_64);
    wide_set_u128(&liquidity, swap->liquidity);
    wide_divide(&growth, &fee, &liquidity);
    wide_to_u128(&grown, &growth);
    swap->fee_growth += grown;
    return 0;
}

OUT_OF_LINE u64 take_step(struct swap *swap) {
    u64 in = swap->step_in + swap->step_fee;
    u64 used = swap->exact_in ? in : swap->step_out;
    u64 other = swap->exact_in ? swap->step_out : in;
    if (in < swap->step_in) return RAISE(AMOUNT_CALC_OVERFLOW);
    if (used > swap->left) return RAISE(AMOUNT_REMAINING_OVERFLOW);
    swap->left -= used;
    swap->moved += other;
    if (swap->moved < other) return RAISE(AMOUNT_CALC_OVERFLOW);
    TRY(share_fee(swap));
    if (swap->reached != swap->sqrt_price) swap->tick_is_known = 0;
    swap->sqrt_price = swap->reached;
    return swap->sqrt_price == swap->next_price ? cross_tick(swap) : 0;
}

/* Towards the next tick, in one step or in one for each tick group. */
OUT_OF_LINE u64 walk_to_next_tick(struct swap *swap) {
    u128 stop;
    TRY(find_next_tick(swap));
    stop = swap->next_price;
    if (swap->a_to_b ? swap->limit > stop : swap->limit < stop) stop = swap->limit;
    do {
        u64 rate = rate_of_step(swap);
        swap->target = stop;
        u64 skipped = bound_by_group(swap);
        TRY(compute_step(swap, rate));
        TRY(take_step(swap));
        end_step(swap, skipped);
    } while (swap->left && swap->sqrt_price != stop);
    return 0;
}

OUT_OF_LINE u64 walk(struct swap *swap) {
    u128 before = swap->sqrt_price;
    swap->left = swap->amount;
    TRY(grow_rewards(swap));
    if (swap->groups.oracle) TRY(begin_groups(&swap->groups, swap->tick, swap->now));
    while (swap->left && swap->sqrt_price != swap->limit) TRY(walk_to_next_tick(swap));
    if (swap->left && !swap->exact_in && !swap->has_limit) return RAISE(PARTIAL_FILL);
    if (!swap->tick_is_known) swap->tick = tick_at(&swap->sqrt_price);
    end_groups(swap, before);
    return 0;
}

/* *gross = the transfer that leaves `net` to its receiver. */
OUT_OF_LINE u64 add_transfer_fee(u64 *gross, const struct transfer_fee *fee, u64 net) {
    *gross = net + inverse_transfer_fee(fee, net);
    return *gross < net ? RAISE(TRANSFER_FEE_CALCULATION) : 0;
}

struct quote {
    struct transfer_fee input_fee, output_fee;
    u64 paid, sent;  /* what the two transfers move, Token-2022 fees included */
};

OUT_OF_LINE u64 quote_by_input(struct swap *swap, struct quote *quote, const u8 *data) {
    u64 amount = read_u64(data + DATA_AMOUNT);
    swap->amount = amount - transfer_fee_on(&quote->input_fee, amount);
    TRY(check_limit(swap, data + DATA_LIMIT));
    TRY(walk(swap));
    quote->paid = amount;
    quote->sent = swap->moved;
    if (swap->left) TRY(add_transfer_fee(&quote->paid, &quote->input_fee, swap->amount - swap->left));
    u64 received = quote->sent - transfer_fee_on(&quote->output_fee, quote->sent);
    return received < read_u64(data + DATA_BOUND) ? RAISE(AMOUNT_OUT_BELOW_MINIMUM) : 0;
}

OUT_OF_LINE u64 quote_by_output(struct swap *swap, struct quote *quote, const u8 *data) {
    TRY(add_transfer_fee(&swap->amount, &quote->output_fee, read_u64(data + DATA_AMOUNT)));
    TRY(check_limit(swap, data + DATA_LIMIT));
    TRY(walk(swap));
    quote->sent = swap->amount - swap->left;
    TRY(add_transfer_fee(&quote->paid, &quote->input_fee, swap->moved));
    return quote->paid > read_u64(data + DATA_BOUND) ? RAISE(AMOUNT_IN_ABOVE_MAXIMUM) : 0;
}

OUT_OF_LINE void write_pool(const struct swap *swap) {
    u8 *pool = swap->pool;
    u64 side = swap->a_to_b ? 0 : 1;
    u8 *owed = pool + POOL_PROTOCOL_OWED + 8 * side;
    write_u128(pool + POOL_LIQUIDITY, swap->liquidity);
    write_u128(pool + POOL_SQRT_PRICE, swap->sqrt_price);
    write_u32(pool + POOL_TICK, (u64)swap->tick);
    write_u64(owed, read_u64(owed) + swap->protocol_fee);
    write_u128(pool + POOL_MINT_A + SIDES * side + POOL_FEE_GROWTH, swap->fee_growth);
    for (u64 i = 0; i < REWARD_COUNT; i++) {
        write_u128(pool + POOL_REWARDS + REWARD_LENGTH * i + REWARD_GROWTH, swap->reward_growth[i]);
    }
    write_u64(pool + POOL_REWARDS_UPDATED, swap->now);
}

OUT_OF_LINE u64 move_tokens(const struct invocation *call, const struct quote *quote, u64 in) {
    const struct account *accounts = call->accounts;
    const u8 *pool = accounts[POOL].data;
    u64 out = 1 - in;
    struct transfer pay = {&accounts[USER_A + 2 * in], &accounts[MINT_A + in],    &accounts[VAULT_A + 2 * in],
                           &accounts[AUTHORITY],       &accounts[PROGRAM_A + in], quote->paid};
    struct transfer send = {&accounts[VAULT_A + 2 * out], &accounts[MINT_A + out],    &accounts[USER_A + 2 * out],
                            &accounts[POOL],              &accounts[PROGRAM_A + out], quote->sent};
    struct seed seeds[6] = {
        {(const u8 *)POOL_SEED, sizeof(POOL_SEED) - 1},
        {pool + POOL_CONFIG, 32},
        {pool + POOL_MINT_A, 32},
        {pool + POOL_MINT_B, 32},
        {pool + POOL_FEE_TIER_INDEX, 2},
        {pool + POOL_BUMP, 1},
    };
    struct signer_seeds signer = {seeds, 6};
    TRY(transfer_checked(&pay, 0));
    return transfer_checked(&send, &signer);
}

OUT_OF_LINE u64 run_swap(const struct invocation *call) {
    struct swap swap;
    struct quote quote;
    struct clock clock;
    sol_get_clock_sysvar(&clock);
    TRY(open_swap(&swap, call, clock.unix_timestamp));
    u64 in = swap.a_to_b ? 0 : 1;
    read_transfer_fee(&quote.input_fee, &call->accounts[MINT_A + in], clock.epoch);
    read_transfer_fee(&quote.output_fee, &call->accounts[MINT_B - in], clock.epoch);
    TRY(swap.exact_in ? quote_by_input(&swap, &quote, call->data) : quote_by_output(&swap, &quote, call->data));
    write_pool(&swap);
    return move_tokens(call, &quote, in);
}

u64 entrypoint(const u8 *input) {
    struct invocation call;
    parse_input(&call, input);
    if (call.data_length < 8 || read_u64(call.data) != SWAP_V2) return RAISE(FALLBACK_NOT_FOUND);
    if (call.data_length < DATA_LENGTH) return RAISE(DID_NOT_DESERIALIZE);
    for (u64 i = DATA_IS_INPUT; i <= DATA_OPTION; i++) {
        if (call.data[i] > 1) return RAISE(DID_NOT_DESERIALIZE);
    }
    TRY(check_types(&call));
    TRY(check_constraints(&call));
    return run_swap(&call);
}
