"""What moved, and why it failed."""

import pytest

from dex.config import MEMO_PROGRAM, SYSTEM_PROGRAM, TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from dex.errors import ChainAnswerInvalid
from dex.rpc.answers import ExecutedTransaction, TokenBalance
from dex.rpc.confirmation import executed_swap, failure_of
from dex.rpc.jito import TIP_ACCOUNTS
from dex.transactions.cost import cost_of
from dex.types import FailureKind, TransactionCost
from tests.dex.plans import GENESIS, MINTS, VENUES

WALLET = GENESIS.wallet.pubkey()
POOL = "the pool's authority"
RAYDIUM = next(venue for venue in VENUES.values() if venue.name == "raydium-cpmm")
METEORA = next(venue for venue in VENUES.values() if venue.name == "meteora-damm-v2")


def balances(*rows: tuple[str, str, int]) -> tuple[TokenBalance, ...]:
    """Rows of owner ("wallet" or "pool"), symbol and amount."""
    owners = {"wallet": str(WALLET), "pool": POOL}
    return tuple(
        TokenBalance(f"account-{n}", str(MINTS[symbol]), owners[owner], amount)
        for n, (owner, symbol, amount) in enumerate(rows)
    )


def transaction(before, after, error=None, fee=5_000, changes=None) -> ExecutedTransaction:
    return ExecutedTransaction(
        "signature", 42, error, fee, 1, (), 60_000, changes or {}, before, after, str(WALLET)
    )


def test_token_for_token_is_counted_at_the_wallets_accounts():
    executed = executed_swap(
        transaction(
            balances(("wallet", "USDC", 1_000), ("pool", "USDC", 500), ("pool", "USDT", 900)),
            balances(
                ("wallet", "USDC", 900), ("pool", "USDC", 600), ("pool", "USDT", 801), ("wallet", "USDT", 99)
            ),
            fee=5_321,
        ),
        WALLET,
        MINTS["USDC"],
        MINTS["USDT"],
    )
    assert (executed.amount_in, executed.amount_out, executed.slot) == (100, 99, 42)
    assert executed.cost == TransactionCost(base_fee=5_000, priority_fee=321, tip=0, rent=0)


def test_sol_in_is_what_the_vault_received():
    executed = executed_swap(
        transaction(
            balances(("pool", "SOL", 10_000), ("pool", "USDC", 900), ("wallet", "USDC", 1)),
            balances(("pool", "SOL", 10_700), ("pool", "USDC", 800), ("wallet", "USDC", 101)),
        ),
        WALLET,
        MINTS["SOL"],
        MINTS["USDC"],
    )
    assert (executed.amount_in, executed.amount_out) == (700, 100)


def test_sol_out_is_what_the_vault_paid_and_wrapped_sol_of_the_wallet_does_not_count():
    executed = executed_swap(
        transaction(
            balances(("pool", "SOL", 10_700), ("wallet", "SOL", 5_000), ("wallet", "USDC", 101)),
            balances(("pool", "SOL", 10_000), ("wallet", "SOL", 6_000), ("wallet", "USDC", 1)),
        ),
        WALLET,
        MINTS["USDC"],
        MINTS["SOL"],
    )
    assert (executed.amount_in, executed.amount_out) == (100, 700)


def test_failed_transactions_and_those_without_a_swap_have_no_amounts():
    moved = (balances(("wallet", "USDC", 9)), balances(("wallet", "USDC", 1), ("wallet", "USDT", 8)))
    still = (balances(("wallet", "USDC", 9)), balances(("wallet", "USDC", 9)))
    for found in (transaction(*moved, error={"InstructionError": [1, {"Custom": 1}]}), transaction(*still)):
        with pytest.raises(ChainAnswerInvalid):
            executed_swap(found, WALLET, MINTS["USDC"], MINTS["USDT"])
    with pytest.raises(ChainAnswerInvalid):
        executed_swap(transaction(*moved), WALLET, MINTS["USDT"], MINTS["USDC"])


TIPPED = str(TIP_ACCOUNTS[3])


def test_the_cost_is_fees_and_tip_and_the_rent_of_the_wallets_new_accounts():
    opening = transaction(
        balances(("pool", "SOL", 10_000), ("pool", "USDC", 900)),
        balances(("pool", "SOL", 10_700), ("pool", "USDC", 800), ("wallet", "USDC", 100)),
        fee=6_200,
        changes={str(WALLET): -2_049_980, "account-0": 700, "account-2": 2_039_280, TIPPED: 4_000},
    )
    assert cost_of(opening, WALLET) == TransactionCost(
        base_fee=5_000, priority_fee=1_200, tip=4_000, rent=2_039_280
    )


def test_neither_what_an_account_of_the_wallet_held_before_nor_what_others_opened_is_rent():
    swap = transaction(
        balances(("wallet", "USDC", 1), ("pool", "SOL", 9)),
        balances(("wallet", "USDC", 2), ("pool", "SOL", 9), ("pool", "USDT", 5)),
        changes={"account-0": 17, "account-2": 2_039_280},
    )
    assert cost_of(swap, WALLET).rent == 0


