"""Mints that no list has, written into a running chain with a pool and what their issuers may do."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from solders.account import Account
from solders.keypair import Keypair
from solders.pubkey import Pubkey

from dex.config import NATIVE_MINT, TOKEN_2022_PROGRAM, TOKENS
from dex.localnet.genesis_layouts import mint_account
from dex.localnet.genesis_pools.cpmm import CpmmSpec, build_cpmm
from dex.localnet.genesis_pools.market import Market
from dex.tokens.metadata import METADATA_PROGRAM, metadata_address
from dex.types import AccountData, Token
from tests.orders.chain import TestChain

SUPPLY = 1_000_000_000
RESERVE = 500_000


def new_token(decimals: int) -> Token:
    """A token at an address that nobody has seen."""
    return Token("NEW", "New token", Keypair().pubkey(), decimals)


def put_mint(chain: TestChain, token: Token) -> None:
    """A mint of the classic program, with an authority to mint."""
    _put(chain, token.mint, mint_account(token.decimals, SUPPLY, chain.wallet.pubkey()))


def put_mint_2022(chain: TestChain, token: Token, extensions: Sequence[tuple[int, bytes]] = ()) -> None:
    """A mint of Token-2022 with these extension records."""
    plain = mint_account(token.decimals, SUPPLY, None)
    records = b"".join(struct.pack("<HH", kind, len(record)) + record for kind, record in extensions)
    data = plain.data.ljust(165, b"\0") + b"\x01" + records
    _put(chain, token.mint, AccountData(TOKEN_2022_PROGRAM, 10_000_000, data))


def put_metadata(chain: TestChain, mint: Pubkey, symbol: str, name: str) -> None:
    """Metaplex's metadata of a mint, filled with zeros as its program writes it."""
    texts = b"".join(
        struct.pack("<I", size) + text.encode().ljust(size, b"\0")
        for text, size in ((name, 32), (symbol, 10))
    )
    data = b"\x04" + bytes(32) + bytes(mint) + texts
    _put(chain, metadata_address(mint), AccountData(METADATA_PROGRAM, 10_000_000, data))


def put_pool(chain: TestChain, token: Token, price: tuple[int, int]) -> None:
    """A CPMM pool of SOL and ``token`` whose ``price`` is base units of the token a lamport."""
    sol = next(each for each in TOKENS if each.mint == NATIVE_MINT)
    market = Market({"SOL": sol, token.symbol: token}, chain.wallet.pubkey(), "localnet")
    for address, account in build_cpmm(market, CpmmSpec((sol, token), price, RESERVE, 25)).accounts.items():
        _put(chain, address, account)


def _put(chain: TestChain, address: Pubkey, account: AccountData) -> None:
    chain.network.put_account(address, Account(account.lamports, account.data, account.owner))
    # What stands in the open slot is not confirmed yet.
    chain.call("localnet_advance", {"slots": 2})
