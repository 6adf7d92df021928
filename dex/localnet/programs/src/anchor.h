/* Errors as Anchor reports them: a log line that names the error, and its number as the program's result. */
#pragma once

#include "sbf.h"

#define TEXT_OF(number) #number

#define ERROR_TEXT(who, name, number, message) \
    "AnchorError " who ". Error Code: " name ". Error Number: " TEXT_OF(number) ". Error Message: " message "."

#define RAISE_TEXT(text, number) raise(text, sizeof(text) - 1, number)
#define RAISE_EXPANDED(name, number, message) RAISE_TEXT(ERROR_TEXT("occurred", name, number, message), number)
#define RAISE_FOR_EXPANDED(account, name, number, message) \
    RAISE_TEXT(ERROR_TEXT("caused by account: " account, name, number, message), number)

/* RAISE(ERROR) and RAISE_FOR("account", ERROR) log the error and evaluate to its number. */
#define RAISE(...) RAISE_EXPANDED(__VA_ARGS__)
#define RAISE_FOR(...) RAISE_FOR_EXPANDED(__VA_ARGS__)

/* anchor-lang error.rs */
#define FALLBACK_NOT_FOUND "InstructionFallbackNotFound", 101, "Fallback functions are not supported"
#define DID_NOT_DESERIALIZE \
    "InstructionDidNotDeserialize", 102, "The program could not deserialize the given instruction"
#define CONSTRAINT_MUT "ConstraintMut", 2000, "A mut constraint was violated"
#define CONSTRAINT_HAS_ONE "ConstraintHasOne", 2001, "A has one constraint was violated"
#define CONSTRAINT_RAW "ConstraintRaw", 2003, "A raw constraint was violated"
#define CONSTRAINT_SEEDS "ConstraintSeeds", 2006, "A seeds constraint was violated"
#define CONSTRAINT_ADDRESS "ConstraintAddress", 2012, "An address constraint was violated"
#define CONSTRAINT_TOKEN_MINT "ConstraintTokenMint", 2014, "A token mint constraint was violated"
#define CONSTRAINT_TOKEN_PROGRAM \
    "ConstraintTokenTokenProgram", 2021, "A token account token program constraint was violated"
#define REQUIRE_EQ_VIOLATED "RequireEqViolated", 2501, "A require_eq expression was violated"
#define REQUIRE_KEYS_EQ_VIOLATED "RequireKeysEqViolated", 2502, "A require_keys_eq expression was violated"
#define REQUIRE_GT_VIOLATED "RequireGtViolated", 2505, "A require_gt expression was violated"
#define DISCRIMINATOR_MISMATCH \
    "AccountDiscriminatorMismatch", 3002, "Account discriminator did not match what was expected"
#define NOT_ENOUGH_KEYS "AccountNotEnoughKeys", 3005, "Not enough account keys given to the instruction"
#define NOT_MUTABLE "AccountNotMutable", 3006, "The given account is not mutable"
#define WRONG_PROGRAM_OWNER \
    "AccountOwnedByWrongProgram", 3007, "The given account is owned by a different program than expected"
#define INVALID_PROGRAM_ID "InvalidProgramId", 3008, "Program ID was not as expected"
#define NOT_EXECUTABLE "InvalidProgramExecutable", 3009, "Program account is not executable"
#define NOT_SIGNER "AccountNotSigner", 3010, "The given account did not sign"
#define NOT_INITIALIZED "AccountNotInitialized", 3012, "The program expected this account to be already initialized"

/* An account that does not exist: the runtime shows it as an empty one of the system program. Anchor has an error of
 * its own for it where it reads the account whole, but not where it loads it in place (AccountLoader). */
OUT_OF_LINE u64 is_absent(const struct account *account) {
    const u8 *owner = account->owner;
    return *account->lamports == 0 && !(read_u64(owner) | read_u64(owner + 8) | read_u64(owner + 16) | read_u64(owner + 24));
}

OUT_OF_LINE u64 raise(const char *text, u64 length, u64 number) {
    sol_log_(text, length);
    return number;
}
