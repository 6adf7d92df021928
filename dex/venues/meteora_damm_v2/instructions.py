"""DAMM v2's swap instructions (damm-v2 lib.rs, instructions/swap/ix_swap.rs)."""

from __future__ import annotations

from struct import Struct
from typing import Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from dex.types import Swap, SwapMode
from dex.venues.meteora_damm_v2.layout import PoolKeys
from dex.venues.swap_request import limits

PROGRAM: Final = Pubkey.from_string("cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG")
POOL_AUTHORITY: Final = Pubkey.from_string("HLnpSz9h2S4hiLQ43rnSD9XkcUThA7B8hQMKmDaiTLcC")
EVENT_AUTHORITY: Final = Pubkey.from_string("3rmHSu74h1ZcmAisVcWerTCiRDQbUrBKmcwptYGjHfet")
INSTRUCTIONS_SYSVAR: Final = Pubkey.from_string("Sysvar1nstructions1111111111111111111111111")

SWAP: Final = bytes.fromhex("f8c69e91e17587c8")
SWAP_2: Final = bytes.fromhex("414b3f4ceb5b5b88")
_EXACT_OUT: Final = 2
_SWAP_ARGUMENTS: Final = Struct("<8sQQ")
_SWAP_2_ARGUMENTS: Final = Struct("<8sQQB")


def _data(swap: Swap) -> bytes:
    amount_in, amount_out = limits(swap)
    if swap.mode is SwapMode.EXACT_IN:
        return _SWAP_ARGUMENTS.pack(SWAP, amount_in, amount_out)
    return _SWAP_2_ARGUMENTS.pack(SWAP_2, amount_out, amount_in, _EXACT_OUT)


def swap_instruction(pool: Pubkey, keys: PoolKeys, swap: Swap, *, is_rate_limited: bool) -> Instruction:
    """``swap`` for exact in, ``swap2`` for exact out; raises AmountTooSmall or AmountTooLarge.

    Vaults, mints and programs stand in a, b order; the program takes the direction from the input
    account's mint. While the rate limiter acts, the program reads the instructions sysvar to see
    that it swaps in this pool only once.
    """
    accounts = [
        AccountMeta(POOL_AUTHORITY, False, False),
        AccountMeta(pool, False, True),
        AccountMeta(swap.account_in, False, True),
        AccountMeta(swap.account_out, False, True),
        AccountMeta(keys.vaults[0], False, True),
        AccountMeta(keys.vaults[1], False, True),
        AccountMeta(keys.mints[0], False, False),
        AccountMeta(keys.mints[1], False, False),
        AccountMeta(swap.payer, True, False),
        AccountMeta(keys.token_programs[0], False, False),
        AccountMeta(keys.token_programs[1], False, False),
        # Anchor's sign for "no referral account".
        AccountMeta(PROGRAM, False, False),
        AccountMeta(EVENT_AUTHORITY, False, False),
        AccountMeta(PROGRAM, False, False),
    ]
    if is_rate_limited:
        accounts.append(AccountMeta(INSTRUCTIONS_SYSVAR, False, False))
    return Instruction(PROGRAM, _data(swap), accounts)
