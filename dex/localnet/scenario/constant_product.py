"""Moving pools whose price is the quotient of two reserves: Raydium CPMM and AMM v4, compounding DAMM v2."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

from solders.pubkey import Pubkey

from dex.localnet.scenario.vaults import Accounts, Read, balance, existing, with_changes
from dex.venues.raydium_amm_v4 import layout as amm_v4
from dex.venues.raydium_cpmm import layout as cpmm


def reserves_at(price: Fraction, reserves: tuple[int, int]) -> tuple[int, int]:
    """Reserves of the same product whose quotient, second by first, is ``price`` to half a unit."""
    first = max(1, isqrt(reserves[0] * reserves[1] * price.denominator // price.numerator))
    return first, max(1, round(first * price))


def move_cpmm(read: Read, address: Pubkey, price: Fraction) -> Accounts:
    """The vaults of a CPMM pool at ``price``, units of token 1 for one of token 0."""
    account = existing(read, address)
    keys = cpmm.parse_keys(account, account.owner)
    owed = cpmm.parse_state(account.data).owed()
    return _moved(read, keys.vaults, keys.mints, owed, price)


def cpmm_price(read: Read, address: Pubkey) -> Fraction:
    """Units of token 1 for one of token 0."""
    account = existing(read, address)
    keys = cpmm.parse_keys(account, account.owner)
    return _quotient(read, keys.vaults, cpmm.parse_state(account.data).owed())


def amm_v4_price(read: Read, address: Pubkey) -> Fraction:
    """Units of pc for one of coin."""
    account = existing(read, address)
    nonce = int.from_bytes(account.data[8:16], "little")
    state = amm_v4.parse_state(account.data)
    keys = amm_v4.parse_keys(account, account.owner, nonce)
    return _quotient(read, keys.vaults, (state.need_take_pnl_coin, state.need_take_pnl_pc))


def _quotient(read: Read, vaults: tuple[Pubkey, Pubkey], owed: tuple[int, int]) -> Fraction:
    first, second = (balance(read, vault) - fees for vault, fees in zip(vaults, owed, strict=True))
    return Fraction(second, first)


def move_amm_v4(read: Read, address: Pubkey, price: Fraction) -> Accounts:
    """The vaults of an AMM v4 pool at ``price``, units of pc for one of coin."""
    account = existing(read, address)
    nonce = int.from_bytes(account.data[8:16], "little")
    keys = amm_v4.parse_keys(account, account.owner, nonce)
    state = amm_v4.parse_state(account.data)
    return _moved(read, keys.vaults, keys.mints, (state.need_take_pnl_coin, state.need_take_pnl_pc), price)


def _moved(
    read: Read,
    vaults: tuple[Pubkey, Pubkey],
    mints: tuple[Pubkey, Pubkey],
    owed: tuple[int, int],
    price: Fraction,
) -> Accounts:
    first, second = (balance(read, vault) - fees for vault, fees in zip(vaults, owed, strict=True))
    new = reserves_at(price, (first, second))
    return with_changes(read, vaults, mints, (new[0] - first, new[1] - second))
