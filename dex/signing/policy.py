"""What a wallet signs: the compiled message is read again and held against the plan it was built from.

The check knows no venue's instruction layout. It relies on what the swap instructions of all supported
programs share: the two limits stand side by side as u64, and the user's input token account directly
before the output token account.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

from solders.message import MessageV0
from solders.pubkey import Pubkey

from dex.config import (
    ASSOCIATED_TOKEN_PROGRAM,
    COMPUTE_BUDGET_PROGRAM,
    MEMO_PROGRAM,
    NATIVE_MINT,
    SYSTEM_PROGRAM,
)
from dex.errors import PolicyViolation
from dex.rpc.jito import MOST_TIP, TIP_ACCOUNTS
from dex.transactions.instructions import (
    CLOSE_ACCOUNT,
    CREATE_ACCOUNT_WITH_SEED,
    CREATE_IDEMPOTENT,
    INITIALIZE_ACCOUNT_3,
    SET_COMPUTE_UNIT_LIMIT,
    SET_COMPUTE_UNIT_PRICE,
    TRANSFER,
    create_temporary_account,
    transfer,
)
from dex.transactions.swap_transaction import MAX_COMPUTE_UNITS, SwapPlan, Tip
from dex.transactions.token_accounts import TOKEN_PROGRAMS


@dataclass(frozen=True, slots=True)
class _Instruction:
    program: Pubkey
    accounts: Sequence[Pubkey]
    data: bytes


def check_policy(
    message: MessageV0, *, wallet: Pubkey, allowed_programs: Collection[Pubkey], plan: SwapPlan
) -> None:
    """Raise PolicyViolation unless ``message`` does what ``plan`` says for ``wallet``, and nothing else.

    ``allowed_programs`` are the venues' programs. Of the system, token, associated-token, compute-budget and
    memo programs only the instructions that `build_message` uses are let through, on the wallet's own
    accounts.
    """
    _check_payer(message, wallet, plan)
    swaps = 0
    instructions = _decompile(message)
    for instruction in instructions:
        if instruction.program in allowed_programs:
            _check_swap(instruction, plan)
            swaps += 1
            continue
        check = _CHECKS.get(instruction.program)
        if check is None:
            raise PolicyViolation(f"program {instruction.program} is not allowed")
        check(instruction, plan)
    _require(swaps == 1, f"{swaps} swap instructions, expected one")
    tips = sum(map(_is_transfer, instructions))
    _require(tips == (plan.tip is not None), f"{tips} tips, expected {int(plan.tip is not None)}")


def _check_payer(message: MessageV0, wallet: Pubkey, plan: SwapPlan) -> None:
    _require(not message.address_table_lookups, "accounts come from a lookup table")
    _require(message.header.num_required_signatures == 1, "others than the wallet would have to sign")
    _require(message.account_keys[0] == wallet == plan.payer, "the fee payer is not the wallet")
    _require(message.recent_blockhash == plan.blockhash, "the blockhash is not the planned one")


def _decompile(message: MessageV0) -> list[_Instruction]:
    keys = message.account_keys
    return [
        _Instruction(keys[i.program_id_index], [keys[a] for a in i.accounts], bytes(i.data))
        for i in message.instructions
    ]


def _check_swap(instruction: _Instruction, plan: SwapPlan) -> None:
    _require(instruction.program == plan.venue.program_id, "the swap goes to another venue than planned")
    limits = struct.pack("<QQ", plan.amount_in, plan.min_amount_out)
    reversed_limits = struct.pack("<QQ", plan.min_amount_out, plan.amount_in)
    _require(
        limits in instruction.data or reversed_limits in instruction.data,
        "the swap's amounts are not the planned ones",
    )
    accounts = list(instruction.accounts)
    _require(plan.pool.address in accounts, "the swap goes to another pool than planned")
    spent, received = plan.account_in, plan.account_out
    _require(
        accounts.count(spent) == 1
        and accounts.count(received) == 1
        and accounts.index(received) == accounts.index(spent) + 1,
        "the swap's token accounts are not the wallet's own",
    )


def _check_compute_budget(instruction: _Instruction, plan: SwapPlan) -> None:
    tag, value = instruction.data[0], int.from_bytes(instruction.data[1:], "little")
    if tag == SET_COMPUTE_UNIT_LIMIT:
        _require(value <= MAX_COMPUTE_UNITS, "the compute-unit limit is out of range")
    elif tag == SET_COMPUTE_UNIT_PRICE:
        _require(value == plan.compute_unit_price, "the compute-unit price is not the planned one")
    else:
        raise PolicyViolation(f"compute-budget instruction {tag} is not allowed")


def _check_memo(instruction: _Instruction, plan: SwapPlan) -> None:
    _require(instruction.data == plan.memo.encode(), "the memo is not the planned one")


def _check_associated_account(instruction: _Instruction, plan: SwapPlan) -> None:
    _require(instruction.data == bytes([CREATE_IDEMPOTENT]), "associated-token instruction is not allowed")
    payer, address, owner, mint = instruction.accounts[:4]
    _require(payer == plan.payer and owner == plan.payer, "a token account would belong to another wallet")
    _require(mint == plan.token_out and address == plan.account_out, "a token account that was not planned")


def _check_system(instruction: _Instruction, plan: SwapPlan) -> None:
    tag = int.from_bytes(instruction.data[:4], "little")
    if tag == TRANSFER and plan.tip is not None:
        _check_tip(instruction, plan, plan.tip)
        return
    _require(tag == CREATE_ACCOUNT_WITH_SEED, f"system instruction {tag} is not allowed")
    _require(NATIVE_MINT in (plan.token_in, plan.token_out), "no temporary account was planned")
    planned = create_temporary_account(plan.payer, plan.account_seed, plan.temporary_account_lamports)
    _require(
        instruction.data == planned.data
        and list(instruction.accounts) == [meta.pubkey for meta in planned.accounts],
        "the temporary account is not the planned one",
    )


def _check_tip(instruction: _Instruction, plan: SwapPlan, tip: Tip) -> None:
    _require(tip.account in TIP_ACCOUNTS, "the tip would go to an account that takes none")
    _require(0 < tip.lamports <= MOST_TIP, "the tip is out of range")
    planned = transfer(plan.payer, tip.account, tip.lamports)
    _require(
        instruction.data == planned.data
        and list(instruction.accounts) == [meta.pubkey for meta in planned.accounts],
        "the transfer is not the planned tip",
    )


def _is_transfer(instruction: _Instruction) -> bool:
    return instruction.program == SYSTEM_PROGRAM and instruction.data[:4] == TRANSFER.to_bytes(4, "little")


def _check_token(instruction: _Instruction, plan: SwapPlan) -> None:
    tag, accounts = instruction.data[0], instruction.accounts
    _require(accounts[0] == plan.temporary_account, "only the temporary token account may be touched")
    if tag == INITIALIZE_ACCOUNT_3:
        _require(
            accounts[1] == NATIVE_MINT and instruction.data[1:] == bytes(plan.payer),
            "the temporary account would belong to another wallet",
        )
    elif tag == CLOSE_ACCOUNT:
        _require(
            list(accounts[1:]) == [plan.payer, plan.payer], "the unwrapped SOL would go to another wallet"
        )
    else:
        raise PolicyViolation(f"token instruction {tag} is not allowed")


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise PolicyViolation(message)


_CHECKS: Final[dict[Pubkey, Callable[[_Instruction, SwapPlan], None]]] = {
    COMPUTE_BUDGET_PROGRAM: _check_compute_budget,
    MEMO_PROGRAM: _check_memo,
    ASSOCIATED_TOKEN_PROGRAM: _check_associated_account,
    SYSTEM_PROGRAM: _check_system,
    **dict.fromkeys(TOKEN_PROGRAMS, _check_token),
}
