/* Raydium AMM v4: account layout and errors (raydium-amm state.rs, error.rs), and one swap's values.
 * The program is not made with Anchor: its accounts have no discriminator, its errors count from 0. */
#pragma once

#include "token.h"

enum {
    AMM_STATUS = 0, AMM_NONCE = 8, AMM_SWAP_FEE_NUMERATOR = 176, AMM_SWAP_FEE_DENOMINATOR = 184,
    AMM_NEED_TAKE_PNL_COIN = 192, AMM_NEED_TAKE_PNL_PC = 200, AMM_OPEN_TIME = 224,
    AMM_COIN_IN = 256, AMM_PC_OUT = 272, AMM_PC_FEE = 288, AMM_PC_IN = 296, AMM_COIN_OUT = 312, AMM_COIN_FEE = 328,
    AMM_COIN_VAULT = 336, AMM_PC_VAULT = 368, AMM_RECENT_EPOCH = 736, AMM_LENGTH = 752
};

enum { UNINITIALIZED = 0, SWAP_ONLY = 6, WAITING_TRADE = 7 };

/* FAIL(ERROR) logs the error as the program prints it and evaluates to its number. */
#define FAIL_TEXT(text, number) fail("Error: " text, sizeof("Error: " text) - 1, number)
#define FAIL(...) FAIL_TEXT(__VA_ARGS__)

#define INVALID_PROGRAM_ADDRESS "InvalidProgramAddress", 1
#define EXPECTED_ACCOUNT "ExpectedAccount", 3
#define INVALID_COIN_VAULT "InvalidCoinVault", 4
#define INVALID_PC_VAULT "InvalidPCVault", 5
#define INVALID_SIGN_ACCOUNT "InvalidSignAccount", 21
#define INVALID_STATUS "InvalidStatus", 22
#define WRONG_ACCOUNTS_NUMBER "WrongAccountsNumber", 24
#define INVALID_AMM_ACCOUNT_OWNER "InvalidAmmAccountOwner", 27
#define INVALID_INPUT "InvalidInput", 29
#define EXCEEDED_SLIPPAGE "exceeds desired slippage limit", 30
#define CHECKED_SUB_OVERFLOW "CheckedSubOverflow", 32
#define INVALID_SPL_TOKEN_PROGRAM "InvalidSplTokenProgram", 38
#define INSUFFICIENT_FUNDS "InsufficientFunds", 40
#define INVALID_USER_TOKEN "InvalidUserToken", 42

OUT_OF_LINE u64 fail(const char *text, u64 length, u64 number) {
    sol_log_(text, length);
    return number;
}

/* The accounts of a swap, wherever they stand in the instruction. */
struct swap_accounts {
    const struct account *token_program, *amm, *authority, *coin_vault, *pc_vault, *source, *destination, *owner;
};

/* One swap: what it reads from the accounts, then what the formulas make of it. Amounts in base units. */
struct swap {
    struct clock clock;
    u64 coin_in;  /* 1 when coin comes in, 0 when pc does */
    u64 reserve_in, reserve_out;
    u64 fee_numerator, fee_denominator;
    u64 paid, received, fee;
};
