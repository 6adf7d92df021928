"""SPL Token accounts: addresses, bytes, rent. Pure.

Layouts: solana-program/token ``state.rs`` (Mint 82 bytes, Account 165 bytes, little endian); Token-2022
keeps both as the head of its longer accounts.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from solders.pubkey import Pubkey

from dex.config import ASSOCIATED_TOKEN_PROGRAM, TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from dex.errors import UnknownLayout, WrongOwner
from dex.types import AccountData

MINT_SIZE: Final = 82
TOKEN_ACCOUNT_SIZE: Final = 165
TOKEN_PROGRAMS: Final = frozenset({TOKEN_PROGRAM, TOKEN_2022_PROGRAM})

# solana-rent: (128 bytes of account overhead + data) * 3480 lamports a byte-year * 2 years.
_RENT_LAMPORTS_PER_BYTE: Final = 3480 * 2
_ACCOUNT_OVERHEAD_BYTES: Final = 128

_AMOUNT: Final = struct.Struct("<Q")
_MAX_BUMP_SEED: Final = 255
# AccountState of `state.rs`: 0 uninitialized, 1 initialized, 2 frozen.
_STATE_OFFSET: Final = 108
_FROZEN: Final = 2


def rent_exempt_lamports(data_size: int) -> int:
    """The lamports that an account of ``data_size`` bytes must hold to be kept for ever."""
    return (_ACCOUNT_OVERHEAD_BYTES + data_size) * _RENT_LAMPORTS_PER_BYTE


TOKEN_ACCOUNT_RENT: Final = rent_exempt_lamports(TOKEN_ACCOUNT_SIZE)


@dataclass(frozen=True, slots=True)
class TokenAccount:
    """A wallet's holding of one mint, ``amount`` in base units."""

    mint: Pubkey
    owner: Pubkey
    amount: int


def associated_token_address(owner: Pubkey, mint: Pubkey, token_program: Pubkey = TOKEN_PROGRAM) -> Pubkey:
    """The one token account of ``owner`` for ``mint`` that everybody can derive."""
    return _associated_token_address(owner, mint, token_program)[0]


def associated_address_tries(owner: Pubkey, mint: Pubkey, token_program: Pubkey = TOKEN_PROGRAM) -> int:
    """How many bump seeds the associated-token program tries before it finds the address (>= 1)."""
    return _MAX_BUMP_SEED + 1 - _associated_token_address(owner, mint, token_program)[1]


@lru_cache(maxsize=4096)
def _associated_token_address(owner: Pubkey, mint: Pubkey, token_program: Pubkey) -> tuple[Pubkey, int]:
    seeds = [bytes(owner), bytes(token_program), bytes(mint)]
    return Pubkey.find_program_address(seeds, ASSOCIATED_TOKEN_PROGRAM)


def parse_token_account(account: AccountData) -> TokenAccount:
    """Mint, owner and amount of a token account; raises WrongOwner or UnknownLayout."""
    _require_token_program(account)
    data = account.data
    if len(data) < TOKEN_ACCOUNT_SIZE:
        raise UnknownLayout(f"a token account has at least {TOKEN_ACCOUNT_SIZE} bytes, not {len(data)}")
    mint, owner = Pubkey.from_bytes(data[:32]), Pubkey.from_bytes(data[32:64])
    return TokenAccount(mint, owner, _AMOUNT.unpack_from(data, 64)[0])


def is_frozen(account: AccountData | None) -> bool:
    """Whether the issuer has frozen a token account; False for what is none."""
    if account is None or account.owner not in TOKEN_PROGRAMS or len(account.data) < TOKEN_ACCOUNT_SIZE:
        return False
    return account.data[_STATE_OFFSET] == _FROZEN


def parse_mint_decimals(account: AccountData) -> int:
    """How many decimals a mint has; raises WrongOwner or UnknownLayout."""
    _require_token_program(account)
    if len(account.data) < MINT_SIZE:
        raise UnknownLayout(f"a mint has at least {MINT_SIZE} bytes, not {len(account.data)}")
    return account.data[44]


def _require_token_program(account: AccountData) -> None:
    if account.owner not in TOKEN_PROGRAMS:
        raise WrongOwner(f"owned by {account.owner}, not by a token program")
