"""Token addresses, bytes and rent."""

import pytest
from solders.pubkey import Pubkey
from solders.token.associated import get_associated_token_address
from solders.token.state import TokenAccount as SoldersTokenAccount

from dex.config import SYSTEM_PROGRAM, TOKEN_PROGRAM
from dex.errors import UnknownLayout, WrongOwner
from dex.localnet.genesis_layouts import mint_account, token_account
from dex.transactions.token_accounts import (
    TOKEN_ACCOUNT_RENT,
    associated_address_tries,
    associated_token_address,
    parse_mint_decimals,
    parse_token_account,
    rent_exempt_lamports,
)
from dex.types import AccountData
from tests.dex.plans import MINTS

OWNER = Pubkey.from_string("9B5XszUGdMaxCZ7uSQhPzdks5ZQSmWxrmzCSvtJ6Ns6g")


def test_rent_is_what_the_cluster_charges():
    assert rent_exempt_lamports(0) == 890_880
    assert rent_exempt_lamports(82) == 1_461_600
    assert TOKEN_ACCOUNT_RENT == 2_039_280


def test_associated_address_is_the_known_one():
    assert associated_token_address(OWNER, MINTS["USDC"]) == get_associated_token_address(
        OWNER, MINTS["USDC"]
    )


def test_tries_count_the_bump_seeds_from_255_down():
    seeds = [bytes(OWNER), bytes(TOKEN_PROGRAM), bytes(MINTS["USDC"])]
    program = Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
    _, bump = Pubkey.find_program_address(seeds, program)
    assert associated_address_tries(OWNER, MINTS["USDC"]) == 256 - bump


def test_token_account_bytes_read_as_they_were_written():
    account = token_account(MINTS["USDC"], OWNER, 12_345)
    read = parse_token_account(account)
    assert (read.mint, read.owner, read.amount) == (MINTS["USDC"], OWNER, 12_345)
    official = SoldersTokenAccount.from_bytes(account.data)
    assert (official.mint, official.owner, official.amount) == (MINTS["USDC"], OWNER, 12_345)


def test_mint_decimals_are_read():
    assert parse_mint_decimals(mint_account(6, 1, None)) == 6


def test_an_account_of_another_program_is_no_token_account():
    with pytest.raises(WrongOwner):
        parse_token_account(AccountData(SYSTEM_PROGRAM, 1, bytes(165)))


def test_short_token_accounts_and_mints_are_refused():
    with pytest.raises(UnknownLayout):
        parse_token_account(AccountData(TOKEN_PROGRAM, 1, bytes(164)))
    with pytest.raises(UnknownLayout):
        parse_mint_decimals(AccountData(TOKEN_PROGRAM, 1, bytes(81)))
