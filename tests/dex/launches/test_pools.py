"""Pools are found by size, first bytes and mint, and read from accounts of every recorded creation."""

from __future__ import annotations

from dataclasses import replace

import pytest
from solders.pubkey import Pubkey

from dex.errors import UnknownLayout, UnsupportedPool
from dex.launches.pools import FoundPool, every_pool, pools_of, read_pool
from dex.types import AccountData, AccountFilter
from tests.dex.launches.recorded_creations import CASES, CREATED, VENUES, pool_account

CREATOR = Pubkey.from_string("ECbPvoRPTunYYuu6iCP8gK4GzGX4nc5rPsUpAKoT6vV4")
SAY_NO_CREATOR = {"raydium-amm-v4", "orca-whirlpool", "orca-whirlpool-immutable"}


def fits(query: AccountFilter, account: AccountData) -> bool:
    return len(account.data) == query.data_size and all(
        account.data[at : at + len(expected)] == expected for at, expected in query.memcmp
    )


def venue_of(name: str) -> str:
    return VENUES[Pubkey.from_string(CASES[name]["program"])]


@pytest.mark.parametrize("name", CREATED)
def test_every_recorded_pool_is_read_from_its_account(name: str) -> None:
    case, venue = CASES[name], venue_of(name)
    address = Pubkey.from_string(case["pool"])
    first, second = (Pubkey.from_string(mint["address"]) for mint in case["mints"])
    creator = None if venue in SAY_NO_CREATOR else CREATOR
    assert read_pool(venue, address, pool_account(name)) == FoundPool(
        venue, address, (first, second), creator
    )


@pytest.mark.parametrize("name", CREATED)
def test_every_recorded_pool_is_found_by_program_and_mint(name: str) -> None:
    venue, account = venue_of(name), pool_account(name)
    first, second = (Pubkey.from_string(mint["address"]) for mint in CASES[name]["mints"])
    assert fits(every_pool(venue), account)
    assert [fits(query, account) for query in pools_of(venue, first)] == [True, False]
    assert [fits(query, account) for query in pools_of(venue, second)] == [False, True]
    assert [fits(query, account) for query in pools_of(venue, CREATOR)] == [False, False]


def test_no_pool_is_read_from_an_account_of_another_size() -> None:
    account = pool_account("raydium-cpmm-create-0")
    with pytest.raises(UnknownLayout):
        read_pool("raydium-cpmm", CREATOR, replace(account, data=account.data[:-1]))


def test_pools_of_an_unknown_venue_are_not_supported() -> None:
    with pytest.raises(UnsupportedPool):
        every_pool("some-dex")
