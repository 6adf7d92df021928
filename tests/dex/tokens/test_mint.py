"""Mints and their names, read from bytes."""

from __future__ import annotations

import struct

import pytest
from solders.pubkey import Pubkey

from dex.config import NATIVE_MINT, SYSTEM_PROGRAM, TOKEN_2022_PROGRAM, TOKEN_PROGRAM
from dex.errors import PoolRefused
from dex.localnet.genesis_layouts import mint_account, token_account
from dex.localnet.genesis_tokens import FEE_TOKEN, LARGEST_TRANSFER_FEE, mint_of
from dex.tokens.metadata import METADATA_PROGRAM, NAMELESS, TokenNames, metadata_address, token_names
from dex.tokens.mint import read_mint
from dex.types import AccountData

MINT = Pubkey.from_string("EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v")
SOMEBODY = Pubkey.from_string("956NGMVYWcSdiGY87o6Wus9dGaUieL3hHrz4mHnNZPs1")


def metaplex(mint: Pubkey, name: bytes, symbol: bytes, owner: Pubkey = METADATA_PROGRAM) -> AccountData:
    texts = b"".join(struct.pack("<I", len(text)) + text for text in (name, symbol))
    return AccountData(owner, 1, b"\x04" + bytes(32) + bytes(mint) + texts)


def test_a_classic_mint_has_authorities_and_no_extensions() -> None:
    facts = read_mint(MINT, mint_account(12, 10**18, SOMEBODY), epoch=0)
    assert (facts.program, facts.decimals, facts.supply) == (TOKEN_PROGRAM, 12, 10**18)
    assert (facts.mint_authority, facts.freeze_authority) == (SOMEBODY, None)
    assert (facts.extensions, facts.dangers, facts.fee.bps) == ((), (), 0)


def test_a_mint_of_token_2022_has_a_fee_and_names() -> None:
    account = mint_of(FEE_TOKEN, 5, SOMEBODY)
    facts = read_mint(FEE_TOKEN.mint, account, epoch=3)
    assert (facts.fee.bps, facts.fee.maximum, facts.program) == (50, LARGEST_TRANSFER_FEE, TOKEN_2022_PROGRAM)
    assert token_names(FEE_TOKEN.mint, account, None) == TokenNames("LFEE", "Localnet transfer fee")
    # Metadata that speaks of another mint is none of this one's.
    assert token_names(MINT, account, None) == NAMELESS


@pytest.mark.parametrize(
    "account",
    [
        token_account(MINT, SOMEBODY, 1),
        AccountData(TOKEN_2022_PROGRAM, 1, token_account(MINT, SOMEBODY, 1).data),
        AccountData(TOKEN_PROGRAM, 1, bytes(82)),
        AccountData(TOKEN_PROGRAM, 1, bytes(81)),
        AccountData(SYSTEM_PROGRAM, 1, mint_account(6, 1, None).data),
        AccountData(
            TOKEN_2022_PROGRAM, 1, mint_account(6, 1, None).data.ljust(165, b"\0") + b"\x01\x01\0\xff\xff"
        ),
    ],
)
def test_what_is_no_mint_is_refused(account: AccountData) -> None:
    with pytest.raises(PoolRefused):
        read_mint(MINT, account, epoch=0)


def test_names_of_metaplex_lose_zeros_and_what_cannot_be_printed() -> None:
    account = metaplex(MINT, "Us\u202eD\n Coin\0\0".encode(), b"USDC\0\xff\0")
    assert token_names(MINT, mint_account(6, 1, None), account) == TokenNames("USDC", "UsD Coin")


@pytest.mark.parametrize(
    "account",
    [
        None,
        metaplex(NATIVE_MINT, b"Other", b"O"),
        metaplex(MINT, b"Forged", b"F", owner=TOKEN_PROGRAM),
        AccountData(METADATA_PROGRAM, 1, b"\x04"),
        AccountData(METADATA_PROGRAM, 1, b"\x06" + bytes(200)),
    ],
)
def test_metadata_of_another_mint_or_program_is_not_read(account: AccountData | None) -> None:
    assert token_names(MINT, mint_account(6, 1, None), account) == NAMELESS


def test_a_length_beyond_the_account_takes_what_there_is() -> None:
    data = b"\x04" + bytes(32) + bytes(MINT) + struct.pack("<I", 2**32 - 1) + b"Long"
    account = AccountData(METADATA_PROGRAM, 1, data)
    assert token_names(MINT, mint_account(6, 1, None), account) == TokenNames("", "Long")


def test_metadata_lies_where_metaplex_puts_it() -> None:
    # The account that mainnet has for USDC.
    assert str(metadata_address(MINT)) == "5x38Kp4hvdomTCnCrAny4UtMUt5rQBdB6px2K1Ui45Wq"
