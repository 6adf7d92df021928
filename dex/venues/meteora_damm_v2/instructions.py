"""DAMM v2's swap instructions (damm-v2 lib.rs, instructions/swap/ix_swap.rs)."""

from __future__ import annotations

from struct import Struct
from typing import Final

from solders.instruction import AccountMeta, Instruction
from solders.pubkey import Pubkey

from dex.errors import UnknownInstruction
from dex.types import DecodedSwap, Swap, SwapMode
from dex.venues.meteora_damm_v2.layout import PoolKeys
from dex.venues.swap_decoding import account_keys, decoded, require_same, require_token_programs
from dex.venues.swap_request import limits

PROGRAM: Final = Pubkey.from_string("cpamdpZCGKUy5JxQXB4dcpGPiikHawvSWAd6mEn1sGG")
POOL_AUTHORITY: Final = Pubkey.from_string("HLnpSz9h2S4hiLQ43rnSD9XkcUThA7B8hQMKmDaiTLcC")
EVENT_AUTHORITY: Final = Pubkey.from_string("3rmHSu74h1ZcmAisVcWerTCiRDQbUrBKmcwptYGjHfet")
INSTRUCTIONS_SYSVAR: Final = Pubkey.from_string("Sysvar1nstructions1111111111111111111111111")

SWAP_2: Final = bytes.fromhex("414b3f4ceb5b5b88")
_EXACT_IN, _EXACT_OUT = 0, 2
_ARGUMENTS: Final = Struct("<8sQQB")
_ACCOUNTS: Final = 14


def _data(swap: Swap) -> bytes:
    amount_in, amount_out = limits(swap)
    if swap.mode is SwapMode.EXACT_IN:
        return _ARGUMENTS.pack(SWAP_2, amount_in, amount_out, _EXACT_IN)
    return _ARGUMENTS.pack(SWAP_2, amount_out, amount_in, _EXACT_OUT)


def swap_instruction(pool: Pubkey, keys: PoolKeys, swap: Swap, *, is_rate_limited: bool) -> Instruction:
    """``swap2``, exact in or exact out; raises AmountTooSmall or AmountTooLarge.

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


def decode_swap(instruction: Instruction, venue: str) -> DecodedSwap:
    """What ``swap_instruction`` put into an instruction; raises UnknownInstruction for any other.

    The program takes the direction from the mint of the input account, so the instruction names none.
    """
    keys = account_keys(instruction, PROGRAM, _ACCOUNTS, _ACCOUNTS + 1)
    _, pool, account_in, account_out, vault_a, vault_b, mint_a, mint_b, payer, program_a, program_b = keys[
        :11
    ]
    require_token_programs(program_a, program_b)
    mode, amount_in, amount_out = _decode_arguments(bytes(instruction.data))
    pool_keys = PoolKeys((mint_a, mint_b), (vault_a, vault_b), (program_a, program_b))
    swap = Swap(payer, mint_a, mint_b, account_in, account_out, amount_in, amount_out, mode)
    limited = len(keys) > _ACCOUNTS
    require_same(instruction, lambda: swap_instruction(pool, pool_keys, swap, is_rate_limited=limited))
    return decoded(venue, pool, swap, (vault_a, vault_b))


def _decode_arguments(data: bytes) -> tuple[SwapMode, int, int]:
    if len(data) != _ARGUMENTS.size:
        raise UnknownInstruction(f"{len(data)} bytes are no DAMM v2 swap")
    _, first, second, mode = _ARGUMENTS.unpack(data)
    if mode == _EXACT_IN:
        return SwapMode.EXACT_IN, first, second
    return SwapMode.EXACT_OUT, second, first
