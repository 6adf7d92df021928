"""Puts what a launch makes into the open slot, beside what is there already."""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import Final

from solders.account import Account
from solders.pubkey import Pubkey

from dex.config import NATIVE_MINT, SYSTEM_PROGRAM
from dex.launches.openings import Opening
from dex.localnet.bank import Bank
from dex.localnet.genesis import LAMPORTS_PER_SOL
from dex.localnet.genesis_layouts import anchor_account, system_account
from dex.localnet.genesis_pools.market import Market, PoolAccounts
from dex.localnet.launches.plan import LaunchPlan
from dex.localnet.launches.pools import created_pool, funded_pool
from dex.localnet.launches.tokens import token_accounts
from dex.types import AccountData
from dex.venues.account_layout import patched

Written = Mapping[Pubkey, Account | None]

_CREATOR_LAMPORTS: Final = 100 * LAMPORTS_PER_SOL
_CONFIG: Final = bytes(anchor_account("AmmConfig", 8))
_SUPPLY: Final = Struct("<Q")
_SUPPLY_OFFSET: Final = 36


def creation(bank: Bank, plan: LaunchPlan, opening: Opening | None, market: Market) -> Written:
    """The token, its creator and the new pool. The change of a slot: worked out anew where it is replayed."""
    built = created_pool(plan, opening, market)
    creator = {plan.creator.pubkey(): system_account(_CREATOR_LAMPORTS, SYSTEM_PROGRAM)}
    return _with_quote(bank, plan, built, {**creator, **token_accounts(plan), **built.accounts})


def funding(bank: Bank, plan: LaunchPlan, opening: Opening | None, market: Market) -> Written:
    """The first position of a pool that was created empty."""
    built = funded_pool(plan, opening, market)
    return _with_quote(bank, plan, built, built.accounts)


def _with_quote(
    bank: Bank, plan: LaunchPlan, built: PoolAccounts, accounts: Mapping[Pubkey, AccountData]
) -> Written:
    """What the pool's vault holds of the quote token is minted for it; wrapped SOL counts no supply."""
    written = {
        address: Account(found.lamports, found.data, found.owner)
        for address, found in accounts.items()
        if not _is_shared(bank, address, found)
    }
    mint, amount = plan.quote.mint, built.supplies[plan.quote.mint]
    found = bank.accounts.current(mint)
    if mint != NATIVE_MINT and amount and found is not None:
        (supply,) = _SUPPLY.unpack_from(found.data, _SUPPLY_OFFSET)
        data = patched(found.data, {_SUPPLY_OFFSET: _SUPPLY.pack(supply + amount)})
        written[mint] = Account(found.lamports, data, found.owner)
    return written


def _is_shared(bank: Bank, address: Pubkey, account: AccountData) -> bool:
    """Wallets and fee configurations belong to others too: where there is one, it stays."""
    is_of_others = not account.data or account.data.startswith(_CONFIG)
    return is_of_others and bank.accounts.current(address) is not None
