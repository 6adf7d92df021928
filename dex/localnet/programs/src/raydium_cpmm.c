/* Stand-in for Raydium CPMM (CPMMoo8L3F4NbTegBCKVNunggL7H1ZpdTHKxQB5qKP1C): its two swap instructions,
 * and initialize.
 *
 * Accounts, checks and order of effects: raydium-cp-swap instructions/swap_base_input.rs, swap_base_output.rs.
 */
#define MAX_ACCOUNTS 20

#include "cpmm_curve.h"
#include "cpmm_initialize.h"
#include "cpmm_observation.h"

enum {
    PAYER, AUTHORITY, CONFIG, POOL, USER_INPUT, USER_OUTPUT, INPUT_VAULT, OUTPUT_VAULT,
    INPUT_PROGRAM, OUTPUT_PROGRAM, INPUT_MINT, OUTPUT_MINT, OBSERVATION, ACCOUNT_COUNT
};

#define SWAP_BASE_INPUT 0xde331ec4da5abe8fULL
#define SWAP_BASE_OUTPUT 0xadb44aa35662d937ULL
#define SWAP_DISABLED_BIT 4
/* GpMZbSM2GgvTKHJirzeGfMFoaZ8UR2X7F4v8vHTvxFbL, the PDA of AUTHORITY_SEED */
static const u8 AUTHORITY_KEY[32] = {
    0xeb, 0x00, 0xd9, 0xf5, 0xb2, 0x92, 0xb4, 0x21, 0x4a, 0xc7, 0xd0, 0x37, 0xb4, 0xd6, 0xf0, 0x64,
    0x50, 0xb9, 0x64, 0x60, 0x0d, 0xf3, 0x73, 0x05, 0x2b, 0xb5, 0xe8, 0x4f, 0x2f, 0x8e, 0x9a, 0x67,
};
static const char AUTHORITY_SEED[] = "vault_and_lp_mint_auth_seed";

