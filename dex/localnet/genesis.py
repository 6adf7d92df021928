"""What localnet starts with: tokens, a funded wallet and pools, all determined by a seed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from dex.config import LOCALNET, NATIVE_MINT, SYSTEM_PROGRAM, TOKENS
from dex.localnet.genesis_layouts import mint_account, system_account, token_account
from dex.localnet.genesis_pools import build_pools
from dex.localnet.genesis_pools.market import GenesisPool, Market
from dex.transactions.token_accounts import associated_token_address
from dex.types import AccountData, Token

LAMPORTS_PER_SOL: Final = 1_000_000_000
WALLET_LAMPORTS: Final = 100_000 * LAMPORTS_PER_SOL

# Whole tokens that every funded wallet starts with.
WALLET_TOKENS: Final = {
    "USDC": 20_000_000,
    "USDT": 20_000_000,
    "JUP": 40_000_000,
    "BONK": 1_000_000_000_000,
}


@dataclass(frozen=True, slots=True)
class Genesis:
    """The accounts of slot 0 by address; ``wallet`` is the funded development wallet."""

    accounts: Mapping[Pubkey, AccountData]
    wallet: Keypair
    pools: tuple[GenesisPool, ...]
    seed: int


def localnet_keypair(name: str, seed: int) -> Keypair:
    """A key pair that everybody can derive: for localnet only, it protects nothing."""
    return Keypair.from_seed(hashlib.sha256(f"localnet {name} {seed}".encode()).digest())


def build_genesis(
    seed: int = 1,
    fund: Sequence[Pubkey] = (),
    network: str = LOCALNET,
    tokens: Sequence[Token] = TOKENS,
) -> Genesis:
    """The genesis of ``seed``, with ``fund`` given as much as the development wallet.

    The pools belong to the programs at their addresses on ``network``. Of ``tokens`` are the mints, and the
    pools of those pairs that lie within.
    """
    wallet = localnet_keypair("wallet", seed)
    accounts: dict[Pubkey, AccountData] = {}
    supplies: Counter[Pubkey] = Counter()
    pools: list[GenesisPool] = []
    market = Market({token.symbol: token for token in tokens}, wallet.pubkey(), network)
    for built in build_pools(market):
        pools.append(built.pool)
        accounts.update(built.accounts)
        supplies.update(built.supplies)
    for owner in dict.fromkeys([wallet.pubkey(), *fund]):
        accounts[owner] = system_account(WALLET_LAMPORTS, SYSTEM_PROGRAM)
        for mint, amount in _wallet_amounts(tokens).items():
            accounts[associated_token_address(owner, mint)] = token_account(mint, owner, amount)
            supplies[mint] += amount
    accounts.update(_mints(supplies, wallet.pubkey(), tokens))
    return Genesis(accounts, wallet, tuple(pools), seed)


def _wallet_amounts(tokens: Sequence[Token]) -> dict[Pubkey, int]:
    return {
        token.mint: WALLET_TOKENS[token.symbol] * 10**token.decimals
        for token in tokens
        if token.symbol in WALLET_TOKENS
    }


def _mints(
    supplies: Mapping[Pubkey, int], authority: Pubkey, tokens: Sequence[Token]
) -> dict[Pubkey, AccountData]:
    return {
        # Wrapped SOL is made by depositing lamports, so its mint counts no supply and has no authority.
        token.mint: mint_account(token.decimals, 0, None)
        if token.mint == NATIVE_MINT
        else mint_account(token.decimals, supplies[token.mint], authority)
        for token in tokens
    }
