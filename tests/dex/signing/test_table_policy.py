"""What is signed of lookup tables: one step on the named table of the wallet, to the byte, no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from solders.address_lookup_table_account import AddressLookupTableAccount
from solders.hash import Hash
from solders.instruction import AccountMeta, Instruction
from solders.message import MessageV0
from solders.pubkey import Pubkey

from dex.errors import PolicyViolation
from dex.signing.policy import check_policy
from dex.signing.table_policy import TableStep, TableTerms, check_table_policy
from dex.transactions.instructions import compute_unit_limit, compute_unit_price, memo, transfer
from dex.transactions.table_instructions import (
    close_table,
    create_table,
    deactivate_table,
    extend_table,
    table_address,
)
from tests.dex.plans import facts_of, swap_plan, terms_of
from tests.dex.signing.policy_plans import CEILINGS, STRANGER, WALLET

SLOT = 1_234
BLOCKHASH = Hash.hash(b"a block")
TABLE = table_address(WALLET, SLOT)
ADDED = (Pubkey.from_bytes(bytes([1] * 32)), Pubkey.from_bytes(bytes([2] * 32)))
FILL = TableTerms(WALLET, TABLE, TableStep.FILL, frozenset(ADDED))
LIMIT = compute_unit_limit(80_000)
CREATE, EXTEND = create_table(WALLET, SLOT), extend_table(TABLE, WALLET, ADDED)


def message_of(instructions: Sequence[Instruction], payer: Pubkey = WALLET) -> MessageV0:
    return MessageV0.try_compile(payer, list(instructions), [], BLOCKHASH)


def check(terms: TableTerms, *instructions: Instruction, most_lamports: int = 0) -> None:
    check_table_policy(message_of([LIMIT, *instructions]), terms, BLOCKHASH, most_lamports)


def test_each_step_on_the_named_table_is_signed() -> None:
    check(FILL, CREATE, EXTEND)
    check(FILL, EXTEND)
    check(FILL, compute_unit_price(12_500), CREATE, most_lamports=1_000)
    check(replace(FILL, step=TableStep.DEACTIVATE), deactivate_table(TABLE, WALLET))
    check(replace(FILL, step=TableStep.CLOSE), close_table(TABLE, WALLET))


def of_another_recipient() -> Instruction:
    closed = close_table(TABLE, WALLET)
    metas = [*closed.accounts[:2], AccountMeta(STRANGER, False, True)]
    return Instruction(closed.program_id, bytes(closed.data), metas)


@pytest.mark.parametrize(
    ("step", "instruction", "why"),
    [
        (TableStep.FILL, extend_table(TABLE, WALLET, [STRANGER]), "not among the addresses"),
        (TableStep.FILL, extend_table(STRANGER, WALLET, ADDED), "not about the table that was named"),
        (TableStep.FILL, create_table(WALLET, SLOT + 1), "another table would be made"),
        (TableStep.FILL, close_table(TABLE, WALLET), "instruction 4 .* not allowed here"),
        (TableStep.FILL, transfer(WALLET, STRANGER, 1), "is not allowed"),
        (TableStep.FILL, memo("order 1"), "is not allowed"),
        (TableStep.DEACTIVATE, deactivate_table(STRANGER, WALLET), "not about the table that was named"),
        (TableStep.DEACTIVATE, EXTEND, "instruction 2 .* not allowed here"),
        (TableStep.CLOSE, of_another_recipient(), "not about the table that was named"),
        (TableStep.CLOSE, Instruction(CREATE.program_id, b"\x04", []), "without its tag"),
        (TableStep.FILL, Instruction(CREATE.program_id, bytes(4), []), "without its slot"),
        (
            TableStep.FILL,
            Instruction(CREATE.program_id, bytes(EXTEND.data)[:-1], EXTEND.accounts),
            "cut short",
        ),
    ],
)
def test_anything_else_is_refused(step: TableStep, instruction: Instruction, why: str) -> None:
    with pytest.raises(PolicyViolation, match=why):
        check(replace(FILL, step=step), instruction)


def test_a_fee_above_the_ceiling_is_refused() -> None:
    with pytest.raises(PolicyViolation, match="1000 lamports is above"):
        check(FILL, compute_unit_price(12_500), EXTEND, most_lamports=999)


def test_another_payer_blockhash_or_order_is_refused() -> None:
    with pytest.raises(PolicyViolation, match="fee payer"):
        check_table_policy(message_of([LIMIT, create_table(STRANGER, SLOT)], STRANGER), FILL, BLOCKHASH, 0)
    with pytest.raises(PolicyViolation, match="others than the wallet"):
        check_table_policy(message_of([LIMIT, create_table(STRANGER, SLOT)]), FILL, BLOCKHASH, 0)
    with pytest.raises(PolicyViolation, match="blockhash"):
        check_table_policy(message_of([LIMIT, EXTEND]), FILL, Hash.hash(b"another"), 0)
    with pytest.raises(PolicyViolation, match="does not stand first"):
        check_table_policy(message_of([EXTEND, LIMIT]), FILL, BLOCKHASH, 0)
    with pytest.raises(PolicyViolation, match="nothing is done"):
        check(FILL)
    with pytest.raises(PolicyViolation, match="not a limit and at most a price"):
        check_table_policy(message_of([EXTEND]), FILL, BLOCKHASH, 0)


def test_a_message_that_looks_addresses_up_is_refused() -> None:
    looked_up = AddressLookupTableAccount(STRANGER, [TABLE])
    message = MessageV0.try_compile(WALLET, [LIMIT, EXTEND], [looked_up], BLOCKHASH)
    with pytest.raises(PolicyViolation, match="looks nothing up"):
        check_table_policy(message, FILL, BLOCKHASH, 0)


def test_no_order_gets_a_table_changed() -> None:
    plan = swap_plan("SOL", "USDC")
    with pytest.raises(PolicyViolation, match="is not allowed"):
        check_policy(
            MessageV0.try_compile(WALLET, [LIMIT, memo(plan.memo), EXTEND], [], plan.blockhash),
            terms_of(plan),
            facts_of(plan),
            CEILINGS,
        )
