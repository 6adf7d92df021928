"""Launches tokens on a chain: each creates its pool, funds it and opens it in slots of their own."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

from solders.pubkey import Pubkey

from dex.launches.openings import Opening, Unit
from dex.localnet.blocks import Commitment
from dex.localnet.genesis_pools.market import Market, PoolAccounts
from dex.localnet.launches.plan import (
    CREATED_EMPTY,
    LaunchPlan,
    LaunchVenue,
    Wish,
    mint_keypair,
    plan_launch,
    wish_in_turn,
)
from dex.localnet.launches.pools import created_pool, sides_of
from dex.localnet.launches.record import LaunchRecord
from dex.localnet.launches.transactions import creation_transaction
from dex.localnet.launches.traps import Traps
from dex.localnet.launches.writing import creation, funding, locked, provision
from dex.types import Clock, Token

if TYPE_CHECKING:
    from dex.localnet.blocks import Block
    from dex.localnet.chain import Chain
    from dex.localnet.execution import Execution

_log = logging.getLogger(__name__)

_MS: Final = 1_000


class Launcher:
    """Makes launches on demand and every so many slots (a ChainListener).

    The number of a launch decides its token: it goes on with the first whose mint is not there. What was to
    happen later to a launch is forgotten when the network ends.
    """

    def __init__(
        self, chain: Chain, tokens: Mapping[str, Token], network: str, seed: int, slot_ms: int, every: int = 0
    ) -> None:
        """``every`` so many slots one; 0: on demand only. ``tokens`` by symbol, those of ``network``."""
        self._chain = chain
        self._tokens = tokens
        self._network = network
        self._seed = seed
        self._slot_ms = slot_ms
        self._every = every
        self._due: defaultdict[int, list[Callable[[], None]]] = defaultdict(list)
        self._traps = Traps(chain, self._schedule)
        self._unopened: list[LaunchRecord] = []
        self._number = 0
        self.records: list[LaunchRecord] = []
        chain.listeners.append(self)

    def next_plan(self, wish: Wish) -> LaunchPlan:
        """What `launch` would make now."""
        return plan_launch(self._next_number(), self._seed, self._tokens, wish)

    def launch(self, wish: Wish) -> LaunchRecord:
        """Creates the next token and its pool in the open slot."""
        plan = self.next_plan(wish)
        opening, market = self._opening(plan), self._market(plan)
        built = created_pool(plan, opening, market)
        sides = sides_of(built, plan.venue)
        record = LaunchRecord(plan, built.pool.address, sides, opening, self._chain.slot)
        record.signature = self._create(plan, opening, built)
        if record.signature is None:
            self._chain.change_accounts(partial(creation, plan=plan, opening=opening, market=market))
        if plan.venue in CREATED_EMPTY:
            self._schedule(self._chain.slot + max(1, plan.opens_in_slots), partial(self._fund, record))
        else:
            record.funded_slot = self._chain.slot
        self.records.append(record)
        self._unopened.append(record)
        self._note_openings()
        _log.info(
            "launch %s: %s on %s at %s%s",
            *(plan.number, plan.token.mint, plan.venue, record.pool),
            f", a trap: {record.trap}" if record.trap else "",
        )
        return record

    # -- ChainListener ------------------------------------------------------------------------

    def slot_opened(self, slot: int) -> None:
        """Does what is due in this slot, and launches if it is time."""
        for step in self._due.pop(slot, ()):
            step()
        if self._every and slot % self._every == 0:
            self.launch(wish_in_turn(self._next_number()))
        self._note_openings()

    def transaction_processed(self, execution: Execution) -> None:
        """Purchases of some traps have consequences."""
        self._traps.bought(execution)

    def accounts_changed(self, addresses: Iterable[Pubkey], slot: int) -> None:
        """Nothing."""

    def slot_committed(self, block: Block, commitment: Commitment) -> None:
        """Nothing."""

    # -- inside -------------------------------------------------------------------------------

    def _schedule(self, slot: int, step: Callable[[], None]) -> None:
        self._due[slot].append(step)

    def _next_number(self) -> int:
        while self._chain.bank.has(mint_keypair(self._number, self._seed).pubkey()):
            self._number += 1
        return self._number

    def _market(self, plan: LaunchPlan) -> Market:
        tokens = {token.symbol: token for token in (plan.token, plan.quote)}
        return Market(tokens, plan.creator.pubkey(), self._network)

    def _create(self, plan: LaunchPlan, opening: Opening | None, built: PoolAccounts) -> str | None:
        """The signature of a transaction that created the pool; None where none did."""
        blockhash, _ = self._chain.latest_blockhash(Commitment.PROCESSED)
        transaction = creation_transaction(plan, opening, built, blockhash)
        if transaction is None:
            return None
        self._chain.change_accounts(partial(provision, plan=plan))
        execution = self._chain.execute(transaction)
        if execution is None or execution.error is not None:
            error = "it did not land" if execution is None else execution.error
            _log.warning(
                "launch %s is written into the slot, for its transaction failed: %s", plan.number, error
            )
            return None
        if plan.venue is LaunchVenue.DAMM_V2 and plan.burns_lp:
            self._chain.change_accounts(partial(locked, plan=plan, pool=built.pool.address))
        return execution.signature

    def _opening(self, plan: LaunchPlan) -> Opening | None:
        clock = self._clock()
        seconds = -(-plan.opens_in_slots * self._slot_ms // _MS)
        if plan.venue in (LaunchVenue.CPMM, LaunchVenue.AMM_V4):
            # raydium-cp-swap initialize.rs: what is not ahead becomes a second ahead.
            return Opening(Unit.UNIX, clock.unix_timestamp + max(1, seconds))
        if plan.venue is LaunchVenue.DAMM_V2:
            if plan.by_slot:
                return Opening(Unit.SLOT, clock.slot + plan.opens_in_slots)
            return Opening(Unit.UNIX, clock.unix_timestamp + seconds)
        if plan.venue is LaunchVenue.CLMM:
            # The current program demands one that has passed.
            return Opening(Unit.UNIX, clock.unix_timestamp - 1, after=True)
        return None

    def _fund(self, record: LaunchRecord) -> None:
        plan = record.plan
        change = partial(funding, plan=plan, opening=record.opening, market=self._market(plan))
        self._chain.change_accounts(change)
        record.funded_slot = self._chain.slot

    def _note_openings(self) -> None:
        clock = self._clock()
        for record in self._unopened:
            if record.funded_slot is not None and (record.opening is None or record.opening.is_open(clock)):
                record.opened_slot = clock.slot
                self._traps.opened(record)
        self._unopened = [record for record in self._unopened if record.opened_slot is None]

    def _clock(self) -> Clock:
        block = self._chain.blocks[-1]
        return Clock(block.slot, block.block_time, 0)
