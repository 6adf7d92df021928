"""Brings accounts of the parent into a fork when they are first named, each once in the life of its chain."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from solders.account import Account
from solders.message import Message, MessageV0
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from dex.config import TOKEN_PROGRAM
from dex.errors import ChainError
from dex.localnet.chain import Chain
from dex.localnet.encoding import decode_transaction
from dex.localnet.errors import NODE_UNHEALTHY, RpcError, UnusableProgram
from dex.localnet.fork.origin import Origin
from dex.localnet.fork.seeded import seeded_accounts
from dex.localnet.parameters import Parameters, as_pubkey

UPGRADEABLE_LOADER: Final = Pubkey.from_string("BPFLoaderUpgradeab1e11111111111111111111111")
_SYSVAR_OWNER: Final = Pubkey.from_string("Sysvar1111111111111111111111111111111111111")
_NATIVE_LOADER: Final = Pubkey.from_string("NativeLoader1111111111111111111111111111111")
_PROGRAM_ADDRESS: Final = slice(4, 36)  # UpgradeableLoaderState::Program: u32 tag, ProgramData's address
_ASKED: Final = "parent "
_LISTED: Final = "parent's tokens "
_log = logging.getLogger(__name__)


class AccountLoader:
    """Loads what a call names before the call runs. What was asked for is remembered in the ledger."""

    def __init__(self, chain: Chain, origin: Origin, writing: asyncio.Lock) -> None:
        """``writing`` is held while the ledger is written."""
        self._chain = chain
        self._origin = origin
        self._writing = writing
        self._loading = asyncio.Lock()
        self._asked = {
            Pubkey.from_string(key.removeprefix(_ASKED)): answer == "there"
            for key, answer in chain.ledger.facts(_ASKED).items()
        }

    async def prepare(self, method: str, parameters: Parameters) -> None:
        """Loads the accounts that a call names; raises RpcError -32005 when the parent does not answer."""
        named = _NAMED.get(method)
        try:
            if named is not None:
                await self.load(named(parameters))
            elif method == "getTokenAccountsByOwner":
                await self._load_held(parameters)
            elif method in _RUNS:
                await self._load_for(_transaction(parameters))
        except ChainError as error:
            raise RpcError(
                NODE_UNHEALTHY, f"The parent network of this fork gives no answer: {error}"
            ) from error
        except RpcError:
            # Parameters that cannot be read: the method says so itself.
            return

    async def load(self, addresses: Iterable[Pubkey]) -> int:
        """Loads what is not known yet, programs with their code; how many there are. Raises ChainError."""
        wanted = self._unknown(addresses)
        if not wanted:
            return 0
        async with self._loading:
            wanted = self._unknown(wanted)
            found = await self._origin.accounts(wanted)
            code = [data for account in found.values() if (data := program_data_address(account))]
            found |= await self._origin.program_data(self._unknown(code))
            await self._place(found)
        return sum(account is not None for account in found.values())

    async def write(self, accounts: Mapping[Pubkey, Account], facts: Mapping[str, str]) -> None:
        """Writes accounts as if they had always been so, and remembers ``facts``."""
        async with self._writing:
            self._chain.ledger.fund(facts, accounts)
        for address, account in accounts.items():
            self._chain.bank.load_account(address, account)

    async def _load_held(self, parameters: Parameters) -> None:
        owner, wanted = parameters.pubkey(0), parameters.options(1)
        mint = wanted.text("mint")
        await self.load([owner] if mint is None else [owner, as_pubkey(mint)])
        program = self._token_program(as_pubkey(mint)) if mint else as_pubkey(wanted.text("programId") or "")
        fact = f"{_LISTED}{owner} {program}"
        # A wallet that the parent has never seen has nothing there to list.
        if not self._asked.get(owner) or self._chain.ledger.fact(fact) is not None:
            return
        await self.load(await self._origin.token_addresses(owner, program))
        await self.write({}, {fact: "yes"})

    def _token_program(self, mint: Pubkey) -> Pubkey:
        account = self._chain.bank.accounts.current(mint)
        return TOKEN_PROGRAM if account is None else account.owner

    async def _load_for(self, transaction: VersionedTransaction) -> None:
        message = transaction.message
        assert isinstance(message, Message | MessageV0)  # others were refused when it was decoded
        keys = list(message.account_keys)
        if isinstance(message, MessageV0):
            keys += [lookup.account_key for lookup in message.address_table_lookups]
        await self.load(keys[:1])
        # Only their base can make them: where the parent has never seen it, it has none of them either.
        made = {key for key, base in seeded_accounts(message) if self._asked.get(base) is False}
        await self.load(key for key in keys if key not in made)
        tabled = self._chain.bank.account_keys(transaction)
        await self.load([*tabled.loaded_writable, *tabled.loaded_readonly])

    def _unknown(self, addresses: Iterable[Pubkey]) -> list[Pubkey]:
        bank = self._chain.bank
        return [
            address
            for address in dict.fromkeys(addresses)
            if address not in self._asked and not bank.has(address)
        ]

    async def _place(self, found: Mapping[Pubkey, Account | None]) -> None:
        placed: dict[Pubkey, Account] = {}
        # A program runs only if its code is there before it.
        for address, account in sorted(
            found.items(), key=lambda item: item[1] is not None and item[1].executable
        ):
            if account is not None and account.owner not in (_SYSVAR_OWNER, _NATIVE_LOADER):
                try:
                    self._chain.bank.load_account(address, account)
                except UnusableProgram as error:
                    _log.warning("the parent's program cannot run here: %s", error)
                else:
                    placed[address] = account
        answers = {address: "absent" if found[address] is None else "there" for address in found}
        async with self._writing:
            facts = {f"{_ASKED}{address}": answer for address, answer in answers.items()}
            self._chain.ledger.fund(facts, placed)
        self._asked |= {address: answer == "there" for address, answer in answers.items()}


def program_data_address(account: Account | None) -> Pubkey | None:
    """Where the code of an upgradeable program is; None for any other account."""
    if account is None or not account.executable or account.owner != UPGRADEABLE_LOADER:
        return None
    return Pubkey.from_bytes(account.data[_PROGRAM_ADDRESS])


def _first(parameters: Parameters) -> list[Pubkey]:
    return [parameters.pubkey(0)]


def _list(parameters: Parameters) -> list[Pubkey]:
    return [as_pubkey(text) for text in parameters.items(0, 100, "inputs")]


def _transaction(parameters: Parameters) -> VersionedTransaction:
    encoding = parameters.options(1).choice("encoding", ("base58", "base64"), "base58")
    return decode_transaction(parameters.text(0), encoding)


_NAMED: Final[Mapping[str, Callable[[Parameters], list[Pubkey]]]] = {
    "getAccountInfo": _first,
    "getBalance": _first,
    "getTokenAccountBalance": _first,
    "getTokenSupply": _first,
    "requestAirdrop": _first,
    "getMultipleAccounts": _list,
}
_RUNS: Final = ("sendTransaction", "simulateTransaction")
