"""Networks, well-known addresses and the token list: facts about Solana, not settings."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from solders.pubkey import Pubkey

from dex.types import Token

TOKEN_PROGRAM: Final = Pubkey.from_string("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
TOKEN_2022_PROGRAM: Final = Pubkey.from_string("TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb")
ASSOCIATED_TOKEN_PROGRAM: Final = Pubkey.from_string("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
SYSTEM_PROGRAM: Final = Pubkey.from_string("11111111111111111111111111111111")
COMPUTE_BUDGET_PROGRAM: Final = Pubkey.from_string("ComputeBudget111111111111111111111111111111")
LOOKUP_TABLE_PROGRAM: Final = Pubkey.from_string("AddressLookupTab1e1111111111111111111111111")
MEMO_PROGRAM: Final = Pubkey.from_string("MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr")
CLOCK_SYSVAR: Final = Pubkey.from_string("SysvarC1ock11111111111111111111111111111111")
NATIVE_MINT: Final = Pubkey.from_string("So11111111111111111111111111111111111111112")


MAINNET: Final = "mainnet-beta"
DEVNET: Final = "devnet"
LOCALNET: Final = "localnet"
NETWORKS: Final = (MAINNET, DEVNET, LOCALNET)

# What getGenesisHash gives there: docs.anza.xyz, clusters and endpoints.
GENESIS_HASHES: Final[Mapping[str, str]] = MappingProxyType(
    {
        MAINNET: "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d",
        DEVNET: "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG",
        "testnet": "4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjD2NsNY",
    }
)


def is_of_network(genesis_hash: str, network: str) -> bool:
    """Whether a node with this genesis hash belongs to ``network``; localnet is whatever is not public."""
    expected = GENESIS_HASHES.get(network)
    if expected is None:
        return genesis_hash not in GENESIS_HASHES.values()
    return genesis_hash == expected


def _token(symbol: str, name: str, mint: str, decimals: int) -> Token:
    return Token(symbol, name, Pubkey.from_string(mint), decimals)


# Mainnet mint addresses; localnet's genesis creates the same mints at the same addresses.
TOKENS: Final[tuple[Token, ...]] = (
    _token("SOL", "Wrapped SOL", str(NATIVE_MINT), 9),
    _token("USDC", "USD Coin", "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v", 6),
    _token("USDT", "Tether USD", "Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB", 6),
    _token("JUP", "Jupiter", "JUPyiwrYJFskUPiHa7hkeR8VUtAeFoSYbKedZNsDvCN", 6),
    _token("BONK", "Bonk", "DezXAZ8z7PnrnRJjz3wXBoRgixCa6xjnB7YaB1pPB263", 5),
)

# There is no Tether, Jupiter or Bonk on devnet. USDC there is Circle's: developers.circle.com, USDC
# contract addresses; its faucet gives it.
DEVNET_TOKENS: Final[tuple[Token, ...]] = (
    TOKENS[0],
    _token("USDC", "USD Coin of devnet", "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU", 6),
)


def tokens_of(network: str) -> tuple[Token, ...]:
    """The tokens that ``network`` has, by symbol. Wrapped SOL is the same everywhere."""
    return DEVNET_TOKENS if network == DEVNET else TOKENS


# The pairs that localnet's genesis gives pools to, and that discovery warms up at start.
PAIRS: Final[tuple[tuple[str, str], ...]] = (
    ("SOL", "USDC"),
    ("SOL", "USDT"),
    ("USDC", "USDT"),
    ("JUP", "USDC"),
    ("JUP", "SOL"),
    ("BONK", "SOL"),
)
