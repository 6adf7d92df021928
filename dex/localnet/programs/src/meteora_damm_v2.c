/* Stand-in for Meteora DAMM v2 (cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG): swap, swap2 and
 * initialize_customizable_pool.
 *
 * Accounts, checks and order of effects: damm-v2 instructions/swap/ix_swap.rs, ix_p_swap.rs, swap_exact_in.rs,
 * swap_exact_out.rs, swap_partial_fill.rs; state changes: state/pool.rs.
 */
#define MAX_ACCOUNTS 20

#include "damm_v2_compounding.h"
#include "damm_v2_curve.h"
#include "damm_v2_fee.h"
#include "damm_v2_initialize.h"

enum {
    POOL_AUTHORITY, POOL, USER_INPUT, USER_OUTPUT, VAULT_A, VAULT_B, MINT_A, MINT_B, PAYER, PROGRAM_A, PROGRAM_B,
    REFERRAL, EVENT_AUTHORITY, PROGRAM, ACCOUNT_COUNT
};

enum { EXACT_IN, PARTIAL_FILL, EXACT_OUT };

#define SWAP 0xc88775e1919ec6f8ULL
#define SWAP2 0x885b5beb4c3f4b41ULL

/* HLnpSz9h2S4hiLQ43rnSD9XkcUThA7B8hQMKmDaiTLcC, the PDA of AUTHORITY_SEED and AUTHORITY_BUMP */
static const u8 AUTHORITY_KEY[32] = {
    0xf2, 0xcc, 0xd5, 0x35, 0xac, 0xa5, 0xf1, 0x73, 0x6a, 0xc8, 0x22, 0xdd, 0x07, 0x73, 0xe4, 0xd9,
    0x2f, 0xbd, 0x8a, 0x59, 0xb2, 0x94, 0x03, 0x50, 0x02, 0x95, 0xa9, 0x01, 0x1c, 0x73, 0xa9, 0xe5,
};
static const char AUTHORITY_SEED[] = "pool_authority";
#define AUTHORITY_BUMP 254

/* 3rmHSu74h1ZcmAisVcWerTCiRDQbUrBKmcwptYGjHfet, the PDA of "__event_authority" */
static const u8 EVENT_AUTHORITY_KEY[32] = {
    0x2a, 0x76, 0xe7, 0xb3, 0x44, 0x64, 0x0a, 0x1c, 0xfc, 0x59, 0x4c, 0x8b, 0xca, 0xd0, 0xa0, 0x91,
    0x01, 0x1c, 0xac, 0x7d, 0xd1, 0x56, 0xbf, 0x83, 0xa8, 0x33, 0xfb, 0x22, 0x08, 0xeb, 0x77, 0xad,
};

/* Sysvar1nstructions1111111111111111111111111 */
static const u8 INSTRUCTIONS_SYSVAR[32] = {
    0x06, 0xa7, 0xd5, 0x17, 0x18, 0x7b, 0xd1, 0x66, 0x35, 0xda, 0xd4, 0x04, 0x55, 0xfd, 0xc2, 0xc0,
    0xc1, 0x24, 0xc6, 0x8f, 0x21, 0x56, 0x75, 0xa5, 0xdb, 0xba, 0xcb, 0x5f, 0x08, 0x00, 0x00, 0x00,
};
#define META_LENGTH 33
/* ProgramError::UnsupportedSysvar of the Solana SDK, as the runtime encodes builtin errors. */
#define UNSUPPORTED_SYSVAR (17ULL << 32)

OUT_OF_LINE u64 check_pool(const struct invocation *call) {
    const struct account *accounts = call->accounts;
    const struct account *pool = &accounts[POOL];
    if (!same_key(accounts[POOL_AUTHORITY].key, AUTHORITY_KEY)) return RAISE(CONSTRAINT_ADDRESS);
    if (!same_key(pool->owner, call->program_id)) return RAISE(WRONG_PROGRAM_OWNER);
    if (!pool->is_writable) return RAISE(NOT_MUTABLE);
    if (pool->data_length < POOL_LENGTH || read_u64(pool->data) != POOL_DISCRIMINATOR) {
        return RAISE(DISCRIMINATOR_MISMATCH);
    }
    if (!same_key(accounts[VAULT_A].key, pool->data + POOL_VAULT_A)) return RAISE(CONSTRAINT_HAS_ONE);
    if (!same_key(accounts[VAULT_B].key, pool->data + POOL_VAULT_B)) return RAISE(CONSTRAINT_HAS_ONE);
    return 0;
}

