"""A mint account read whole: authorities, supply, Token-2022 extensions, and what its issuer can do.

Layouts: solana-program/token ``state.rs`` (Mint), solana-program/token-2022 ``extension/mod.rs``
(ExtensionType) and each extension's ``mod.rs``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from struct import Struct
from typing import Final

from solders.pubkey import Pubkey

from dex.config import TOKEN_2022_PROGRAM
from dex.errors import UnknownLayout
from dex.transactions.token_accounts import MINT_SIZE, parse_mint_decimals
from dex.types import AccountData
from dex.venues.token_mint import (
    NO_TRANSFER_FEE,
    TRANSFER_FEE_CONFIG,
    TRANSFER_HOOK,
    TransferFee,
    extensions_of,
    fee_of_epoch,
)

DEFAULT_ACCOUNT_STATE: Final = 6
NON_TRANSFERABLE: Final = 9
PERMANENT_DELEGATE: Final = 12
CONFIDENTIAL_MINT_BURN: Final = 24
PAUSABLE: Final = 26

_EXTENSION_NAMES: Final[Mapping[int, str]] = {
    TRANSFER_FEE_CONFIG: "TransferFeeConfig",
    3: "MintCloseAuthority",
    4: "ConfidentialTransferMint",
    DEFAULT_ACCOUNT_STATE: "DefaultAccountState",
    NON_TRANSFERABLE: "NonTransferable",
    10: "InterestBearingConfig",
    PERMANENT_DELEGATE: "PermanentDelegate",
    TRANSFER_HOOK: "TransferHook",
    16: "ConfidentialTransferFeeConfig",
    18: "MetadataPointer",
    19: "TokenMetadata",
    20: "GroupPointer",
    21: "TokenGroup",
    22: "GroupMemberPointer",
    23: "TokenGroupMember",
    CONFIDENTIAL_MINT_BURN: "ConfidentialMintBurn",
    25: "ScaledUiAmount",
    PAUSABLE: "Pausable",
    28: "PermissionedBurn",
}
# Mint: COption<Pubkey> mint authority, supply u64, decimals u8, initialized u8, COption<Pubkey> freeze.
_MINT: Final = Struct("<I32sQBBI32s")
_INITIALIZED: Final = 1
_FROZEN: Final = 2
_NOBODY: Final = bytes(32)


class Danger(StrEnum):
    """Why a token cannot be swapped safely, by its extensions."""

    TRANSFER_HOOK = "TRANSFER_HOOK"  # another program runs in each transfer and may refuse it
    PERMANENT_DELEGATE = "PERMANENT_DELEGATE"  # somebody can take it out of any wallet
    DEFAULT_FROZEN = "DEFAULT_FROZEN"  # new token accounts begin frozen
    NON_TRANSFERABLE = "NON_TRANSFERABLE"  # it never leaves the account that it was minted to
    CONFIDENTIAL_ONLY = "CONFIDENTIAL_ONLY"  # its supply is encrypted, and pools hold plain balances
    PAUSED = "PAUSED"  # all transfers are switched off


@dataclass(frozen=True, slots=True)
class MintFacts:
    """A mint at one slot; ``supply`` in base units, ``fee`` is the transfer fee of that slot's epoch."""

    address: Pubkey
    program: Pubkey
    decimals: int
    supply: int
    mint_authority: Pubkey | None
    freeze_authority: Pubkey | None
    extensions: tuple[str, ...]
    fee: TransferFee
    dangers: tuple[Danger, ...]
    # Who may raise the transfer fee, from two epochs on.
    fee_authority: Pubkey | None = None


def read_mint(address: Pubkey, account: AccountData, epoch: int) -> MintFacts:
    """The mint at ``address``; raises WrongOwner, or UnknownLayout for what is no initialized mint."""
    decimals = parse_mint_decimals(account)
    head = _MINT.unpack_from(account.data)
    has_minter, minter, supply, _, initialized, has_freezer, freezer = head
    records = list(_records(account))
    if initialized != _INITIALIZED:
        raise UnknownLayout("the mint is not initialized")
    return MintFacts(
        address=address,
        program=account.owner,
        decimals=decimals,
        supply=supply,
        mint_authority=Pubkey.from_bytes(minter) if has_minter else None,
        freeze_authority=Pubkey.from_bytes(freezer) if has_freezer else None,
        extensions=tuple(_EXTENSION_NAMES.get(kind, f"Extension{kind}") for kind, _ in records),
        fee=next(
            (fee_of_epoch(r, epoch) for kind, r in records if kind == TRANSFER_FEE_CONFIG), NO_TRANSFER_FEE
        ),
        dangers=tuple(danger for danger in (_danger(*record) for record in records) if danger),
        fee_authority=next((_first_key(r) for kind, r in records if kind == TRANSFER_FEE_CONFIG), None),
    )


def _first_key(record: bytes) -> Pubkey | None:
    return None if record[:32] == _NOBODY else Pubkey.from_bytes(record[:32])


def _records(account: AccountData) -> Iterator[tuple[int, bytes]]:
    if len(account.data) == MINT_SIZE:
        return
    if account.owner != TOKEN_2022_PROGRAM:
        # A token account of the classic program is longer than its mints.
        raise UnknownLayout(f"a mint has {MINT_SIZE} bytes, not {len(account.data)}")
    yield from extensions_of(account.data)


def _danger(kind: int, record: bytes) -> Danger | None:
    if kind == TRANSFER_HOOK and record[32:64] != _NOBODY:
        return Danger.TRANSFER_HOOK
    if kind == PERMANENT_DELEGATE and record[:32] != _NOBODY:
        return Danger.PERMANENT_DELEGATE
    if kind == DEFAULT_ACCOUNT_STATE and record[:1] == bytes([_FROZEN]):
        return Danger.DEFAULT_FROZEN
    if kind == PAUSABLE and record[32:33] == b"\x01":
        return Danger.PAUSED
    return {NON_TRANSFERABLE: Danger.NON_TRANSFERABLE, CONFIDENTIAL_MINT_BURN: Danger.CONFIDENTIAL_ONLY}.get(
        kind
    )