def test_a_failed_transaction_has_cost_its_fees():
    still = balances(("wallet", "USDC", 9))
    failed = transaction(still, still, error=custom(6005), fee=5_321, changes={str(WALLET): -5_321})
    assert cost_of(failed, WALLET) == TransactionCost(base_fee=5_000, priority_fee=321, tip=0, rent=0)


def custom(code: int) -> dict:
    return {"InstructionError": [5, {"Custom": code}]}


def failed_log(program: object, code: int) -> str:
    return f"Program {program} failed: custom program error: {hex(code)}"


def test_a_venues_error_is_named_by_its_log():
    logs = [
        f"Program {RAYDIUM.program_id} invoke [1]",
        "Program log: AnchorError occurred. Error Code: ExceededSlippage. Error Number: 6005.",
        failed_log(RAYDIUM.program_id, 6005),
    ]
    failure = failure_of(custom(6005), logs, [RAYDIUM])
    assert (failure.kind, failure.name, failure.code) == (
        FailureKind.SLIPPAGE_EXCEEDED,
        "ExceededSlippage",
        6005,
    )


def test_a_venues_error_without_a_log_is_known_by_its_number():
    failure = failure_of(custom(6005), [], [RAYDIUM])
    assert (failure.kind, failure.name) == (FailureKind.SLIPPAGE_EXCEEDED, "ExceededSlippage")


def test_too_few_tokens_and_too_few_lamports_are_insufficient_funds():
    for program in (TOKEN_PROGRAM, SYSTEM_PROGRAM):
        failure = failure_of(
            custom(1), [failed_log(program, 1), failed_log(RAYDIUM.program_id, 1)], [RAYDIUM]
        )
        assert (failure.kind, failure.code) == (FailureKind.INSUFFICIENT_FUNDS, 1)


@pytest.mark.parametrize(
    ("program", "number", "kind", "name"),
    [
        (TOKEN_PROGRAM, 1, FailureKind.INSUFFICIENT_FUNDS, "InsufficientFunds"),
        (TOKEN_PROGRAM, 17, FailureKind.ACCOUNT_FROZEN, "AccountFrozen"),
        (TOKEN_2022_PROGRAM, 67, FailureKind.TRANSFER_REFUSED, "MintPaused"),
        (TOKEN_2022_PROGRAM, 37, FailureKind.TRANSFER_REFUSED, "NonTransferable"),
        (SYSTEM_PROGRAM, 0, FailureKind.OTHER, "AccountAlreadyInUse"),
        (SYSTEM_PROGRAM, 1, FailureKind.INSUFFICIENT_FUNDS, "ResultWithNegativeLamports"),
        (METEORA.program_id, 6015, FailureKind.INSUFFICIENT_LIQUIDITY, "PriceRangeViolation"),
        (METEORA.program_id, 3005, FailureKind.OTHER, "AccountNotEnoughKeys"),
        (METEORA.program_id, 6999, FailureKind.OTHER, "ProgramError6999"),
        (MEMO_PROGRAM, 3, FailureKind.OTHER, "ProgramError3"),
    ],
)
def test_every_program_error_has_a_name(program, number, kind, name):
    logs = [failed_log(program, number), failed_log(METEORA.program_id, number)]
    failure = failure_of(custom(number), logs, [RAYDIUM, METEORA])
    assert (failure.kind, failure.name, failure.code) == (kind, name, number)


def test_a_program_that_refuses_everything_is_told_apart():
    logs = [
        f"Program {RAYDIUM.program_id} invoke [1]",
        "Program log: AnchorError occurred. Error Code: DeclaredProgramIdMismatch. Error Number: 4100.",
        failed_log(RAYDIUM.program_id, 4100),
    ]
    failure = failure_of(custom(4100), logs, [METEORA, RAYDIUM])
    assert (failure.kind, failure.name) == (FailureKind.PROGRAM_REFUSED, "DeclaredProgramIdMismatch")


def test_an_account_in_use_is_no_failure_of_the_venue():
    failure = failure_of(custom(0), [failed_log(SYSTEM_PROGRAM, 0)], [RAYDIUM])
    assert (failure.kind, failure.code) == (FailureKind.OTHER, 0)


@pytest.mark.parametrize(
    ("error", "kind", "name"),
    [
        ("InsufficientFundsForFee", FailureKind.INSUFFICIENT_FUNDS, "InsufficientFundsForFee"),
        ("AccountNotFound", FailureKind.INSUFFICIENT_FUNDS, "AccountNotFound"),
        (
            {"InsufficientFundsForRent": {"account_index": 0}},
            FailureKind.INSUFFICIENT_FUNDS,
            "InsufficientFundsForRent",
        ),
        (
            {"InstructionError": [4, "ComputationalBudgetExceeded"]},
            FailureKind.COMPUTE_EXCEEDED,
            "ComputationalBudgetExceeded",
        ),
        ("BlockhashNotFound", FailureKind.OTHER, "BlockhashNotFound"),
        ({}, FailureKind.OTHER, "Unknown"),
    ],
)
def test_errors_of_the_runtime_keep_their_names(error, kind, name):
    failure = failure_of(error, [], [RAYDIUM])
    assert (failure.kind, failure.name, failure.code) == (kind, name, None)