OUT_OF_LINE u64 check_token_accounts(const struct invocation *call) {
    const struct account *accounts = call->accounts;
    for (u64 i = USER_INPUT; i <= VAULT_B; i++) {
        if (!accounts[i].is_writable) return RAISE(NOT_MUTABLE);
        if (!is_token_account(&accounts[i])) return RAISE(WRONG_PROGRAM_OWNER);
    }
    for (u64 side = TOKEN_A; side <= TOKEN_B; side++) {
        const struct account *vault = &accounts[VAULT_A + side], *mint = &accounts[MINT_A + side];
        if (!same_key(vault->owner, accounts[PROGRAM_A + side].key)) return RAISE(CONSTRAINT_TOKEN_PROGRAM);
        if (!same_key(mint->key, token_account_mint(vault))) return RAISE(CONSTRAINT_TOKEN_MINT);
        if (!is_mint(mint)) return RAISE(WRONG_PROGRAM_OWNER);
    }
    return 0;
}

OUT_OF_LINE u64 check_accounts(const struct invocation *call) {
    const struct account *accounts = call->accounts;
    if (call->account_count < ACCOUNT_COUNT) return RAISE(NOT_ENOUGH_KEYS);
    TRY(check_pool(call));
    TRY(check_token_accounts(call));
    if (!accounts[PAYER].is_signer) return RAISE(NOT_SIGNER);
    if (!same_key(accounts[EVENT_AUTHORITY].key, EVENT_AUTHORITY_KEY)) return RAISE(CONSTRAINT_SEEDS);
    if (!same_key(accounts[REFERRAL].key, call->program_id)) {
        if (!accounts[REFERRAL].is_writable) return RAISE(NOT_MUTABLE);
        if (!is_token_account(&accounts[REFERRAL])) return RAISE(WRONG_PROGRAM_OWNER);
    }
    return 0;
}

OUT_OF_LINE u64 open_swap(struct swap *swap, const struct invocation *call) {
    const struct account *accounts = call->accounts;
    u8 *pool = accounts[POOL].data;
    swap->pool = pool;
    sol_get_clock_sysvar(&swap->clock);
    swap->point = pool[POOL_ACTIVATION_TYPE] ? swap->clock.unix_timestamp : swap->clock.slot;
    if (pool[POOL_STATUS] || swap->point < read_u64(pool + POOL_ACTIVATION_POINT)) return RAISE(POOL_DISABLED);
    u64 mode = pool[POOL_COLLECT_FEE_MODE];
    if (mode > COLLECT_COMPOUNDING) return RAISE(TYPE_CAST_FAILED);
    swap->input_side = same_key(token_account_mint(&accounts[USER_INPUT]), accounts[MINT_A].key) ? TOKEN_A : TOKEN_B;
    swap->fee_on_input = mode != COLLECT_BOTH_TOKENS && swap->input_side == TOKEN_B;
    swap->fee_side = mode == COLLECT_BOTH_TOKENS && swap->input_side == TOKEN_B ? TOKEN_A : TOKEN_B;
    swap->has_referral = !same_key(accounts[REFERRAL].key, call->program_id);
    wide_load(&swap->liquidity, pool + POOL_LIQUIDITY, LIMBS_128);
    wide_load(&swap->sqrt_price, pool + POOL_SQRT_PRICE, LIMBS_128);
    panic_unless(swap->liquidity.count && swap->sqrt_price.count);
    return 0;
}

INLINE u64 is_compounding(const struct swap *swap) {
    return swap->pool[POOL_COLLECT_FEE_MODE] == COLLECT_COMPOUNDING;
}

