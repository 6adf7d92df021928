"""Raydium CPMM's swap instructions (raydium-cp-swap lib.rs, instructions/swap_base_input.rs)."""

from __future__ import annotations

from struct import Struct
from typing import Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from dex.types import Swap, SwapMode
from dex.venues.raydium_cpmm.layout import PoolKeys
from dex.venues.swap_request import limits

SWAP_BASE_INPUT: Final = bytes.fromhex("8fbe5adac41e33de")
SWAP_BASE_OUTPUT: Final = bytes.fromhex("37d96256a34ab4ad")
_ARGUMENTS: Final = Struct("<8sQQ")


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
