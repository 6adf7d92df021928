"""The accounts of a launched token: mint, Metaplex metadata, and what its creator keeps of the supply.

Layout: mpl-token-metadata ``state/metadata.rs`` (Metadata, texts filled up to their greatest length).
"""

from __future__ import annotations

import struct
from typing import Final

from solders.pubkey import Pubkey

from dex.localnet.genesis_layouts import mint_account, token_account
from dex.localnet.launches.plan import SUPPLY_TOKENS, LaunchPlan
from dex.tokens.metadata import METADATA_PROGRAM, metadata_address
from dex.transactions.token_accounts import associated_token_address, rent_exempt_lamports
from dex.types import AccountData, Token

_METADATA_V1: Final = 4
_NAME_BYTES, _SYMBOL_BYTES, _URI_BYTES = 32, 10, 200
_METADATA_SIZE: Final = 607
_FUNGIBLE: Final = 2


def token_accounts(plan: LaunchPlan) -> dict[Pubkey, AccountData]:
    """The token without mint and freeze authority, its metadata immutable, and the creator's part of it."""
    token, creator = plan.token, plan.creator.pubkey()
    unit = 10**token.decimals
    accounts = {
        token.mint: mint_account(token.decimals, SUPPLY_TOKENS * unit, None),
        metadata_address(token.mint): metadata_account(token, creator),
    }
    kept = (SUPPLY_TOKENS - plan.pooled) * unit
    if kept:
        accounts[associated_token_address(creator, token.mint)] = token_account(token.mint, creator, kept)
    return accounts


def metadata_account(token: Token, authority: Pubkey) -> AccountData:
    """Metaplex's metadata of a fungible token, which nobody can change any more."""
    texts = b"".join(
        struct.pack("<I", length) + text.encode().ljust(length, b"\0")
        for text, length in ((token.name, _NAME_BYTES), (token.symbol, _SYMBOL_BYTES), ("", _URI_BYTES))
    )
    seller_fee, has_creators, primary_sale, is_mutable = 0, 0, 0, 0
    flags = struct.pack("<HBBB", seller_fee, has_creators, primary_sale, is_mutable)
    edition_nonce, token_standard = b"\x01\xff", bytes([1, _FUNGIBLE])
    data = bytes([_METADATA_V1]) + bytes(authority) + bytes(token.mint) + texts + flags
    data = (data + edition_nonce + token_standard).ljust(_METADATA_SIZE, b"\0")
    return AccountData(METADATA_PROGRAM, rent_exempt_lamports(len(data)), data)