/* curve_out from curve_in; with `partial`, curve_in shrinks to what the price range can take. */
OUT_OF_LINE u64 cross_by_input(struct swap *swap, u64 partial) {
    if (is_compounding(swap)) return product_by_input(swap);
    return partial ? move_by_input_to_limit(swap) : move_by_input(swap);
}

/* amount_in from curve_in. */
OUT_OF_LINE u64 add_input_fee(struct swap *swap) {
    u64 rate;
    TRY(fee_rate(&rate, swap, swap->curve_in, FEE_EXCLUDED));
    return add_fee(swap, &swap->amount_in, swap->curve_in, rate);
}

/* From amount_in to amount_out. With `partial`, input that the price range cannot take is not used. */
OUT_OF_LINE u64 swap_by_input(struct swap *swap, u64 partial) {
    u64 rate, offered;
    TRY(fee_rate(&rate, swap, swap->amount_in, FEE_INCLUDED));
    swap->curve_in = swap->amount_in;
    if (swap->fee_on_input) TRY(deduct_fee(swap, &swap->curve_in, swap->amount_in, rate));
    offered = swap->curve_in;
    TRY(cross_by_input(swap, partial));
    if (swap->curve_in < offered) {
        swap->amount_in = swap->curve_in;
        if (swap->fee_on_input) TRY(add_input_fee(swap));
    }
    swap->amount_out = swap->curve_out;
    if (!swap->fee_on_input) TRY(deduct_fee(swap, &swap->amount_out, swap->curve_out, rate));
    return 0;
}

/* From amount_out to amount_in. */
OUT_OF_LINE u64 swap_by_output(struct swap *swap) {
    u64 rate;
    swap->curve_out = swap->amount_out;
    if (!swap->fee_on_input) {
        TRY(fee_rate(&rate, swap, swap->amount_out, FEE_EXCLUDED));
        TRY(add_fee(swap, &swap->curve_out, swap->amount_out, rate));
    }
    TRY(is_compounding(swap) ? product_by_output(swap) : move_by_output(swap));
    swap->amount_in = swap->curve_in;
    return swap->fee_on_input ? add_input_fee(swap) : 0;
}

/* *gross = the transfer that leaves `net` to its receiver; the real program refuses a fee that does not invert. */
OUT_OF_LINE u64 add_transfer_fee(u64 *gross, const struct transfer_fee *fee, u64 net) {
    u64 withheld = inverse_transfer_fee(fee, net);
    *gross = net + withheld;
    if (*gross < net) return RAISE(MATH_OVERFLOW);
    if (transfer_fee_on(fee, *gross) != withheld) return RAISE(FEE_INVERSE_IS_INCORRECT);
    return 0;
}

struct limits {
    struct transfer_fee input_fee, output_fee;
    u64 amount, bound;
    u64 paid;  /* what the user's transfer moves, Token-2022 fee included */
};

OUT_OF_LINE u64 quote_by_input(struct swap *swap, struct limits *limits, u64 partial) {
    swap->amount_in = checked_subtract(limits->amount, transfer_fee_on(&limits->input_fee, limits->amount));
    if (swap->amount_in == 0) return RAISE(AMOUNT_IS_ZERO);
    u64 offered = swap->amount_in;
    TRY(swap_by_input(swap, partial));
    u64 received = swap->amount_out - transfer_fee_on(&limits->output_fee, swap->amount_out);
    if (received < limits->bound) return RAISE(EXCEEDED_SLIPPAGE);
    limits->paid = limits->amount;
    if (swap->amount_in < offered) TRY(add_transfer_fee(&limits->paid, &limits->input_fee, swap->amount_in));
    return 0;
}

OUT_OF_LINE u64 quote_by_output(struct swap *swap, struct limits *limits) {
    TRY(add_transfer_fee(&swap->amount_out, &limits->output_fee, limits->amount));
    TRY(swap_by_output(swap));
    TRY(add_transfer_fee(&limits->paid, &limits->input_fee, swap->amount_in));
    return limits->paid > limits->bound ? RAISE(EXCEEDED_SLIPPAGE) : 0;
}

