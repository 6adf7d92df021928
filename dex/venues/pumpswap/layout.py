"""Byte layouts of PumpSwap's accounts (pump_amm and pump_fees IDLs).

Offsets count from the start of the account, the 8-byte Anchor discriminator included. Accounts have grown
with releases: what a shorter one lacks reads as zero.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from solders.pubkey import Pubkey

from dex.errors import UnknownLayout, UnsupportedPool, WrongOwner
from dex.types import AccountData
from dex.venues.account_layout import pubkey_at
from dex.venues.integer_math import BPS
from dex.venues.pumpswap.addresses import CANONICAL_INDEX, FEE_PROGRAM, PROGRAM, canonical_creator

POOL_DISCRIMINATOR: Final = bytes.fromhex("f19a6d0411b16dbc")
BASE_MINT_OFFSET: Final = 43
QUOTE_MINT_OFFSET: Final = 75
# A pool of the first release ends behind its LP supply; below the second size the SDK enlarges it first.
_FIRST_POOL_SIZE: Final = 211
_EXECUTABLE_POOL_SIZE: Final = 300
_POOL_FIELDS: Final = 287
_LP_SUPPLY: Final = Struct("<Q")
_LP_SUPPLY_OFFSET: Final = 203
_COIN_CREATOR_OFFSET: Final = 211
# Mayhem, cashback, virtual quote reserves in two halves, creator fee, can edit, holder reward.
_FLAGS: Final = Struct("<BBQqQBB")
_FLAGS_OFFSET: Final = 243

_GLOBAL_DISCRIMINATOR: Final = bytes.fromhex("95089ccaa0fcb0d9")
_GLOBAL_SIZE: Final = 949
_DISABLE_FLAGS_OFFSET: Final = 56
_BUY_DISABLED: Final = 1 << 3
_SELL_DISABLED: Final = 1 << 4
_RECIPIENTS: Final = (57, 8)
_RESERVED_RECIPIENTS: Final = ((385, 1), (418, 7))
_BUYBACK_RECIPIENTS: Final = (643, 8)
_CREATOR_FEE_CONFIGURABLE_OFFSET: Final = 940

_FEES_DISCRIMINATOR: Final = bytes.fromhex("8f3492bbdb7b4c9b")
_FEES_FIXED_SIZE: Final = 69
_FLAT_OFFSET: Final = 41
_TIERS_OFFSET: Final = 65
# The account's size says its release: from these on it has tiers for stable tokens, and exotic rates.
_SIZE_WITH_STABLE: Final = 4_073
_SIZE_WITH_EXOTIC: Final = 4_097
_COUNT: Final = Struct("<I")
_RATES: Final = Struct("<QQQ")
_TIER: Final = Struct("<QQQQQ")
_U64_BITS: Final = 64

_MINT_SUPPLY_OFFSET: Final = 36
_NOBODY: Final = Pubkey.default()


class PoolKeys(NamedTuple):
    """The addresses that a pool is made of; mints and vaults in the order base, quote."""

    mints: tuple[Pubkey, Pubkey]
    vaults: tuple[Pubkey, Pubkey]
    is_canonical: bool


class PoolState(NamedTuple):
    """What may change in a pool.

    ``virtual_quote`` is added to what the quote vault holds, for the price alone, and may be negative: fees
    that wait in the vault are taken off by it. ``creator_fee_bps`` is 0 where the creator chose none.
    """

    coin_creator: Pubkey
    is_mayhem: bool
    is_cashback: bool
    virtual_quote: int
    creator_fee_bps: int
    is_holder_reward: bool
    is_complete: bool

    @property
    def has_creator(self) -> bool:
        """Whether there is somebody to pay a creator fee to."""
        return self.coin_creator != _NOBODY


class Rates(NamedTuple):
    """Fees in basis points, each taken for itself and rounded up."""

    lp: int
    protocol: int
    creator: int

    @property
    def total(self) -> int:
        return self.lp + self.protocol + self.creator


class GlobalConfig(NamedTuple):
    """The program's settings: rates where there is no FeeConfig, what is off, and who is paid."""

    rates: Rates
    buy_disabled: bool
    sell_disabled: bool
    recipients: tuple[Pubkey, ...]
    reserved_recipients: tuple[Pubkey, ...]
    buyback_recipients: tuple[Pubkey, ...]
    creator_fee_configurable: bool


class Tier(NamedTuple):
    """Rates from a market capitalisation on, in base units of the quote token."""

    threshold: int
    rates: Rates


class FeeConfig(NamedTuple):
    """Rates by kind of pool; what the account's release does not have yet is empty or None."""

    flat: Rates
    tiers: tuple[Tier, ...]
    stable_tiers: tuple[Tier, ...] = ()
    exotic: Rates | None = None


def parse_keys(account: AccountData) -> PoolKeys:
    """The fixed part of a pool; raises WrongOwner or UnknownLayout."""
    data = pool_data(account)
    base, quote = pubkey_at(data, BASE_MINT_OFFSET), pubkey_at(data, QUOTE_MINT_OFFSET)
    index = int.from_bytes(data[9:11], "little")
    is_canonical = index == CANONICAL_INDEX and pubkey_at(data, 11) == canonical_creator(base)
    return PoolKeys((base, quote), (pubkey_at(data, 139), pubkey_at(data, 171)), is_canonical)


