"""The accounts of a launched token: mint, metadata, and what its creator keeps of the supply.

Layouts: mpl-token-metadata ``state/metadata.rs`` (Metadata, texts filled up to their greatest length);
spl-token-2022 ``extension/{transfer_fee,transfer_hook,non_transferable}/mod.rs``.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from solders.pubkey import Pubkey

from dex.config import TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from dex.localnet.genesis_layouts import mint_account, token_account
from dex.localnet.genesis_tokens import ACCOUNT_TYPE, MINT_TYPE, extended, metadata_records
from dex.localnet.launches.plan import SUPPLY_TOKENS, LaunchPlan, Trap
from dex.tokens.metadata import METADATA_PROGRAM, metadata_address
from dex.transactions.token_accounts import associated_token_address, rent_exempt_lamports
from dex.types import AccountData, Token
from dex.venues.account_layout import patched
from dex.venues.token_mint import TRANSFER_FEE_CONFIG, TRANSFER_HOOK

_METADATA_V1: Final = 4
_NAME_BYTES, _SYMBOL_BYTES, _URI_BYTES = 32, 10, 200
_METADATA_SIZE: Final = 607
_FUNGIBLE: Final = 2
_FREEZE_AUTHORITY_OFFSET: Final = 46
_TRANSFER_FEE_AMOUNT, _IMMUTABLE_OWNER, _NON_TRANSFERABLE, _NON_TRANSFERABLE_ACCOUNT = 2, 7, 9, 13
_TRANSFER_HOOK_ACCOUNT: Final = 15

Records = tuple[tuple[int, bytes], ...]
# What an account of a token has that is a trap.
_ACCOUNT_RECORDS: Final[Mapping[Trap, Records]] = {
    Trap.TRANSFER_FEE: ((_TRANSFER_FEE_AMOUNT, bytes(8)),),
    Trap.HOOK: ((_TRANSFER_HOOK_ACCOUNT, bytes(1)),),
    Trap.NON_TRANSFERABLE: ((_IMMUTABLE_OWNER, b""), (_NON_TRANSFERABLE_ACCOUNT, b"")),
}


def token_accounts(plan: LaunchPlan, *, pooled: int) -> dict[Pubkey, AccountData]:
    """The token with a fixed supply, its metadata immutable; but for ``pooled`` tokens the creator has it."""
    token, creator = plan.token, plan.creator.pubkey()
    unit = 10**token.decimals
    mint = mint_account(token.decimals, SUPPLY_TOKENS * unit, None)
    accounts: dict[Pubkey, AccountData] = {}
    if plan.token_program == TOKEN_2022_PROGRAM:
        accounts[token.mint] = extended(mint, MINT_TYPE, _mint_records(plan))
    else:
        accounts[token.mint] = _freezable(mint, creator) if plan.trap is Trap.FREEZE else mint
        accounts[metadata_address(token.mint)] = metadata_account(token, creator)
    kept = (SUPPLY_TOKENS - pooled) * unit
    address = associated_token_address(creator, token.mint, plan.token_program)
    accounts[address] = of_its_program(plan, token_account(token.mint, creator, kept))
    return accounts


def of_its_program(plan: LaunchPlan, account: AccountData) -> AccountData:
    """A token account of the launched token as its token program has it."""
    if plan.trap is None or plan.token_program == TOKEN_PROGRAM:
        return account
    return extended(account, ACCOUNT_TYPE, _ACCOUNT_RECORDS[plan.trap])


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


def transfer_fee_config(authority: Pubkey, bps: int) -> bytes:
    """A fee without an upper bound, in force in every epoch; nothing is withheld yet."""
    fee = struct.pack("<QQH", 0, 2**64 - 1, bps)
    return bytes(authority) * 2 + bytes(8) + fee + fee


def transfer_hook(authority: Pubkey, program: Pubkey | None) -> bytes:
    """A hook that calls ``program``; None: it calls nothing."""
    return bytes(authority) + bytes(program or Pubkey.default())


def _mint_records(plan: LaunchPlan) -> Records:
    creator = plan.creator.pubkey()
    own = {
        Trap.TRANSFER_FEE: (TRANSFER_FEE_CONFIG, transfer_fee_config(creator, 0)),
        Trap.HOOK: (TRANSFER_HOOK, transfer_hook(creator, None)),
        Trap.NON_TRANSFERABLE: (_NON_TRANSFERABLE, b""),
    }
    assert plan.trap is not None
    return (own[plan.trap], *metadata_records(plan.token, None, None))


def _freezable(mint: AccountData, authority: Pubkey) -> AccountData:
    some = b"\x01\0\0\0" + bytes(authority)
    return replace(mint, data=patched(mint.data, {_FREEZE_AUTHORITY_OFFSET: some}))
