"""Reading SPL Token and Token-2022 accounts and mints.

Layouts: solana-program/token program/src/state.rs (Account 165 bytes, Mint 82 bytes);
Token-2022 appends an account type byte at 165 and extensions after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from solders.account import Account
from solders.pubkey import Pubkey

from dex.config import NATIVE_MINT, TOKEN_2022_PROGRAM, TOKEN_PROGRAM

TOKEN_PROGRAMS: Final = (TOKEN_PROGRAM, TOKEN_2022_PROGRAM)
_ACCOUNT_SIZE: Final = 165
_MINT_SIZE: Final = 82
_TYPE_MINT: Final = 1
_TYPE_ACCOUNT: Final = 2
_STATES: Final = ("uninitialized", "initialized", "frozen")


@dataclass(frozen=True, slots=True)
class TokenAccount:
    """A token account; amounts in base units of ``mint``."""

    mint: Pubkey
    owner: Pubkey
    amount: int
    delegate: Pubkey | None
    state: str
    native_rent: int | None
    delegated_amount: int
    close_authority: Pubkey | None


@dataclass(frozen=True, slots=True)
class Mint:
    """A mint; ``supply`` in base units."""

    authority: Pubkey | None
    supply: int
    decimals: int
    freeze_authority: Pubkey | None


def read_token_account(account: Account) -> TokenAccount | None:
    """The token account in ``account``; None when it is something else or uninitialized."""
    data = account.data if account.owner in TOKEN_PROGRAMS else b""
    if not _has_kind(data, _ACCOUNT_SIZE, _TYPE_ACCOUNT) or data[108] not in (1, 2):
        return None
    return TokenAccount(
        mint=Pubkey.from_bytes(data[0:32]),
        owner=Pubkey.from_bytes(data[32:64]),
        amount=_u64(data, 64),
        delegate=_optional_key(data, 72),
        state=_STATES[data[108]],
        native_rent=_u64(data, 113) if data[109] else None,
        delegated_amount=_u64(data, 121),
        close_authority=_optional_key(data, 129),
    )


def read_mint(account: Account) -> Mint | None:
    """The mint in ``account``; None when it is something else or uninitialized."""
    data = account.data if account.owner in TOKEN_PROGRAMS else b""
    if not _has_kind(data, _MINT_SIZE, _TYPE_MINT) or not data[45]:
        return None
    return Mint(
        authority=_optional_key(data, 0),
        supply=_u64(data, 36),
        decimals=data[44],
        freeze_authority=_optional_key(data, 46),
    )


def ui_token_amount(amount: int, decimals: int) -> dict[str, object]:
    """Solana's UiTokenAmount for ``amount`` base units."""
    exact = Decimal(amount).scaleb(-decimals)
    text = f"{exact:f}"
    return {
        # A double on Solana's wire, deprecated there; uiAmountString and amount are the exact ones.
        "uiAmount": amount / 10**decimals,
        "decimals": decimals,
        "amount": str(amount),
        "uiAmountString": text.rstrip("0").rstrip(".") if "." in text else text,
    }


def parsed_token_account(found: TokenAccount, decimals: int) -> dict[str, object]:
    """The ``parsed`` member of a jsonParsed token account."""
    info: dict[str, object] = {
        "mint": str(found.mint),
        "owner": str(found.owner),
        "tokenAmount": ui_token_amount(found.amount, decimals),
        "state": found.state,
        "isNative": found.native_rent is not None,
    }
    if found.delegate is not None:
        info["delegate"] = str(found.delegate)
        info["delegatedAmount"] = ui_token_amount(found.delegated_amount, decimals)
    if found.native_rent is not None:
        info["rentExemptReserve"] = ui_token_amount(found.native_rent, decimals)
    if found.close_authority is not None:
        info["closeAuthority"] = str(found.close_authority)
    return {"type": "account", "info": info}


def parsed_mint(found: Mint) -> dict[str, object]:
    """The ``parsed`` member of a jsonParsed mint."""
    info = {
        "mintAuthority": str(found.authority) if found.authority else None,
        "supply": str(found.supply),
        "decimals": found.decimals,
        "isInitialized": True,
        "freezeAuthority": str(found.freeze_authority) if found.freeze_authority else None,
    }
    return {"type": "mint", "info": info}


def mint_decimals(mint: Pubkey, account: Account | None) -> int | None:
    """Decimals of a mint; wrapped SOL has 9 even where its mint account was never made."""
    found = read_mint(account) if account is not None else None
    if found is not None:
        return found.decimals
    return 9 if mint == NATIVE_MINT else None


def _has_kind(data: bytes, size: int, kind: int) -> bool:
    if len(data) == size:
        return True
    return len(data) > _ACCOUNT_SIZE and data[_ACCOUNT_SIZE] == kind


def _u64(data: bytes, offset: int) -> int:
    return int.from_bytes(data[offset : offset + 8], "little")


def _optional_key(data: bytes, offset: int) -> Pubkey | None:
    if data[offset : offset + 4] == b"\0\0\0\0":
        return None
    return Pubkey.from_bytes(data[offset + 4 : offset + 36])