INLINE u64 check_program_account(const struct account *account, const struct invocation *call, u64 discriminator,
                                 u64 length) {
    if (!same_key(account->owner, call->program_id)) return RAISE(WRONG_PROGRAM_OWNER);
    if (account->data_length < length || read_u64(account->data) != discriminator) {
        return RAISE(DISCRIMINATOR_MISMATCH);
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
    for (u64 i = USER_INPUT; i <= OUTPUT_VAULT; i++) {
        if (is_absent(&accounts[i])) return RAISE(NOT_INITIALIZED);
        if (!is_token_account(&accounts[i])) return RAISE(WRONG_PROGRAM_OWNER);
    }
    for (u64 i = INPUT_PROGRAM; i <= OUTPUT_PROGRAM; i++) {
        if (!is_any_token_program(accounts[i].key)) return RAISE(INVALID_PROGRAM_ID);
    }
    for (u64 i = INPUT_MINT; i <= OUTPUT_MINT; i++) {
        if (is_absent(&accounts[i])) return RAISE(NOT_INITIALIZED);
        if (!is_mint(&accounts[i])) return RAISE(WRONG_PROGRAM_OWNER);
    }
    return check_program_account(&accounts[OBSERVATION], call, OBSERVATION_DISCRIMINATOR, OBSERVATION_LENGTH);
}

INLINE u64 is_vault_of(const u8 *pool, const u8 *key) {
    return same_key(key, pool + POOL_VAULT_0) || same_key(key, pool + POOL_VAULT_1);
}

OUT_OF_LINE u64 check_constraints(const struct invocation *call) {
    const struct account *accounts = call->accounts;
    const u8 *pool = accounts[POOL].data;
    if (!same_key(accounts[AUTHORITY].key, AUTHORITY_KEY)) return RAISE_FOR("authority", CONSTRAINT_SEEDS);
    if (!same_key(accounts[CONFIG].key, pool + POOL_CONFIG)) return RAISE_FOR("amm_config", CONSTRAINT_ADDRESS);
    if (!accounts[POOL].is_writable) return RAISE_FOR("pool_state", CONSTRAINT_MUT);
    for (u64 i = USER_INPUT; i <= OUTPUT_VAULT; i++) {
        if (!accounts[i].is_writable) return RAISE(CONSTRAINT_MUT);
    }
    if (!is_vault_of(pool, accounts[INPUT_VAULT].key)) return RAISE_FOR("input_vault", CONSTRAINT_RAW);
    if (!is_vault_of(pool, accounts[OUTPUT_VAULT].key)) return RAISE_FOR("output_vault", CONSTRAINT_RAW);
    if (!same_key(accounts[INPUT_MINT].key, token_account_mint(&accounts[INPUT_VAULT]))) {
        return RAISE_FOR("input_token_mint", CONSTRAINT_ADDRESS);
    }
    if (!same_key(accounts[OUTPUT_MINT].key, token_account_mint(&accounts[OUTPUT_VAULT]))) {
        return RAISE_FOR("output_token_mint", CONSTRAINT_ADDRESS);
    }
    if (!accounts[OBSERVATION].is_writable) return RAISE_FOR("observation_state", CONSTRAINT_MUT);
    if (!same_key(accounts[OBSERVATION].key, pool + POOL_OBSERVATION)) {
        return RAISE_FOR("observation_state", CONSTRAINT_ADDRESS);
    }
    return 0;
}

/* What the vault holds for traders: its balance without the fees that wait there to be collected. */
OUT_OF_LINE u64 read_reserve(u64 *reserve, const struct account *vault, const u8 *pool, u64 side) {
    u64 fees = checked_add(read_u64(pool + POOL_PROTOCOL_FEES + 8 * side), read_u64(pool + POOL_FUND_FEES + 8 * side));
    fees = checked_add(fees, read_u64(pool + POOL_CREATOR_FEES + 8 * side));
    u64 balance = token_account_amount(vault);
    if (balance < fees) return RAISE(INSUFFICIENT_VAULT);
    *reserve = balance - fees;
    return 0;
}

OUT_OF_LINE u64 open_swap(struct swap *swap, const struct invocation *call) {
    const struct account *accounts = call->accounts;
    const u8 *pool = accounts[POOL].data;
    const u8 *config = accounts[CONFIG].data;
    sol_get_clock_sysvar(&swap->clock);
    if (pool[POOL_STATUS] & SWAP_DISABLED_BIT || swap->clock.unix_timestamp < read_u64(pool + POOL_OPEN_TIME)) {
        return RAISE(NOT_APPROVED);
    }
    swap->input_side = same_key(accounts[INPUT_VAULT].key, pool + POOL_VAULT_1);
    const u8 *other_vault = pool + (swap->input_side ? POOL_VAULT_0 : POOL_VAULT_1);
    if (!same_key(accounts[OUTPUT_VAULT].key, other_vault)) return RAISE(INVALID_VAULT);
    TRY(read_reserve(&swap->reserve_in, &accounts[INPUT_VAULT], pool, swap->input_side));
    TRY(read_reserve(&swap->reserve_out, &accounts[OUTPUT_VAULT], pool, 1 - swap->input_side));
    read_transfer_fee(&swap->input_fee, &accounts[INPUT_MINT], swap->clock.epoch);
    read_transfer_fee(&swap->output_fee, &accounts[OUTPUT_MINT], swap->clock.epoch);
    swap->trade_rate = read_u64(config + CONFIG_TRADE_FEE_RATE);
    swap->creator_rate = pool[POOL_ENABLE_CREATOR_FEE] ? read_u64(config + CONFIG_CREATOR_FEE_RATE) : 0;
    u64 fee_side = pool[POOL_CREATOR_FEE_ON];
    swap->creator_fee_on_input = fee_side == 0 || fee_side == 1 + swap->input_side;
    swap->trade_fee = 0;
    swap->creator_fee = 0;
    return 0;
}

OUT_OF_LINE u64 quote_exact_in(struct swap *swap, u64 amount_in, u64 minimum_out) {
    u64 withheld = transfer_fee_on(&swap->input_fee, amount_in);
    swap->pool_in = amount_in > withheld ? amount_in - withheld : 0;
    if (swap->pool_in == 0) return RAISE(REQUIRE_GT_VIOLATED);
    curve_exact_in(swap);
    u64 received = swap->pool_out - transfer_fee_on(&swap->output_fee, swap->pool_out);
    if (received == 0) return RAISE(REQUIRE_GT_VIOLATED);
    if (received < minimum_out) return RAISE(EXCEEDED_SLIPPAGE);
    swap->paid = amount_in;
    swap->sent = swap->pool_out;
    return 0;
}

OUT_OF_LINE u64 quote_exact_out(struct swap *swap, u64 maximum_in, u64 amount_out) {
    if (amount_out == 0) return RAISE(REQUIRE_GT_VIOLATED);
    swap->pool_out = checked_add(amount_out, inverse_transfer_fee(&swap->output_fee, amount_out));
    curve_exact_out(swap);
    if (swap->pool_in == 0) return RAISE(REQUIRE_GT_VIOLATED);
    swap->paid = checked_add(swap->pool_in, inverse_transfer_fee(&swap->input_fee, swap->pool_in));
    if (swap->paid > maximum_in) return RAISE(EXCEEDED_SLIPPAGE);
    swap->sent = swap->pool_out;
    return 0;
}

INLINE void add_to_counter(u8 *counter, u64 amount) { write_u64(counter, checked_add(read_u64(counter), amount)); }

/* Protocol and fund take their parts out of the trade fee; both are in the input token. */
OUT_OF_LINE void record_fees(const struct swap *swap, u8 *pool, const u8 *config) {
    u64 input = 8 * swap->input_side;
    u64 creator_side = swap->creator_fee_on_input ? swap->input_side : 1 - swap->input_side;
    u64 protocol_fee = fee_of(swap->trade_fee, read_u64(config + CONFIG_PROTOCOL_FEE_RATE), ROUND_DOWN);
    u64 fund_fee = fee_of(swap->trade_fee, read_u64(config + CONFIG_FUND_FEE_RATE), ROUND_DOWN);
    add_to_counter(pool + POOL_PROTOCOL_FEES + input, protocol_fee);
    add_to_counter(pool + POOL_FUND_FEES + input, fund_fee);
    add_to_counter(pool + POOL_CREATOR_FEES + 8 * creator_side, swap->creator_fee);
    write_u64(pool + POOL_RECENT_EPOCH, swap->clock.epoch);
}

OUT_OF_LINE u64 move_tokens(const struct invocation *call, const struct swap *swap) {
    const struct account *accounts = call->accounts;
    struct transfer in = {&accounts[USER_INPUT], &accounts[INPUT_MINT],    &accounts[INPUT_VAULT],
                          &accounts[PAYER],      &accounts[INPUT_PROGRAM], swap->paid};
    struct transfer out = {&accounts[OUTPUT_VAULT], &accounts[OUTPUT_MINT],    &accounts[USER_OUTPUT],
                           &accounts[AUTHORITY],    &accounts[OUTPUT_PROGRAM], swap->sent};
    struct seed seeds[2] = {
        {(const u8 *)AUTHORITY_SEED, sizeof(AUTHORITY_SEED) - 1},
        {accounts[POOL].data + POOL_AUTH_BUMP, 1},
    };
    struct signer_seeds signer = {seeds, 2};
    TRY(transfer_checked(&in, 0));
    return transfer_checked(&out, &signer);
}

u64 entrypoint(const u8 *input) {
    struct invocation call;
    struct swap swap;
    parse_input(&call, input);
    u64 name = call.data_length >= 8 ? read_u64(call.data) : 0;
    if (name == INITIALIZE) return initialize(&call, AUTHORITY_KEY, AUTHORITY_SEED, sizeof(AUTHORITY_SEED) - 1);
    if (name != SWAP_BASE_INPUT && name != SWAP_BASE_OUTPUT) return RAISE(FALLBACK_NOT_FOUND);
    if (call.data_length < 24) return RAISE(DID_NOT_DESERIALIZE);
    TRY(check_types(&call));
    TRY(check_constraints(&call));
    TRY(open_swap(&swap, &call));
    u64 first = read_u64(call.data + 8), second = read_u64(call.data + 16);
    TRY(name == SWAP_BASE_INPUT ? quote_exact_in(&swap, first, second) : quote_exact_out(&swap, first, second));
    record_fees(&swap, call.accounts[POOL].data, call.accounts[CONFIG].data);
    TRY(move_tokens(&call, &swap));
    record_observation(call.accounts[OBSERVATION].data, &swap);
    return 0;
}
