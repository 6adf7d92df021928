"""The wallet signs what was planned and nothing else."""

import pytest
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.keypair import Keypair
from solders.message import MessageV0
from solders.pubkey import Pubkey
from solders.system_program import TransferParams, transfer

from dex.config import TOKEN_PROGRAM
from dex.errors import PolicyViolation
from dex.signing.policy import check_policy
from dex.transactions.instructions import close_token_account, create_token_account_if_missing, memo
from dex.transactions.swap_transaction import SwapPlan, build_message
from tests.dex.plans import GENESIS, MINTS, VENUES, altered, swap_plan

WALLET = GENESIS.wallet.pubkey()
STRANGER = Keypair.from_seed(b"s" * 32).pubkey()


def instructions_of(plan: SwapPlan) -> list[Instruction]:
    message = build_message(plan)
    keys = message.account_keys
    return [
        Instruction(
            keys[i.program_id_index],
            bytes(i.data),
            [AccountMeta(keys[a], keys[a] == plan.payer, message.is_maybe_writable(a)) for a in i.accounts],
        )
        for i in message.instructions
    ]


def check(plan: SwapPlan, instructions: list[Instruction], payer: Pubkey = WALLET) -> None:
    message = MessageV0.try_compile(payer, instructions, [], plan.blockhash)
    check_policy(message, wallet=WALLET, allowed_programs=VENUES.keys(), plan=plan)


@pytest.mark.parametrize("dex", ["raydium", "meteora"])
@pytest.mark.parametrize(
    ("token_in", "token_out"), [("SOL", "USDC"), ("USDC", "SOL"), ("USDC", "USDT"), ("USDT", "USDC")]
)
def test_what_was_planned_is_signed(dex, token_in, token_out):
    plan = altered(swap_plan(token_in, token_out, dex), compute_unit_price=7)
    check_policy(build_message(plan), wallet=WALLET, allowed_programs=VENUES.keys(), plan=plan)


@pytest.mark.parametrize(
    "change",
    [
        {"amount_in": 4_999_999},
        {"min_amount_out": 1_001},
        {"memo": "order-2/1"},
        {"compute_unit_price": 9},
        {"account_seed": "f" * 32},
        {"payer": STRANGER},
        {"token_out": MINTS["JUP"]},
        {"blockhash": Hash.default()},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_message_of_another_plan_is_refused(change):
    plan = altered(swap_plan("SOL", "USDC"), compute_unit_price=7)
    message = build_message(plan)
    with pytest.raises(PolicyViolation):
        check_policy(message, wallet=WALLET, allowed_programs=VENUES.keys(), plan=altered(plan, **change))


def test_a_plan_for_another_pool_is_refused():
    plan, other = swap_plan("SOL", "USDC"), swap_plan("SOL", "USDC", "meteora")
    with pytest.raises(PolicyViolation, match="venue"):
        check(altered(plan, venue=other.venue, pool=other.pool), instructions_of(plan))


def test_a_venue_that_is_not_allowed_is_refused():
    plan = swap_plan("SOL", "USDC")
    with pytest.raises(PolicyViolation, match="not allowed"):
        check_policy(build_message(plan), wallet=WALLET, allowed_programs=[], plan=plan)


def test_a_second_swap_is_refused():
    plan = swap_plan("USDC", "USDT")
    instructions = instructions_of(plan)
    with pytest.raises(PolicyViolation, match="2 swap instructions"):
        check(plan, [*instructions, instructions[-1]])


def test_a_transfer_of_sol_is_refused():
    plan = swap_plan("USDC", "USDT")
    payment = transfer(TransferParams(from_pubkey=WALLET, to_pubkey=STRANGER, lamports=1))
    with pytest.raises(PolicyViolation, match="system instruction 2"):
        check(plan, [*instructions_of(plan), payment])


def test_a_transfer_of_tokens_is_refused():
    plan = swap_plan("SOL", "USDC")
    metas = [AccountMeta(plan.account_in, False, True), AccountMeta(STRANGER, False, True)]
    metas.append(AccountMeta(WALLET, True, False))
    payment = Instruction(TOKEN_PROGRAM, b"\x03" + (1).to_bytes(8, "little"), metas)
    with pytest.raises(PolicyViolation, match="token instruction 3"):
        check(plan, [*instructions_of(plan), payment])


def test_closing_another_account_or_to_another_wallet_is_refused():
    plan = swap_plan("SOL", "USDC")
    with pytest.raises(PolicyViolation, match="temporary"):
        check(plan, [*instructions_of(plan), close_token_account(plan.account_out, WALLET)])
    instructions = instructions_of(plan)
    metas = list(instructions[-1].accounts)
    metas[1] = AccountMeta(STRANGER, False, True)
    instructions[-1] = Instruction(TOKEN_PROGRAM, bytes(instructions[-1].data), metas)
    with pytest.raises(PolicyViolation, match="another wallet"):
        check(plan, instructions)


def test_output_to_a_strangers_token_account_is_refused():
    plan = swap_plan("USDC", "USDT")
    instructions = instructions_of(plan)
    metas = [
        AccountMeta(STRANGER, False, True) if meta.pubkey == plan.account_out else meta
        for meta in instructions[-1].accounts
    ]
    instructions[-1] = Instruction(plan.venue.program_id, bytes(instructions[-1].data), metas)
    with pytest.raises(PolicyViolation, match="wallet's own"):
        check(plan, instructions)


def test_an_account_for_a_mint_that_was_not_planned_is_refused():
    plan = swap_plan("USDC", "USDT")
    extra = create_token_account_if_missing(WALLET, MINTS["JUP"], TOKEN_PROGRAM)
    with pytest.raises(PolicyViolation, match="not planned"):
        check(plan, [*instructions_of(plan), extra])


def test_a_second_signer_is_refused():
    plan = swap_plan("USDC", "USDT")
    signed_memo = Instruction(memo("x").program_id, plan.memo.encode(), [AccountMeta(STRANGER, True, False)])
    with pytest.raises(PolicyViolation, match="would have to sign"):
        check(plan, [*instructions_of(plan), signed_memo])


def test_a_program_nobody_knows_is_refused():
    plan = swap_plan("USDC", "USDT")
    with pytest.raises(PolicyViolation, match="not allowed"):
        check(plan, [*instructions_of(plan), Instruction(STRANGER, b"", [])])
