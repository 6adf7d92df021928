"""A chain whose slots and seconds the test moves, launches on it, and swaps by the development wallet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from solders.account import Account
from solders.pubkey import Pubkey
from solders.transaction import VersionedTransaction

from dex.config import LOCALNET, TOKENS
from dex.localnet.blocks import Commitment
from dex.localnet.chain import Chain
from dex.localnet.launches.launcher import Launcher
from dex.localnet.launches.plan import Wish
from dex.localnet.launches.record import LaunchRecord
from dex.localnet.server import open_chain
from dex.routing.router import whole_quote
from dex.signing.signer import WalletSigner
from dex.transactions.instructions import new_account_seed
from dex.transactions.swap_plan import SwapPlan
from dex.transactions.swap_transaction import build_message, sign
from dex.types import AccountData, Clock, QuoteRequest, Route, Snapshot
from dex.venues.base import Pool, Venue
from tests.dex.localnet.network_swaps import GENESIS, SEED, VENUES, WALLET, options

SLOTS_A_SECOND = 2.5
START = 1_760_000_000
TOKENS_BY_SYMBOL = {token.symbol: token for token in TOKENS}


@dataclass
class Scene:
    """``chain`` is at a time that only its slots move on."""

    chain: Chain
    launcher: Launcher
    attempts: int = field(default=0)

    def launched(self, wish: Wish | None = None) -> LaunchRecord:
        return self.launcher.launch(wish or Wish())

    def advance(self, slots: int = 1) -> None:
        self.chain.advance(slots)

    def account(self, address: Pubkey) -> Account:
        found = self.chain.bank.accounts.current(address)
        assert found is not None
        return found

    def opened_pool(self, record: LaunchRecord) -> tuple[Venue, Pool]:
        venue = VENUES[record.plan.venue.value]
        return venue, venue.open_pool(record.pool, _data(self.account(record.pool)))

    def buy(self, record: LaunchRecord, amount: int) -> object:
        """The error of a purchase with so many base units of the quote token, None when it went through."""
        return self._swap(record, record.plan.quote.mint, record.plan.token.mint, amount)

    def sell(self, record: LaunchRecord, amount: int) -> object:
        return self._swap(record, record.plan.token.mint, record.plan.quote.mint, amount)

    def quote(self, record: LaunchRecord, mint_in: Pubkey, mint_out: Pubkey, amount: int) -> int:
        _, pool = self.opened_pool(record)
        request = QuoteRequest(mint_in, mint_out, amount)
        return whole_quote(pool, self._snapshot(pool, request), request).amount_out

    def _swap(self, record: LaunchRecord, mint_in: Pubkey, mint_out: Pubkey, amount: int) -> object:
        venue, pool = self.opened_pool(record)
        request = QuoteRequest(mint_in, mint_out, amount)
        snapshot = self._snapshot(pool, request)
        # Quoted as if it were open: the program has to refuse by itself.
        late = replace(snapshot, clock=Clock(self.chain.slot + 10**6, 2**33, 0))
        route = replace(Route.of(whole_quote(pool, late, request)), min_amount_out=1)
        self.attempts += 1
        blockhash, height = self.chain.latest_blockhash(Commitment.PROCESSED)
        plan = SwapPlan(
            payer=WALLET,
            route=route,
            pools={pool.address: pool},
            venues={venue.name: venue},
            snapshot=snapshot,
            memo=f"launch {self.attempts}",
            account_seed=new_account_seed(),
            blockhash=blockhash,
            last_valid_block_height=height,
        )
        raw = sign(build_message(plan), WalletSigner(GENESIS.wallet), height).raw
        execution = self.chain.execute(VersionedTransaction.from_bytes(raw))
        assert execution is not None
        return execution.error

    def _snapshot(self, pool: Pool, request: QuoteRequest) -> Snapshot:
        addresses: list[Pubkey] = list(pool.accounts)
        snapshot = self._read(addresses)
        for _ in range(3):
            addresses += [a for a in pool.further_accounts(snapshot, request) if a not in addresses]
            snapshot = self._read(addresses)
        return snapshot

    def _read(self, addresses: Sequence[Pubkey]) -> Snapshot:
        found = {address: self.chain.bank.accounts.current(address) for address in addresses}
        block = self.chain.blocks[-1]
        return Snapshot(
            Clock(block.slot, block.block_time, 0),
            {address: None if account is None else _data(account) for address, account in found.items()},
        )


@contextmanager
def launch_scene(every: int = 0, seed: int = SEED) -> Iterator[Scene]:
    slots: list[Chain] = []
    chain = open_chain(
        replace(options(), seed=seed),
        lambda: START + (slots[0].slot / SLOTS_A_SECOND if slots else 0),
    )
    slots.append(chain)
    chain.advance()
    yield Scene(chain, Launcher(chain, TOKENS_BY_SYMBOL, LOCALNET, seed, 400, every))
    chain.ledger.close()


def _data(account: Account) -> AccountData:
    return AccountData(account.owner, account.lamports, account.data)
