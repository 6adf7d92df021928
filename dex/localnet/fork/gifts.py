"""Balances that a fork gives to its wallets by writing accounts: simulated, no authority has signed them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from solders.account import Account
from solders.pubkey import Pubkey

from dex.config import DEVNET_TOKENS, NATIVE_MINT, SYSTEM_PROGRAM, TOKEN_PROGRAM, TOKENS
from dex.localnet.blocks import Commitment
from dex.localnet.chain import Chain
from dex.localnet.errors import ForkRefused
from dex.localnet.fork.loader import AccountLoader
from dex.localnet.genesis_layouts import token_account
from dex.localnet.token_accounts import read_mint
from dex.transactions.token_accounts import associated_token_address
from dex.types import Token

_SOL_DECIMALS: Final = 9
_U64_MAX: Final = (1 << 64) - 1
_SUPPLY: Final = slice(36, 44)


@dataclass(frozen=True, slots=True)
class Gift:
    """What every funded wallet gets: whole tokens of a mint. NATIVE_MINT: lamports of the wallet itself."""

    mint: Pubkey
    amount: Decimal

    def __str__(self) -> str:
        symbol = next((t.symbol for t in (*TOKENS, *DEVNET_TOKENS) if t.mint == self.mint), str(self.mint))
        return f"{self.amount:f} {symbol}"

    def base_units(self, decimals: int) -> int:
        """The amount in base units; raises ForkRefused for more decimals or more units than fit."""
        units = self.amount.scaleb(decimals)
        if units != int(units) or units > _U64_MAX:
            raise ForkRefused(f"--give {self}: not an amount of a token with {decimals} decimals")
        return int(units)


def read_gift(text: str, tokens: Sequence[Token] = TOKENS) -> Gift:
    """A gift written TOKEN=AMOUNT, the token by a symbol of ``tokens`` or by mint; raises ValueError."""
    name, _, amount_text = text.partition("=")
    try:
        amount = Decimal(amount_text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not TOKEN=AMOUNT") from None
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"{text!r} is not TOKEN=AMOUNT")
    mint = next((token.mint for token in tokens if token.symbol == name.upper()), None)
    return Gift(mint or Pubkey.from_string(name), amount)


async def give(
    chain: Chain, loader: AccountLoader, wallets: Sequence[Pubkey], gifts: Sequence[Gift]
) -> list[Pubkey]:
    """Writes the gifts of the wallets that this chain has not given any yet; those wallets.

    Raises ForkRefused for a gift that cannot be written, ChainError.
    """
    newcomers = [wallet for wallet in wallets if chain.ledger.fact(f"funded {wallet}") is None]
    mints = [gift.mint for gift in gifts]
    held = [associated_token_address(wallet, mint) for wallet in newcomers for mint in mints]
    await loader.load([*newcomers, *mints, *held])
    for wallet in newcomers:
        accounts: dict[Pubkey, Account] = {}
        for gift in gifts:
            accounts |= _written(chain, wallet, gift)
        await loader.write(accounts, {f"funded {wallet}": "yes"})
    return newcomers


def _written(chain: Chain, wallet: Pubkey, gift: Gift) -> dict[Pubkey, Account]:
    if gift.mint == NATIVE_MINT:
        lamports = gift.base_units(_SOL_DECIMALS)
        return {wallet: Account(lamports, b"", SYSTEM_PROGRAM)} if lamports else {}
    account = chain.account(gift.mint, Commitment.PROCESSED)
    mint = read_mint(account) if account is not None else None
    if account is None or mint is None:
        raise ForkRefused(f"--give {gift}: the parent has no such mint")
    if account.owner != TOKEN_PROGRAM:
        raise ForkRefused(f"--give {gift}: only tokens of the SPL Token program can be given, no Token-2022")
    units = gift.base_units(mint.decimals)
    made = token_account(gift.mint, wallet, units)
    return {
        associated_token_address(wallet, gift.mint): Account(made.lamports, made.data, made.owner),
        gift.mint: _with_supply(account, mint.supply + units),
    }


def _with_supply(mint: Account, supply: int) -> Account:
    if supply > _U64_MAX:
        raise ForkRefused("--give: the supply of the mint would leave 64 bits")
    data = mint.data[: _SUPPLY.start] + supply.to_bytes(8, "little") + mint.data[_SUPPLY.stop :]
    return Account(mint.lamports, data, mint.owner, mint.executable, mint.rent_epoch)
