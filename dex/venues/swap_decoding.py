"""Decoding a swap instruction by encoding it again: only what an adapter itself makes is decoded.

A decoder reads the addresses and amounts out of their positions, lets the adapter's own encoder build an
instruction of them and compares the two. So discriminator, length, account count and every constant slot
are checked by one comparison. Signer and writable flags are not compared: a compiled transaction merges
them over all its instructions.
"""

from __future__ import annotations

from collections.abc import Callable

from solders.instruction import Instruction
from solders.pubkey import Pubkey

from dex.config import TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from dex.errors import NoQuote, UnknownInstruction
from dex.types import DecodedSwap, Swap


def account_keys(instruction: Instruction, program_id: Pubkey, *counts: int) -> list[Pubkey]:
    """The instruction's accounts; raises UnknownInstruction for another program or number of accounts."""
    if instruction.program_id != program_id:
        raise UnknownInstruction(f"the instruction is for {instruction.program_id}, not for {program_id}")
    keys = [meta.pubkey for meta in instruction.accounts]
    if len(keys) not in counts:
        raise UnknownInstruction(f"a swap of {program_id} has no {len(keys)} accounts")
    return keys


def require_token_programs(*programs: Pubkey) -> None:
    """Raises UnknownInstruction unless each of them is one of the two token programs."""
    for program in programs:
        if program not in (TOKEN_PROGRAM, TOKEN_2022_PROGRAM):
            raise UnknownInstruction(f"{program} is no token program")


def require_same(instruction: Instruction, encode: Callable[[], Instruction]) -> None:
    """Raises UnknownInstruction unless ``encode`` makes an instruction of the same data and accounts."""
    try:
        made = encode()
    except NoQuote as error:
        raise UnknownInstruction(f"the swap's amounts are out of range: {error}") from error
    given_keys = [meta.pubkey for meta in instruction.accounts]
    made_keys = [meta.pubkey for meta in made.accounts]
    if bytes(instruction.data) != bytes(made.data) or given_keys != made_keys:
        raise UnknownInstruction(f"the instruction is no swap that this adapter makes for {made.program_id}")


def decoded(
    venue: str, pool: Pubkey, swap: Swap, vaults: tuple[Pubkey, Pubkey], *, sells_first: bool | None = None
) -> DecodedSwap:
    """What an instruction says that ``require_same`` has found to be the one for ``swap``."""
    return DecodedSwap(
        venue=venue,
        pool=pool,
        payer=swap.payer,
        account_in=swap.account_in,
        account_out=swap.account_out,
        vaults=vaults,
        mode=swap.mode,
        amount_in=swap.amount_in,
        amount_out=swap.amount_out,
        sells_first=sells_first,
    )
