"""What both forms of PumpSwap's swap instructions name, and how a swap stands in them."""

from __future__ import annotations

from typing import NamedTuple

from solders.instruction import AccountMeta
from solders.pubkey import Pubkey

from dex.errors import UnsupportedPool
from dex.transactions.token_accounts import associated_token_address
from dex.types import Swap, SwapMode


class SwapKeys(NamedTuple):
    """What an instruction names besides the swap; mints, vaults and programs in the order base, quote."""

    pool: Pubkey
    mints: tuple[Pubkey, Pubkey]
    vaults: tuple[Pubkey, Pubkey]
    token_programs: tuple[Pubkey, Pubkey]
    recipient: Pubkey
    buyback_recipient: Pubkey
    creator_authority: Pubkey
    is_cashback: bool
    has_creator: bool

    def quote_account(self, owner: Pubkey) -> Pubkey:
        """The associated account of the quote token that ``owner`` has."""
        return associated_token_address(owner, self.mints[1], self.token_programs[1])


class Decoded(NamedTuple):
    """A swap that an instruction says, and what it names beside."""

    keys: SwapKeys
    swap: Swap
    sells_base: bool


def require_executable(mode: SwapMode, *, sells_base: bool) -> None:
    """Raises UnsupportedPool for a sale of an exact output, which the program has no instruction for."""
    if sells_base and mode is SwapMode.EXACT_OUT:
        raise UnsupportedPool("PumpSwap sells an exact amount only, it does not pay one")


def own_accounts(swap: Swap, *, sells_base: bool) -> tuple[Pubkey, Pubkey]:
    """The wallet's token accounts, base and quote."""
    if sells_base:
        return swap.account_in, swap.account_out
    return swap.account_out, swap.account_in


def swap_of(
    keys: SwapKeys,
    payer: Pubkey,
    own: tuple[Pubkey, Pubkey],
    amounts: tuple[int, int],
    mode: SwapMode,
    *,
    sells_base: bool,
) -> Swap:
    """The swap between the wallet's accounts ``own`` (base and quote) of the amounts in and out."""
    mints, accounts = (keys.mints, own) if sells_base else (keys.mints[::-1], own[::-1])
    return Swap(payer, *mints, *accounts, *amounts, mode)


def readable(address: Pubkey) -> AccountMeta:
    """An account that is only read."""
    return AccountMeta(address, False, False)


def writable(address: Pubkey) -> AccountMeta:
    """An account that is written."""
    return AccountMeta(address, False, True)
