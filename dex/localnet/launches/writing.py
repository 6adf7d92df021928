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
from dex.localnet.genesis_layouts import anchor_account, system_account, token_account
from dex.localnet.genesis_pools.market import Market, PoolAccounts
from dex.localnet.launches.plan import LaunchPlan
from dex.localnet.launches.pools import created_pool, funded_pool
from dex.localnet.launches.tokens import token_accounts
from dex.localnet.launches.transactions import position_address
from dex.transactions.token_accounts import associated_token_address
from dex.types import AccountData
from dex.venues.account_layout import patched

Written = Mapping[Pubkey, Account | None]

_CREATOR_LAMPORTS: Final = 100 * LAMPORTS_PER_SOL
_CONFIG: Final = bytes(anchor_account("AmmConfig", 8))
_SUPPLY: Final = Struct("<Q")
_SUPPLY_OFFSET, _AMOUNT_OFFSET = 36, 64
# damm-v2 state/pool.rs, state/position.rs
_POOL_LIQUIDITY, _POOL_LOCKED = slice(360, 376), 552
_POSITION_UNLOCKED, _POSITION_LOCKED = 152, 184


def provision(bank: Bank, plan: LaunchPlan) -> Written:
    """What the creator needs for the transaction that creates the pool: the whole token, the quote tokens."""
    creator, quote = plan.creator.pubkey(), plan.quote
    address = associated_token_address(creator, quote.mint)
    found = bank.accounts.current(address)
    before = 0 if found is None else _SUPPLY.unpack_from(found.data, _AMOUNT_OFFSET)[0]
    # A unit more than it puts in, for what is rounded up.
    amount = plan.liquidity * 10**quote.decimals + 1
    accounts = {
        creator: system_account(_CREATOR_LAMPORTS, SYSTEM_PROGRAM),
        **token_accounts(plan, pooled=0),
        address: token_account(quote.mint, creator, before + amount),
    }
    return {**_accounts(bank, accounts), **_more_supply(bank, quote.mint, amount)}


def locked(bank: Bank, plan: LaunchPlan, pool: Pubkey) -> Written:
    """A DAMM v2 pool whose first position is locked for good: simulated, no transaction does it."""
    found = bank.accounts.current(pool)
    if found is None:
        return {}
    at = position_address(plan, found.owner)
    position = bank.accounts.current(at)
    if position is None:
        return {}
    liquidity = found.data[_POOL_LIQUIDITY]
    fields = {_POSITION_UNLOCKED: bytes(16), _POSITION_LOCKED: liquidity}
    return {
        pool: Account(found.lamports, patched(found.data, {_POOL_LOCKED: liquidity}), found.owner),
        at: Account(position.lamports, patched(position.data, fields), position.owner),
    }


def creation(bank: Bank, plan: LaunchPlan, opening: Opening | None, market: Market) -> Written:
    """The token, its creator and the new pool. The change of a slot: worked out anew where it is replayed."""
    built = created_pool(plan, opening, market)
    creator = {plan.creator.pubkey(): system_account(_CREATOR_LAMPORTS, SYSTEM_PROGRAM)}
    token = token_accounts(plan, pooled=plan.pooled)
    return _with_quote(bank, plan, built, {**creator, **token, **built.accounts})


def funding(bank: Bank, plan: LaunchPlan, opening: Opening | None, market: Market) -> Written:
    """The first position of a pool that was created empty."""
    built = funded_pool(plan, opening, market)
    return _with_quote(bank, plan, built, built.accounts)


def _with_quote(
    bank: Bank, plan: LaunchPlan, built: PoolAccounts, accounts: Mapping[Pubkey, AccountData]
) -> Written:
    """What the pool's vault holds of the quote token is minted for it; wrapped SOL counts no supply."""
    mint = plan.quote.mint
    return {**_accounts(bank, accounts), **_more_supply(bank, mint, built.supplies[mint])}


def _accounts(bank: Bank, accounts: Mapping[Pubkey, AccountData]) -> Written:
    return {
        address: Account(found.lamports, found.data, found.owner)
        for address, found in accounts.items()
        if not _is_shared(bank, address, found)
    }


def _more_supply(bank: Bank, mint: Pubkey, amount: int) -> Written:
    found = bank.accounts.current(mint)
    if mint == NATIVE_MINT or not amount or found is None:
        return {}
    (supply,) = _SUPPLY.unpack_from(found.data, _SUPPLY_OFFSET)
    data = patched(found.data, {_SUPPLY_OFFSET: _SUPPLY.pack(supply + amount)})
    return {mint: Account(found.lamports, data, found.owner)}


def _is_shared(bank: Bank, address: Pubkey, account: AccountData) -> bool:
    """Wallets and fee configurations belong to others too: where there is one, it stays."""
    is_of_others = not account.data or account.data.startswith(_CONFIG)
    return is_of_others and bank.accounts.current(address) is not None