/* Adds a 64-bit amount to a counter of `limbs` limbs. */
OUT_OF_LINE void add_to_counter(u8 *counter, u64 limbs, u64 amount) {
    struct wide total, addend;
    wide_load(&total, counter, limbs);
    wide_set(&addend, amount);
    wide_add(&total, &total, &addend);
    panic_unless(wide_store(counter, limbs, &total));
}

/* fee_per_liquidity += lp_fee * 2^128 / liquidity, a 256-bit counter. */
OUT_OF_LINE void accrue_lp_fee(const struct swap *swap) {
    u8 *counter = swap->pool + POOL_FEE_PER_LIQUIDITY + 32 * swap->fee_side;
    struct wide fee, share;
    wide_set(&fee, swap->lp_fee);
    wide_shift_left(&fee, LIMBS_128);
    wide_divide(&share, &fee, &swap->liquidity);
    wide_load(&fee, counter, 2 * LIMBS_128);
    wide_add(&share, &share, &fee);
    panic_unless(wide_store(counter, 2 * LIMBS_128, &share));
}

/* The pool's own count of the tokens that back its liquidity: fees that can be claimed are not among them. */
OUT_OF_LINE void move_reserves(const struct swap *swap) {
    u8 *input = swap->pool + POOL_TOKEN_AMOUNTS + 8 * swap->input_side;
    u8 *output = swap->pool + POOL_TOKEN_AMOUNTS + 8 * (1 - swap->input_side);
    if (!swap->pool[POOL_LAYOUT_VERSION]) return;
    add_to_counter(input, LIMBS_64, swap->curve_in);
    write_u64(output, checked_subtract(read_u64(output), swap->curve_out));
    add_to_counter(swap->fee_on_input ? input : output, LIMBS_64, swap->compounding_fee);
}

OUT_OF_LINE void apply_swap(struct swap *swap) {
    u8 *pool = swap->pool;
    accrue_lp_fee(swap);
    move_reserves(swap);
    if (is_compounding(swap)) price_of_amounts(swap);
    add_to_counter(pool + POOL_PROTOCOL_FEES + 8 * swap->fee_side, LIMBS_64, swap->protocol_fee);
    add_to_counter(pool + POOL_TOTAL_LP_FEES + 16 * swap->fee_side, LIMBS_128, swap->lp_fee + swap->compounding_fee);
    add_to_counter(pool + POOL_TOTAL_PROTOCOL_FEES + 8 * swap->fee_side, LIMBS_64, swap->protocol_fee);
    panic_unless(wide_store(pool + POOL_SQRT_PRICE, LIMBS_128, &swap->next_sqrt_price));
    update_volatility(swap);
}

/* Out of the vault of `side`, signed by the pool authority. */
OUT_OF_LINE u64 pay_from_vault(const struct invocation *call, u64 side, u64 receiver, u64 amount) {
    const struct account *accounts = call->accounts;
    struct transfer transfer = {&accounts[VAULT_A + side], &accounts[MINT_A + side],   &accounts[receiver],
                                &accounts[POOL_AUTHORITY], &accounts[PROGRAM_A + side], amount};
    u8 bump = AUTHORITY_BUMP;
    struct seed seeds[2] = {
        {(const u8 *)AUTHORITY_SEED, sizeof(AUTHORITY_SEED) - 1},
        {&bump, 1},
    };
    struct signer_seeds signer = {seeds, 2};
    return transfer_checked(&transfer, &signer);
}

OUT_OF_LINE u64 move_tokens(const struct invocation *call, const struct swap *swap, u64 paid) {
    const struct account *accounts = call->accounts;
    u64 side = swap->input_side;
    struct transfer in = {&accounts[USER_INPUT], &accounts[MINT_A + side],    &accounts[VAULT_A + side],
                          &accounts[PAYER],      &accounts[PROGRAM_A + side], paid};
    TRY(transfer_checked(&in, 0));
    TRY(pay_from_vault(call, 1 - side, USER_OUTPUT, swap->amount_out));
    if (!swap->has_referral) return 0;
    return pay_from_vault(call, swap->fee_side, REFERRAL, swap->referral_fee);
}

