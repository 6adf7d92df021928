"""Whirlpool's swap instruction, made and read (whirlpools lib.rs, instructions/v2/swap.rs).

Of the program's swaps only ``swap_v2`` is used: it takes mints of both token programs.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from dex.config import MEMO_PROGRAM
from dex.errors import UnknownInstruction
from dex.types import DecodedSwap, Swap, SwapMode
from dex.venues.orca_whirlpool import adaptive_fee
from dex.venues.swap_decoding import account_keys, decoded, require_same, require_token_programs
from dex.venues.swap_request import limits

SWAP_V2: Final = bytes.fromhex("2b04ed0b1ac91e62")
# Amount, the other amount's bound, a price limit, is_input, a_to_b, and an option of further accounts.
_ARGUMENTS: Final = Struct("<8sQQ16s???")
_NO_PRICE_LIMIT: Final = bytes(16)
_TICK_ARRAYS: Final = 3
_ACCOUNTS: Final = 15


def swap_instruction(
    program_id: Pubkey,
    pool: Pubkey,
    mints: tuple[Pubkey, Pubkey],
    vaults: tuple[Pubkey, Pubkey],
    token_programs: tuple[Pubkey, Pubkey],
    tick_arrays: Sequence[Pubkey],
    swap: Swap,
) -> Instruction:
    """``swap_v2`` in a, b order; of fewer than three tick arrays the last one is named again.

    Raises AmountTooSmall or AmountTooLarge.
    """
    amount_in, amount_out = limits(swap)
    exact_in, a_to_b = swap.mode is SwapMode.EXACT_IN, swap.token_in == mints[0]
    amount, bound = (amount_in, amount_out) if exact_in else (amount_out, amount_in)
    users = (swap.account_in, swap.account_out) if a_to_b else (swap.account_out, swap.account_in)
    repeated = [tick_arrays[-1]] * (_TICK_ARRAYS - len(tick_arrays))
    accounts = [
        *(AccountMeta(program, False, False) for program in token_programs),
        AccountMeta(MEMO_PROGRAM, False, False),
        AccountMeta(swap.payer, True, False),
        AccountMeta(pool, False, True),
        *(AccountMeta(mint, False, False) for mint in mints),
        AccountMeta(users[0], False, True),
        AccountMeta(vaults[0], False, True),
        AccountMeta(users[1], False, True),
        AccountMeta(vaults[1], False, True),
        *(AccountMeta(array, False, True) for array in (*tick_arrays, *repeated)),
        AccountMeta(adaptive_fee.address_of(program_id, pool), False, True),
    ]
    data = _ARGUMENTS.pack(SWAP_V2, amount, bound, _NO_PRICE_LIMIT, exact_in, a_to_b, False)
    return Instruction(program_id, data, accounts)


def decode_swap(instruction: Instruction, program_id: Pubkey, venue: str) -> DecodedSwap:
    """What ``swap_instruction`` put into an instruction; raises UnknownInstruction for any other."""
    keys = account_keys(instruction, program_id, _ACCOUNTS)
    program_a, program_b, _, payer, pool, mint_a, mint_b, user_a, vault_a, user_b, vault_b, *rest = keys
    require_token_programs(program_a, program_b)
    if bytes(mint_a) >= bytes(mint_b):
        raise UnknownInstruction("a Whirlpool keeps the smaller mint first")
    mode, a_to_b, amount_in, amount_out = _decode_arguments(bytes(instruction.data))
    mints, users = ((mint_a, mint_b), (user_a, user_b)) if a_to_b else ((mint_b, mint_a), (user_b, user_a))
    swap = Swap(payer, *mints, *users, amount_in, amount_out, mode)
    vaults, arrays = (vault_a, vault_b), rest[:_TICK_ARRAYS]
    require_same(
        instruction,
        lambda: swap_instruction(
            program_id, pool, (mint_a, mint_b), vaults, (program_a, program_b), arrays, swap
        ),
    )
    return decoded(venue, pool, swap, vaults, sells_first=a_to_b)


def _decode_arguments(data: bytes) -> tuple[SwapMode, bool, int, int]:
    """Mode, whether token a goes in, input and output amounts."""
    if len(data) != _ARGUMENTS.size:
        raise UnknownInstruction(f"{len(data)} bytes are no swap_v2 without further accounts")
    _, amount, bound, _, exact_in, a_to_b, _ = _ARGUMENTS.unpack(data)
    if exact_in:
        return SwapMode.EXACT_IN, a_to_b, amount, bound
    return SwapMode.EXACT_OUT, a_to_b, bound, amount