def pool_data(account: AccountData) -> bytes:
    """The bytes of a pool account, of any release; raises WrongOwner or UnknownLayout."""
    return _checked(account, PROGRAM, "PumpSwap Pool", POOL_DISCRIMINATOR, _FIRST_POOL_SIZE)


def lp_supply(data: bytes) -> int:
    """LP tokens of a checked pool account, in base units."""
    (supply,) = _LP_SUPPLY.unpack_from(data, _LP_SUPPLY_OFFSET)
    return int(supply)


def parse_state(data: bytes) -> PoolState:
    """The changing part of a checked pool account."""
    whole = data.ljust(_POOL_FIELDS, b"\0")
    mayhem, cashback, low, high, creator_bps, _, holder_reward = _FLAGS.unpack_from(whole, _FLAGS_OFFSET)
    return PoolState(
        coin_creator=pubkey_at(whole, _COIN_CREATOR_OFFSET),
        is_mayhem=bool(mayhem),
        is_cashback=bool(cashback),
        virtual_quote=(high << _U64_BITS) + low,
        creator_fee_bps=creator_bps,
        is_holder_reward=bool(holder_reward),
        is_complete=len(data) >= _EXECUTABLE_POOL_SIZE,
    )


def parse_global(account: AccountData) -> GlobalConfig:
    """The program's settings; raises WrongOwner or UnknownLayout."""
    data = _checked(account, PROGRAM, "PumpSwap GlobalConfig", _GLOBAL_DISCRIMINATOR, _GLOBAL_SIZE)
    u64 = [int.from_bytes(data[at : at + 8], "little") for at in (40, 48, 313)]
    reserved = [found for block in _RESERVED_RECIPIENTS for found in _addresses(data, *block)]
    flags = data[_DISABLE_FLAGS_OFFSET]
    return GlobalConfig(
        rates=Rates(*u64),
        buy_disabled=bool(flags & _BUY_DISABLED),
        sell_disabled=bool(flags & _SELL_DISABLED),
        recipients=tuple(_addresses(data, *_RECIPIENTS)),
        reserved_recipients=tuple(reserved),
        buyback_recipients=tuple(_addresses(data, *_BUYBACK_RECIPIENTS)),
        creator_fee_configurable=bool(data[_CREATOR_FEE_CONFIGURABLE_OFFSET]),
    )


def parse_fees(account: AccountData) -> FeeConfig:
    """The rates of all pools; raises WrongOwner or UnknownLayout."""
    data = _checked(account, FEE_PROGRAM, "PumpSwap FeeConfig", _FEES_DISCRIMINATOR, _FEES_FIXED_SIZE)
    flat = Rates._make(_RATES.unpack_from(data, _FLAT_OFFSET))
    tiers, at = _tiers(data, _TIERS_OFFSET)
    if len(data) < _SIZE_WITH_STABLE:
        return FeeConfig(flat, tiers)
    stable, at = _tiers(data, at)
    if len(data) < _SIZE_WITH_EXOTIC:
        return FeeConfig(flat, tiers, stable)
    if len(data) < at + _RATES.size:
        raise UnknownLayout("the exotic rates of a FeeConfig run past the end of the account")
    return FeeConfig(flat, tiers, stable, Rates._make(_RATES.unpack_from(data, at)))


def mint_supply(account: AccountData) -> int:
    """Base units of a mint in circulation; raises UnknownLayout."""
    data = account.data
    if len(data) < _MINT_SUPPLY_OFFSET + _LP_SUPPLY.size:
        raise UnknownLayout("the base mint of the pool is no mint")
    (supply,) = _LP_SUPPLY.unpack_from(data, _MINT_SUPPLY_OFFSET)
    return int(supply)


def require_rates(rates: Rates) -> Rates:
    """``rates`` themselves; raises UnsupportedPool where they would take a whole amount."""
    if rates.total >= BPS:
        raise UnsupportedPool("the pool's fees take the whole amount")
    return rates


def _tiers(data: bytes, at: int) -> tuple[tuple[Tier, ...], int]:
    """The tiers of a vector, and where it ends; raises UnknownLayout."""
    if len(data) < at + _COUNT.size:
        raise UnknownLayout("a FeeConfig ends before its tiers")
    (count,) = _COUNT.unpack_from(data, at)
    start, end = at + _COUNT.size, at + _COUNT.size + count * _TIER.size
    if len(data) < end:
        raise UnknownLayout("the tiers of a FeeConfig run past the end of the account")
    rows = _TIER.iter_unpack(data[start:end])
    return tuple([Tier((high << _U64_BITS) + low, Rates(*rates)) for low, high, *rates in rows]), end


def _addresses(data: bytes, offset: int, count: int) -> list[Pubkey]:
    """Those of an array that are set."""
    found = [pubkey_at(data, offset + 32 * place) for place in range(count)]
    return [address for address in found if address != _NOBODY]


def _checked(account: AccountData, owner: Pubkey, name: str, discriminator: bytes, least: int) -> bytes:
    data = account.data
    if account.owner != owner:
        raise WrongOwner(f"a {name} of {owner} was expected, its owner is {account.owner}")
    if len(data) < least or not data.startswith(discriminator):
        raise UnknownLayout(f"{len(data)} bytes starting {data[:8].hex()} are no {name}")
    return data