/* A pool with an active rate limiter takes one swap a transaction: it looks at the instructions before this one, in
 * the layout of the instructions sysvar (solana-program sysvar/instructions.rs). */
OUT_OF_LINE u64 check_single_swap(const struct invocation *call) {
    const struct account *sysvar = &call->accounts[ACCOUNT_COUNT];
    if (call->account_count <= ACCOUNT_COUNT) return RAISE(SECOND_SWAP_IN_TRANSACTION);
    if (!same_key(sysvar->key, INSTRUCTIONS_SYSVAR)) return UNSUPPORTED_SYSVAR;
    u64 current = read_u16(sysvar->data + sysvar->data_length - 2);
    for (u64 index = 0; index < current; index++) {
        const u8 *metas = sysvar->data + read_u16(sysvar->data + 2 + 2 * index);
        u64 meta_count = read_u16(metas);
        const u8 *program = metas + 2 + META_LENGTH * meta_count;
        u64 name = read_u16(program + 32) >= 8 ? read_u64(program + 34) : 0;
        if (!same_key(program, call->program_id) || meta_count <= POOL || (name != SWAP && name != SWAP2)) continue;
        if (same_key(metas + 2 + META_LENGTH * POOL + 1, call->accounts[POOL].key)) {
            return RAISE(SECOND_SWAP_IN_TRANSACTION);
        }
    }
    return 0;
}

OUT_OF_LINE u64 run_swap(const struct invocation *call, struct limits *limits, u64 mode) {
    struct swap swap;
    TRY(open_swap(&swap, call));
    if (limits->amount == 0) return RAISE(AMOUNT_IS_ZERO);
    if (swap.pool[POOL_BASE_FEE_MODE] == RATE_LIMITER && is_limiter_applied(&swap)) TRY(check_single_swap(call));
    read_transfer_fee(&limits->input_fee, &call->accounts[MINT_A + swap.input_side], swap.clock.epoch);
    read_transfer_fee(&limits->output_fee, &call->accounts[MINT_B - swap.input_side], swap.clock.epoch);
    update_references(&swap);
    TRY(mode == EXACT_OUT ? quote_by_output(&swap, limits) : quote_by_input(&swap, limits, mode == PARTIAL_FILL));
    apply_swap(&swap);
    return move_tokens(call, &swap, limits->paid);
}

/* The program calls itself for each event; nobody else has its event authority sign. */
OUT_OF_LINE u64 check_event(const struct invocation *call) {
    if (call->account_count < 1) return RAISE(NOT_ENOUGH_KEYS);
    if (!call->accounts[0].is_signer) return RAISE(NOT_SIGNER);
    return same_key(call->accounts[0].key, EVENT_AUTHORITY_KEY) ? 0 : RAISE(CONSTRAINT_SEEDS);
}

u64 entrypoint(const u8 *input) {
    struct invocation call;
    struct limits limits;
    parse_input(&call, input);
    u64 name = call.data_length >= 8 ? read_u64(call.data) : 0;
    if (name == INITIALIZE_CUSTOMIZABLE_POOL) {
        return initialize_pool(&call, AUTHORITY_KEY, AUTHORITY_SEED, sizeof(AUTHORITY_SEED) - 1);
    }
    if (name == EVENT_CALL) return check_event(&call);
    if (name != SWAP && name != SWAP2) return RAISE(FALLBACK_NOT_FOUND);
    if (call.data_length < (name == SWAP ? 24 : 25)) return RAISE(DID_NOT_DESERIALIZE);
    u64 mode = name == SWAP ? EXACT_IN : call.data[24];
    if (mode > EXACT_OUT) mode = EXACT_IN;  /* an unknown mode is the enum's default */
    TRY(check_accounts(&call));
    limits.amount = read_u64(call.data + 8);
    limits.bound = read_u64(call.data + 16);
    return run_swap(&call, &limits, mode);
}
