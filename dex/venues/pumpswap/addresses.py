"""Addresses of PumpSwap's programs, and those that are derived from a pool, a mint or a wallet."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from solders.pubkey import Pubkey

PROGRAM: Final = Pubkey.from_string("pAMMBay6oceH9fJKBRHGP5D4bD4sWpmSwMn52FMfXEA")
# The bonding curves whose graduates get the canonical pools.
PUMP_PROGRAM: Final = Pubkey.from_string("6EF8rrecthR5Dkzon8Nwu78hRvfCKubJ14M5uBEwF6P")
FEE_PROGRAM: Final = Pubkey.from_string("pfeeUxB6jkeY1Hxd7CsFCAjcbHA9rWtchMGdZ6VojVZ")

CANONICAL_INDEX: Final = 0


@lru_cache(maxsize=4096)
def derived(program: Pubkey, *seeds: bytes) -> Pubkey:
    """The program address of these seeds."""
    return Pubkey.find_program_address(list(seeds), program)[0]


GLOBAL_CONFIG: Final = derived(PROGRAM, b"global_config")
FEE_CONFIG: Final = derived(FEE_PROGRAM, b"fee_config", bytes(PROGRAM))
EVENT_AUTHORITY: Final = derived(PROGRAM, b"__event_authority")
GLOBAL_VOLUME: Final = derived(PROGRAM, b"global_volume_accumulator")


def canonical_creator(base_mint: Pubkey) -> Pubkey:
    """Who creates the pool of a token that graduates from its bonding curve."""
    return derived(PUMP_PROGRAM, b"pool-authority", bytes(base_mint))


def canonical_pool(base_mint: Pubkey, quote_mint: Pubkey) -> Pubkey:
    """The pool that a graduated token gets against the token that its curve took."""
    index = CANONICAL_INDEX.to_bytes(2, "little")
    creator = canonical_creator(base_mint)
    return derived(PROGRAM, b"pool", index, bytes(creator), bytes(base_mint), bytes(quote_mint))


def creator_authority(coin_creator: Pubkey) -> Pubkey:
    """The owner of the token account that a coin's creator is paid into."""
    return derived(PROGRAM, b"creator_vault", bytes(coin_creator))


def user_volume(user: Pubkey) -> Pubkey:
    """The account that counts what a wallet trades."""
    return derived(PROGRAM, b"user_volume_accumulator", bytes(user))


def pool_v2(base_mint: Pubkey) -> Pubkey:
    """An account that swaps of coins with a creator name."""
    return derived(PROGRAM, b"pool-v2", bytes(base_mint))
