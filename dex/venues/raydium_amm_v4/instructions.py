"""Raydium AMM v4's swap instructions (raydium-amm instruction.rs, SwapBaseIn and SwapBaseOut).

Only pools without an order book are traded; of such a pool the program reads neither market nor open
orders. The pool's own address fills the slots of the market: it is in the transaction anyhow.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from dex.config import TOKEN_PROGRAM
from dex.errors import UnknownInstruction
from dex.types import DecodedSwap, Swap, SwapMode
from dex.venues.raydium_amm_v4.layout import PoolKeys
from dex.venues.swap_decoding import account_keys, decoded, require_same
from dex.venues.swap_request import limits

SWAP_BASE_IN: Final = 9
SWAP_BASE_OUT: Final = 11
_ARGUMENTS: Final = Struct("<BQQ")
_ACCOUNTS: Final = 17
# Market program, market, bids, asks, event queue, the market's two vaults, vault signer.
_MARKET_SLOTS_WRITABLE: Final = (False, True, True, True, True, True, True, False)


def swap_instruction(
    program_id: Pubkey, authority: Pubkey, pool: Pubkey, keys: PoolKeys, swap: Swap
) -> Instruction:
    """``SwapBaseIn(amount_in, minimum_out)`` or ``SwapBaseOut(maximum_in, amount_out)``.

    The program takes the direction from the mints of the payer's accounts. Raises AmountTooSmall or
    AmountTooLarge.
    """
    amount_in, amount_out = limits(swap)
    tag = SWAP_BASE_IN if swap.mode is SwapMode.EXACT_IN else SWAP_BASE_OUT
    accounts = [
        AccountMeta(TOKEN_PROGRAM, False, False),
        AccountMeta(pool, False, True),
        AccountMeta(authority, False, False),
        AccountMeta(keys.open_orders, False, True),
        AccountMeta(keys.vaults[0], False, True),
        AccountMeta(keys.vaults[1], False, True),
        *(AccountMeta(pool, False, writable) for writable in _MARKET_SLOTS_WRITABLE),
        AccountMeta(swap.account_in, False, True),
        AccountMeta(swap.account_out, False, True),
        AccountMeta(swap.payer, True, False),
    ]
    return Instruction(program_id, _ARGUMENTS.pack(tag, amount_in, amount_out), accounts)


def decode_swap(instruction: Instruction, program_id: Pubkey, authority: Pubkey, venue: str) -> DecodedSwap:
    """What ``swap_instruction`` put into an instruction; raises UnknownInstruction for any other."""
    keys = account_keys(instruction, program_id, _ACCOUNTS)
    _, pool, _, open_orders, coin_vault, pc_vault, *_, account_in, account_out, payer = keys
    mode, amount_in, amount_out = _decode_arguments(bytes(instruction.data))
    # No mint stands in the instruction, so the ones of the rebuilt swap do not matter.
    pool_keys = PoolKeys((pool, pool), (coin_vault, pc_vault), open_orders)
    swap = Swap(payer, pool, pool, account_in, account_out, amount_in, amount_out, mode)
    require_same(instruction, lambda: swap_instruction(program_id, authority, pool, pool_keys, swap))
    return decoded(venue, pool, swap, (coin_vault, pc_vault))


def _decode_arguments(data: bytes) -> tuple[SwapMode, int, int]:
    if len(data) != _ARGUMENTS.size:
        raise UnknownInstruction(f"{len(data)} bytes are no AMM v4 swap")
    tag, amount_in, amount_out = _ARGUMENTS.unpack(data)
    mode = SwapMode.EXACT_IN if tag == SWAP_BASE_IN else SwapMode.EXACT_OUT
    return mode, amount_in, amount_out
