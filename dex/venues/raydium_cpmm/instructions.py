"""Raydium CPMM's swap instructions (raydium-cp-swap lib.rs, instructions/swap_base_input.rs)."""

from __future__ import annotations

from struct import Struct
from typing import Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from dex.errors import UnknownInstruction
from dex.types import DecodedSwap, Swap, SwapMode
from dex.venues.raydium_cpmm.layout import PoolKeys
from dex.venues.swap_decoding import account_keys, decoded, require_same, require_token_programs
from dex.venues.swap_request import limits

SWAP_BASE_INPUT: Final = bytes.fromhex("8fbe5adac41e33de")
SWAP_BASE_OUTPUT: Final = bytes.fromhex("37d96256a34ab4ad")
_ARGUMENTS: Final = Struct("<8sQQ")
_ACCOUNTS: Final = 13


def swap_instruction(
    program_id: Pubkey, authority: Pubkey, pool: Pubkey, keys: PoolKeys, swap: Swap, sells_first: bool
) -> Instruction:
    """``swap_base_input(amount_in, minimum_out)`` or ``swap_base_output(maximum_in, amount_out)``.

    Raises AmountTooSmall or AmountTooLarge.
    """
    amount_in, amount_out = limits(swap)
    kind = SWAP_BASE_INPUT if swap.mode is SwapMode.EXACT_IN else SWAP_BASE_OUTPUT
    source, target = (0, 1) if sells_first else (1, 0)
    accounts = [
        AccountMeta(swap.payer, True, False),
        AccountMeta(authority, False, False),
        AccountMeta(keys.config, False, False),
        AccountMeta(pool, False, True),
        AccountMeta(swap.account_in, False, True),
        AccountMeta(swap.account_out, False, True),
        AccountMeta(keys.vaults[source], False, True),
        AccountMeta(keys.vaults[target], False, True),
        AccountMeta(keys.token_programs[source], False, False),
        AccountMeta(keys.token_programs[target], False, False),
        AccountMeta(keys.mints[source], False, False),
        AccountMeta(keys.mints[target], False, False),
        AccountMeta(keys.observation, False, True),
    ]
    return Instruction(program_id, _ARGUMENTS.pack(kind, amount_in, amount_out), accounts)


def decode_swap(instruction: Instruction, program_id: Pubkey, authority: Pubkey, venue: str) -> DecodedSwap:
    """What ``swap_instruction`` put into an instruction; raises UnknownInstruction for any other."""
    keys = account_keys(instruction, program_id, _ACCOUNTS)
    payer, _, config, pool, account_in, account_out, vault_in, vault_out, *rest = keys
    program_in, program_out, mint_in, mint_out, observation = rest
    require_token_programs(program_in, program_out)
    mode, amount_in, amount_out = _decode_arguments(bytes(instruction.data))
    swap = Swap(payer, mint_in, mint_out, account_in, account_out, amount_in, amount_out, mode)
    pool_keys = PoolKeys(
        config, (vault_in, vault_out), (mint_in, mint_out), (program_in, program_out), observation
    )
    require_same(
        instruction, lambda: swap_instruction(program_id, authority, pool, pool_keys, swap, sells_first=True)
    )
    # The program keeps the smaller mint first.
    return decoded(venue, pool, swap, (vault_in, vault_out), sells_first=bytes(mint_in) < bytes(mint_out))


def _decode_arguments(data: bytes) -> tuple[SwapMode, int, int]:
    if len(data) != _ARGUMENTS.size:
        raise UnknownInstruction(f"{len(data)} bytes are no CPMM swap")
    kind, amount_in, amount_out = _ARGUMENTS.unpack(data)
    mode = SwapMode.EXACT_IN if kind == SWAP_BASE_INPUT else SwapMode.EXACT_OUT
    return mode, amount_in, amount_out
