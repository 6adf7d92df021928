"""What localnet starts with: tokens, a funded wallet and pools, all determined by a seed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from dex.config import LOCALNET, SYSTEM_PROGRAM, TOKENS
from dex.localnet.genesis_layouts import system_account
from dex.localnet.genesis_pools import build_pools
from dex.localnet.genesis_pools.market import GenesisPool, Market
from dex.localnet.genesis_tokens import FEE_TOKEN, holding, mint_of, program_of
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
    "LFEE": 1_000_000,
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
    pools of those pairs that lie within; one more token has a transfer fee.
    """
    wallet = localnet_keypair("wallet", seed)
    accounts: dict[Pubkey, AccountData] = {}
    supplies: Counter[Pubkey] = Counter()
    pools: list[GenesisPool] = []
    tokens = (*tokens, FEE_TOKEN)
    market = Market({token.symbol: token for token in tokens}, wallet.pubkey(), network)
    for built in build_pools(market):
        pools.append(built.pool)
        accounts.update(built.accounts)
        supplies.update(built.supplies)
    for owner in dict.fromkeys([wallet.pubkey(), *fund]):
        accounts[owner] = system_account(WALLET_LAMPORTS, SYSTEM_PROGRAM)
        for token in tokens:
            amount = WALLET_TOKENS.get(token.symbol, 0) * 10**token.decimals
            if amount:
                address = associated_token_address(owner, token.mint, program_of(token))
                accounts[address] = holding(token, owner, amount)
                supplies[token.mint] += amount
    accounts.update((token.mint, mint_of(token, supplies[token.mint], wallet.pubkey())) for token in tokens)
    return Genesis(accounts, wallet, tuple(pools), seed)
