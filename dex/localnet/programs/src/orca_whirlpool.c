/* Stand-in for Orca Whirlpool (whirLbMiicVdio4qvUfM5KAg6Ct8VwpYzGff3uctyCc and its immutable twin): swap_v2.
 *
 * Accounts, checks and order of effects: whirlpools instructions/v2/swap.rs, manager/swap_manager.rs.
 */
#include "whirlpool_accounts.h"
#include "whirlpool_curve.h"
#include "whirlpool_fee.h"
#include "whirlpool_ticks.h"

#define SWAP_V2 0x621ec91a0bed042bULL

static const char POOL_SEED[] = "whirlpool";

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
