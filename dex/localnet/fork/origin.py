"""The parent and what it has answered before, as one source that also works while the parent is away."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Final

from solders.account import Account
from solders.pubkey import Pubkey

from dex.errors import ChainBusy, ChainError, ChainUnreachable
from dex.localnet.errors import ForkRefused
from dex.localnet.fork.cache import AnswerCache
from dex.localnet.fork.parent import MAX_ACCOUNTS, Parent, Position
from dex.types import AccountFilter

# solana-loader-v3-interface: UpgradeableLoaderState::size_of_programdata_metadata().
PROGRAM_DATA_HEADER: Final = 45
_log = logging.getLogger(__name__)


class Origin:
    """Accounts of the parent. ``is_offline``: it did not answer at the start, so only the cache is asked."""

    def __init__(self, parent: Parent, cache: AnswerCache) -> None:
        self._parent = parent
        self._cache = cache
        self.is_offline = False

    async def aclose(self) -> None:
        """Closes connections and cache."""
        await self._parent.aclose()
        self._cache.close()

    async def find(self) -> Position:
        """Where the parent is, or was when it last answered; raises ForkRefused when it never has.

        Decides for all later calls whether the parent is asked.
        """
        try:
            position = await self._parent.position()
        except (ChainUnreachable, ChainBusy) as error:
            known = self._cache.position()
            if known is None:
                raise ForkRefused(
                    f"the parent network gives no answer ({error}), and nothing of it is in the cache"
                ) from error
            self.is_offline = True
            return known
        except ChainError as error:
            raise ForkRefused(f"the parent is no Solana node that can be forked ({error})") from error
        self._cache.keep_position(position)
        return position

    async def accounts(self, addresses: Sequence[Pubkey]) -> dict[Pubkey, Account | None]:
        """The accounts, each hundred of one slot; offline those never seen count as not existing.

        Raises ChainError when the parent, there at the start, does not answer and the cache cannot either.
        """
        found: dict[Pubkey, Account | None] = {}
        for chunk in _chunks(addresses):
            found |= await self._chunk(chunk)
        return found

    async def program_data(self, addresses: Sequence[Pubkey]) -> dict[Pubkey, Account | None]:
        """ProgramData accounts: from the cache as long as the parent has not deployed anew.

        Raises as `accounts` does.
        """
        if self.is_offline or not addresses:
            return await self.accounts(addresses)
        _, heads = await self._parent.accounts(addresses, PROGRAM_DATA_HEADER)
        kept = {address: self._kept(address) for address in addresses}
        same = {
            address: account
            for (address, account), head in zip(kept.items(), heads, strict=True)
            if account is not None and head is not None and account.data[:PROGRAM_DATA_HEADER] == head.data
        }
        found: dict[Pubkey, Account | None] = dict(same)
        for address in addresses:
            # One by one: together they may be more than a node puts into one answer.
            found |= {} if address in found else await self.accounts([address])
        return found

    async def program_addresses(self, program: Pubkey, query: AccountFilter) -> list[Pubkey]:
        """The program's accounts that fit ``query``; raises ForkRefused when they cannot be listed."""
        name = f"{program} {query.data_size} {[(offset, part.hex()) for offset, part in query.memcmp]}"
        if self.is_offline:
            known = self._cache.listing(name)
            if known is None:
                raise ForkRefused(
                    f"the parent does not answer, and the cache has no list of the pools of {program}: "
                    f"name the pools with --pool"
                )
            return known
        try:
            found = await self._parent.program_addresses(program, query)
        except ChainError as error:
            raise ForkRefused(
                f"the parent does not list the accounts of {program} ({error}), as many public nodes: "
                f"name the pools with --pool ADDRESS instead of --pair"
            ) from error
        self._cache.keep_listing(name, found)
        return found

    async def token_addresses(self, owner: Pubkey, program: Pubkey) -> list[Pubkey]:
        """The token accounts of a wallet; from the cache, or none, if the parent does not list them."""
        name = f"{program} of {owner}"
        if not self.is_offline:
            try:
                found = await self._parent.token_addresses(owner, program)
            except ChainError as error:
                _log.warning("the parent does not list the token accounts of %s: %s", owner, error)
            else:
                self._cache.keep_listing(name, found)
                return found
        return self._cache.listing(name) or []

    def kept_slot(self, address: Pubkey) -> int | None:
        """The slot of the newest answer about an address; None when the parent was never asked."""
        kept = self._cache.account(address)
        return None if kept is None else kept.slot

    async def _chunk(self, addresses: Sequence[Pubkey]) -> dict[Pubkey, Account | None]:
        if not self.is_offline:
            try:
                slot, found = await self._parent.accounts(addresses)
            except (ChainUnreachable, ChainBusy):
                if any(self._cache.account(address) is None for address in addresses):
                    raise
                _log.warning("the parent does not answer: %d accounts from the cache", len(addresses))
            else:
                answered = dict(zip(addresses, found, strict=True))
                self._cache.keep_accounts(slot, answered)
                return answered
        return {address: self._kept(address) for address in addresses}

    def _kept(self, address: Pubkey) -> Account | None:
        kept = self._cache.account(address)
        return None if kept is None else kept.account


def _chunks(addresses: Sequence[Pubkey]) -> Iterator[Sequence[Pubkey]]:
    for start in range(0, len(addresses), MAX_ACCOUNTS):
        yield addresses[start : start + MAX_ACCOUNTS]
