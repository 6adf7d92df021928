"""Raydium CLMM's swap instruction (raydium-clmm lib.rs, instructions/swap_v2.rs)."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from dex.config import MEMO_PROGRAM, TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from dex.errors import UnknownInstruction
from dex.types import DecodedSwap, Swap, SwapMode
from dex.venues.raydium_clmm.layout import PoolKeys
from dex.venues.swap_decoding import account_keys, decoded, require_same
from dex.venues.swap_request import limits

SWAP_V2: Final = bytes.fromhex("2b04ed0b1ac91e62")
# Amount, other side's limit, limit of the square-root price (none), whether the amount is the input.
_ARGUMENTS: Final = Struct("<8sQQ16sB")
_NO_PRICE_LIMIT: Final = bytes(16)
_PROGRAMS: Final = (TOKEN_PROGRAM, TOKEN_2022_PROGRAM, MEMO_PROGRAM)

# One swap with 3 arrays fills 708 of a transaction's 1,232 bytes, each further array 33 when no lookup table
# holds it. 8 take 873: what is left carries the creation of both token accounts and a memo.
MAX_TICK_ARRAYS: Final = 8
# Passed at least, where there are as many: the price may move before the swap executes.
MIN_TICK_ARRAYS: Final = 3
# 13 accounts, the extension where the pool has one, and the tick arrays.
_COUNTS: Final = range(14, 14 + MAX_TICK_ARRAYS + 1)


def extension_address(program_id: Pubkey, pool: Pubkey) -> Pubkey:
    """Where a pool's bitmap extension lies, if it has one."""
    return Pubkey.find_program_address([b"pool_tick_array_bitmap_extension", bytes(pool)], program_id)[0]


def tick_array_address(program_id: Pubkey, pool: Pubkey, start: int) -> Pubkey:
    """Where a pool's tick array from ``start`` on lies."""
    seeds = [b"tick_array", bytes(pool), start.to_bytes(4, "big", signed=True)]
    return Pubkey.find_program_address(seeds, program_id)[0]


def _data(swap: Swap) -> bytes:
    amount_in, amount_out = limits(swap)
    if swap.mode is SwapMode.EXACT_IN:
        return _ARGUMENTS.pack(SWAP_V2, amount_in, amount_out, _NO_PRICE_LIMIT, 1)
    return _ARGUMENTS.pack(SWAP_V2, amount_out, amount_in, _NO_PRICE_LIMIT, 0)


def swap_instruction(
    program_id: Pubkey,
    pool: Pubkey,
    keys: PoolKeys,
    swap: Swap,
    sells_first: bool,
    extension: Pubkey | None,
    tick_arrays: Sequence[Pubkey],
) -> Instruction:
    """``swap_v2(amount, other_amount_threshold, 0, is_base_input)``; raises AmountTooSmall or AmountTooLarge.

    ``tick_arrays`` in the order in which the price comes to them, ``extension`` where the pool has one.
    """
    source, target = (0, 1) if sells_first else (1, 0)
    accounts = [
        AccountMeta(swap.payer, True, False),
        AccountMeta(keys.config, False, False),
        AccountMeta(pool, False, True),
        AccountMeta(swap.account_in, False, True),
        AccountMeta(swap.account_out, False, True),
        AccountMeta(keys.vaults[source], False, True),
        AccountMeta(keys.vaults[target], False, True),
        AccountMeta(keys.observation, False, True),
        *(AccountMeta(program, False, False) for program in _PROGRAMS),
        AccountMeta(keys.mints[source], False, False),
        AccountMeta(keys.mints[target], False, False),
    ]
    if extension is not None:
        accounts.append(AccountMeta(extension, False, False))
    accounts.extend(AccountMeta(address, False, True) for address in tick_arrays)
    return Instruction(program_id, _data(swap), accounts)


def decode_swap(instruction: Instruction, program_id: Pubkey, venue: str) -> DecodedSwap:
    """What ``swap_instruction`` put into an instruction; raises UnknownInstruction for any other.

    How many tick arrays there are is open, and whose they are shows only on chain: the program reads no
    other pool's. The direction is the vaults' mints'.
    """
    keys = account_keys(instruction, program_id, *_COUNTS)
    payer, config, pool, account_in, account_out, vault_in, vault_out, observation = keys[:8]
    mint_in, mint_out, *remaining = keys[11:]
    extension = extension_address(program_id, pool)
    arrays = remaining[1:] if remaining[0] == extension else remaining
    if not 1 <= len(arrays) <= MAX_TICK_ARRAYS:
        raise UnknownInstruction(f"a swap_v2 passes 1 to {MAX_TICK_ARRAYS} tick arrays")
    mode, amount_in, amount_out = _decode_arguments(bytes(instruction.data))
    swap = Swap(payer, mint_in, mint_out, account_in, account_out, amount_in, amount_out, mode)
    pool_keys = PoolKeys(config, (mint_in, mint_out), (vault_in, vault_out), observation)
    passed = extension if arrays is not remaining else None
    require_same(
        instruction,
        lambda: swap_instruction(program_id, pool, pool_keys, swap, True, passed, arrays),
    )
    # The program keeps the smaller mint first.
    return decoded(venue, pool, swap, (vault_in, vault_out), sells_first=bytes(mint_in) < bytes(mint_out))


def _decode_arguments(data: bytes) -> tuple[SwapMode, int, int]:
    if len(data) != _ARGUMENTS.size:
        raise UnknownInstruction(f"{len(data)} bytes are no swap_v2")
    _, amount, threshold, _, is_base_input = _ARGUMENTS.unpack(data)
    if is_base_input:
        return SwapMode.EXACT_IN, amount, threshold
    return SwapMode.EXACT_OUT, threshold, amount
