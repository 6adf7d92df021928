"""DLMM's swap instructions, made and read (dlmm-sdk idls/dlmm.json: swap2, swap_exact_out2)."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from dex.config import MEMO_PROGRAM
from dex.errors import UnknownInstruction
from dex.types import DecodedSwap, Swap, SwapMode
from dex.venues.meteora_dlmm.addresses import EVENT_AUTHORITY, PROGRAM, PairAddresses
from dex.venues.meteora_dlmm.layout import PairKeys
from dex.venues.meteora_dlmm.walk import MAX_BIN_ARRAYS
from dex.venues.swap_decoding import account_keys, decoded, require_same, require_token_programs
from dex.venues.swap_request import limits

SWAP_2: Final = bytes.fromhex("414b3f4ceb5b5b88")
SWAP_EXACT_OUT_2: Final = bytes.fromhex("2bd7f784893cf351")
# Two amounts and an empty RemainingAccountsInfo: no accounts for transfer hooks follow.
_ARGUMENTS: Final = Struct("<8sQQI")
_FIXED_ACCOUNTS: Final = 16
_ACCOUNTS: Final = range(_FIXED_ACCOUNTS + 1, _FIXED_ACCOUNTS + MAX_BIN_ARRAYS + 1)


def _data(swap: Swap) -> bytes:
    amount_in, amount_out = limits(swap)
    if swap.mode is SwapMode.EXACT_IN:
        return _ARGUMENTS.pack(SWAP_2, amount_in, amount_out, 0)
    return _ARGUMENTS.pack(SWAP_EXACT_OUT_2, amount_in, amount_out, 0)


def swap_instruction(
    addresses: PairAddresses,
    keys: PairKeys,
    swap: Swap,
    bin_arrays: Sequence[Pubkey],
    *,
    with_extension: bool,
) -> Instruction:
    """``swap2`` for exact in, ``swap_exact_out2`` for exact out; raises AmountTooSmall or AmountTooLarge.

    ``bin_arrays`` come in walking order. Reserves, mints and programs stand in x, y order; the
    program takes the direction from the input account's mint.
    """
    extension = addresses.extension if with_extension else PROGRAM
    accounts = [
        AccountMeta(addresses.pair, False, True),
        AccountMeta(extension, False, with_extension),
        AccountMeta(keys.vaults[0], False, True),
        AccountMeta(keys.vaults[1], False, True),
        AccountMeta(swap.account_in, False, True),
        AccountMeta(swap.account_out, False, True),
        AccountMeta(keys.mints[0], False, False),
        AccountMeta(keys.mints[1], False, False),
        AccountMeta(keys.oracle, False, True),
        # Anchor's sign for "no host fee account".
        AccountMeta(PROGRAM, False, False),
        AccountMeta(swap.payer, True, False),
        AccountMeta(keys.token_programs[0], False, False),
        AccountMeta(keys.token_programs[1], False, False),
        AccountMeta(MEMO_PROGRAM, False, False),
        AccountMeta(EVENT_AUTHORITY, False, False),
        AccountMeta(PROGRAM, False, False),
        *(AccountMeta(address, False, True) for address in bin_arrays),
    ]
    return Instruction(PROGRAM, _data(swap), accounts)


def _decode_arguments(data: bytes) -> tuple[SwapMode, int, int]:
    if len(data) != _ARGUMENTS.size:
        raise UnknownInstruction(f"{len(data)} bytes are no DLMM swap")
    kind, amount_in, amount_out, _ = _ARGUMENTS.unpack(data)
    return SwapMode.EXACT_IN if kind == SWAP_2 else SwapMode.EXACT_OUT, amount_in, amount_out


def decode_swap(instruction: Instruction, venue: str) -> DecodedSwap:
    """What ``swap_instruction`` put into an instruction; raises UnknownInstruction for any other.

    Bin arrays are not derived again, their indices being unknown: the program takes only its pair's.
    """
    pair, extension, *rest = account_keys(instruction, PROGRAM, *_ACCOUNTS)
    vault_x, vault_y, account_in, account_out, mint_x, mint_y, oracle, _, payer, *rest = rest
    program_x, program_y, _, _, _, *bin_arrays = rest
    require_token_programs(program_x, program_y)
    mode, amount_in, amount_out = _decode_arguments(bytes(instruction.data))
    # The direction is the program's to read, and no byte of the instruction depends on it.
    swap = Swap(payer, mint_x, mint_y, account_in, account_out, amount_in, amount_out, mode)
    keys = PairKeys((mint_x, mint_y), (vault_x, vault_y), (program_x, program_y), oracle)
    addresses, with_extension = PairAddresses(pair), extension != PROGRAM
    require_same(
        instruction,
        lambda: swap_instruction(addresses, keys, swap, bin_arrays, with_extension=with_extension),
    )
    return decoded(venue, pair, swap, (vault_x, vault_y))
