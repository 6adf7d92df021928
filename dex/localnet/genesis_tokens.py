"""The tokens of localnet's genesis as accounts, and one that the public networks do not have.

Layouts: spl-token-2022 ``extension/mod.rs`` (records of type, length and value behind the account type),
``extension/transfer_fee/mod.rs``, ``extension/metadata_pointer/mod.rs``; spl-token-metadata-interface
``state.rs``.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from dex.config import NATIVE_MINT, TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from dex.localnet.genesis_layouts import mint_account, token_account
from dex.transactions.token_accounts import TOKEN_ACCOUNT_SIZE, rent_exempt_lamports
from dex.types import AccountData, Token

# One of Token-2022 that keeps a fee of each transfer back, at the same address in every genesis.
FEE_TOKEN: Final = Token(
    "LFEE",
    "Localnet transfer fee",
    Keypair.from_seed(sha256(b"localnet mint LFEE").digest()).pubkey(),
    6,
)
TRANSFER_FEE_BPS: Final = 50
LARGEST_TRANSFER_FEE: Final = 5_000 * 10**6

MINT_TYPE, ACCOUNT_TYPE = 1, 2
_TRANSFER_FEE_CONFIG, _TRANSFER_FEE_AMOUNT = 1, 2
_METADATA_POINTER, _TOKEN_METADATA = 18, 19


def program_of(token: Token) -> Pubkey:
    """The token program that a token belongs to."""
    return TOKEN_2022_PROGRAM if token.mint == FEE_TOKEN.mint else TOKEN_PROGRAM


def holding(token: Token, owner: Pubkey, amount: int) -> AccountData:
    """A token account of ``token``'s program with ``amount`` base units."""
    account = token_account(token.mint, owner, amount)
    if program_of(token) == TOKEN_PROGRAM:
        return account
    withheld = struct.pack("<Q", 0)
    return extended(account, ACCOUNT_TYPE, ((_TRANSFER_FEE_AMOUNT, withheld),))


def mint_of(token: Token, supply: int, authority: Pubkey) -> AccountData:
    """A token's mint with ``supply`` base units in circulation."""
    if token.mint == NATIVE_MINT:
        # Wrapped SOL is made by depositing lamports, so its mint counts no supply and has no authority.
        return mint_account(token.decimals, 0, None)
    mint = mint_account(token.decimals, supply, authority)
    if program_of(token) == TOKEN_PROGRAM:
        return mint
    return extended(mint, MINT_TYPE, _mint_extensions(token, authority))


def _mint_extensions(token: Token, authority: Pubkey) -> tuple[tuple[int, bytes], ...]:
    fee = struct.pack("<QQH", 0, LARGEST_TRANSFER_FEE, TRANSFER_FEE_BPS)
    nothing_withheld = bytes(8)
    config = bytes(authority) * 2 + nothing_withheld + fee + fee
    return (
        (_TRANSFER_FEE_CONFIG, config),
        *metadata_records(token, authority, authority),
    )


def metadata_records(
    token: Token, pointer_authority: Pubkey | None, update_authority: Pubkey | None
) -> tuple[tuple[int, bytes], ...]:
    """The extensions by which a mint says its own name; without an authority nobody can change them."""
    texts = b"".join(
        struct.pack("<I", len(text)) + text for text in (token.name.encode(), token.symbol.encode(), b"")
    )
    no_further_fields = bytes(4)
    nobody = Pubkey.default()
    metadata = bytes(update_authority or nobody) + bytes(token.mint) + texts + no_further_fields
    return (
        (_METADATA_POINTER, bytes(pointer_authority or nobody) + bytes(token.mint)),
        (_TOKEN_METADATA, metadata),
    )


def extended(account: AccountData, kind: int, records: Sequence[tuple[int, bytes]]) -> AccountData:
    """An account of the classic program as Token-2022 has it, with extension records behind it."""
    data = account.data.ljust(TOKEN_ACCOUNT_SIZE, b"\0") + bytes([kind])
    for number, value in records:
        data += struct.pack("<HH", number, len(value)) + value
    return replace(account, owner=TOKEN_2022_PROGRAM, lamports=rent_exempt_lamports(len(data)), data=data)
