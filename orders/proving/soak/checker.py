"""Holds the chain's books against the engine's. What is on chain decides; rows have to fit it.

G1  every accepted order is there and at its end
G2  an order's successful transactions, by their memo: one if it is confirmed, none otherwise
G3  wallet and vaults add up to the unit with what the rows say was swapped and paid beside; every
    transaction's fee, also of those that failed, is the one on record
G4  every transaction of the wallet belongs to an attempt
G5  never two open attempts: each next one was made after the one before it had ended
G6  event sequences run from 1 without a gap, each step is one that TRANSITIONS has
G7  no form of the wallet's secret stands in a log
G8  no order has received less than its floor, and of two siblings at most one is filled
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Final
from uuid import UUID

from solders.keypair import Keypair
from solders.pubkey import Pubkey

from orders.lifecycle import FINAL, AttemptState, GroupRole, Status, may_follow
from orders.proving.soak.books import AttemptRow, EngineBooks, EventRow, OrderRow
from orders.proving.soak.chain import NATIVE, Balances, ChainBooks, Landed

_MOST_FINDINGS: Final = 20


class PromiseBroken(AssertionError):
    """The engine did not keep what it promises; the message lists how."""


class Checker:
    """Compares an engine and its chain; made before the first order, because it notes the balances."""

    def __init__(self, chain: ChainBooks, engine: EngineBooks, wallet: Keypair, logs: Path) -> None:
        self._chain = chain
        self._engine = engine
        self._secrets = list(secret_forms(wallet))
        self._logs = logs
        self._balances = chain.balances()

    @contextmanager
    def no_part_of_the_books(self) -> Iterator[None]:
        """What others move on the chain meanwhile counts for no order; none may be under way."""
        before = self._chain.balances()
        yield
        after = self._chain.balances()
        known = self._balances
        self._balances = Balances(
            _moved(known.wallet, before.wallet, after.wallet),
            _moved(known.others, before.others, after.others),
        )

    def unfinished(self, accepted: Collection[UUID]) -> list[str]:
        """The accepted orders that are missing or not at their end yet (G1)."""
        orders = self._engine.orders()
        missing = [f"G1: {order_id} was accepted and is gone" for order_id in accepted - orders.keys()]
        # An open order waits for its price: whether it ever comes is not the engine's to say.
        waiting = [o for o in orders.values() if Status(o.status) not in {*FINAL, Status.OPEN}]
        return missing + [f"G1: {order.order_id} is still {order.status}" for order in waiting]

    def verify(self, accepted: Collection[UUID]) -> None:
        """Check everything at once; raises PromiseBroken with what was found."""
        orders, attempts, events = self._engine.orders(), self._engine.attempts(), self._engine.events()
        landed, now = self._read_chain()
        found = self.unfinished(accepted)
        found += swaps_match(orders, landed)
        found += limits_held(orders.values())
        found += limits_held_on_chain(orders, attempts, landed)
        found += _unknown_signatures(attempts, landed)
        found += self._imbalances(orders.values(), attempts, now)
        found += fees_match(orders, attempts, landed)
        for order_id, order in orders.items():
            found += attempts_in_turn(order, attempts.get(order_id, []), events.get(order_id, []))
            found += events_legal(order, events.get(order_id, []))
        found += self._leaks()
        if found:
            raise PromiseBroken("\n".join([f"{len(found)} findings", *found[:_MOST_FINDINGS]]))

    def _read_chain(self) -> tuple[list[Landed], Balances]:
        # Balances and history are two questions: asked again until nothing landed in between.
        while True:
            before = self._chain.landed()
            balances = self._chain.balances()
            if [one.signature for one in self._chain.landed()] == [one.signature for one in before]:
                return before, balances

    def _imbalances(
        self, orders: Iterable[OrderRow], attempts: Mapping[UUID, Sequence[AttemptRow]], now: Balances
    ) -> Iterator[str]:
        wallet, vaults = Counter[str](), Counter[str]()
        for order in orders:
            if not order.wants_swap:
                continue
            for books, sign in ((wallet, 1), (vaults, -1)):
                books[order.token_in] -= sign * (order.executed_in or 0)
                books[order.token_out] += sign * (order.executed_out or 0)
        for attempt in (one for each in attempts.values() for one in each):
            wallet[NATIVE] -= sum(cost or 0 for cost in (attempt.fees, attempt.tip, attempt.rent))
        yield from _differences("the wallet", self._balances.wallet, now.wallet, wallet)
        yield from _differences("the pools", self._balances.others, now.others, vaults)

    def _leaks(self) -> Iterator[str]:
        for file in sorted(self._logs.iterdir()):
            text = file.read_bytes()
            if any(secret in text for secret in self._secrets):
                yield f"G7: {file.name} holds the wallet's secret"


def _moved(known: Mapping[str, int], before: Mapping[str, int], after: Mapping[str, int]) -> Counter[str]:
    mints = known.keys() | before.keys() | after.keys()
    return Counter({m: known.get(m, 0) + after.get(m, 0) - before.get(m, 0) for m in mints})


def secret_forms(wallet: Keypair) -> Iterator[bytes]:
    """The ways in which a key, or its seed, may be spelled.

    Base58, hex, JSON array (also without blanks), base64 in both alphabets, and the seed's bytes.
    """
    raw = bytes(wallet)
    yield str(wallet).encode()
    yield from (raw.hex().encode(), raw[:32].hex().encode())
    for numbers in (list(raw), list(raw[:32])):
        yield json.dumps(numbers)[1:-1].encode()
        yield json.dumps(numbers, separators=(",", ":"))[1:-1].encode()
    yield from (raw.hex().upper().encode(), raw[:32].hex().upper().encode())
    yield from (str(Pubkey(raw[:32])).encode(), raw[:32])
    for part in (raw, raw[:32]):
        # Without the last characters: they depend on what follows.
        yield from (encode(part)[:-4] for encode in (base64.b64encode, base64.urlsafe_b64encode))


def swaps_match(orders: Mapping[UUID, OrderRow], landed: Sequence[Landed]) -> Iterator[str]:
    """G2: what is wrong with the number of swaps of each order."""
    swaps = Counter(one.order_id for one in landed if one.succeeded)
    for order in orders.values():
        wanted = int(order.wants_swap)
        if swaps[order.order_id] != wanted:
            yield f"G2: {order.order_id} is {order.status} with {swaps[order.order_id]} swaps on chain"
    for order_id in swaps.keys() - orders.keys():
        yield f"G2: {swaps[order_id]} swaps for {order_id}, which is no order"


def limits_held(orders: Iterable[OrderRow]) -> Iterator[str]:
    """G8: orders that were filled worse than their limit, and pairs of which both were filled."""
    filled = [order for order in orders if order.status == Status.CONFIRMED]
    for order in filled:
        received = order.executed_out or 0
        if order.is_swap and order.floor_out is not None and received < order.floor_out:
            yield f"G8: {order.order_id} received {received} of {order.floor_out} at least"
    exits = Counter(
        o.group_id for o in filled if o.group_role in (GroupRole.TAKE_PROFIT, GroupRole.STOP_LOSS)
    )
    for group_id, count in exits.items():
        if count > 1:
            yield f"G8: {count} exits of group {group_id} were filled"


def limits_held_on_chain(
    orders: Mapping[UUID, OrderRow],
    attempts: Mapping[UUID, Sequence[AttemptRow]],
    landed: Sequence[Landed],
) -> Iterator[str]:
    """G8: transactions that brought the wallet less than their order's floor, by the chain's own balances."""
    paid = {one.signature: (one.tip or 0) + (one.rent or 0) for each in attempts.values() for one in each}
    for one in landed:
        order = orders.get(one.order_id) if one.order_id else None
        if not one.succeeded or order is None or order.floor_out is None or not one.moved:
            continue
        beside = paid.get(one.signature, 0) if order.token_out == NATIVE else 0
        received = one.moved.get(order.token_out, 0) + beside
        if received < order.floor_out:
            yield f"G8: {one.signature} brought {received} of {order.floor_out} for {order.order_id}"


def fees_match(
    orders: Mapping[UUID, OrderRow],
    attempts: Mapping[UUID, Sequence[AttemptRow]],
    landed: Sequence[Landed],
) -> Iterator[str]:
    """G3: rows that say another fee than the chain took; what is in no block has cost nothing."""
    charged = {one.signature: one.fee for one in landed}
    for attempt in (one for each in attempts.values() for one in each):
        fee = charged.get(attempt.signature, 0)
        if attempt.fees != fee:
            yield f"G3: {attempt.signature} cost {fee} lamports, its attempt says {attempt.fees}"
    for order in orders.values():
        if order.wants_swap and order.fees != charged.get(order.signature, 0):
            yield f"G3: {order.order_id} says that its swap cost {order.fees} lamports"


def attempts_in_turn(
    order: OrderRow, attempts: Sequence[AttemptRow], events: Sequence[EventRow]
) -> Iterator[str]:
    """G5: attempts that overlap, that are left open, or that do not fit the order's end."""
    if [attempt.number for attempt in attempts] != list(range(1, len(attempts) + 1)):
        yield f"G5: {order.order_id} has attempts {[attempt.number for attempt in attempts]}"
    states = [attempt.state for attempt in attempts]
    open_ones = states.count(AttemptState.OPEN)
    landed = states.count(AttemptState.LANDED)
    swaps = int(order.wants_swap)
    if Status(order.status) in FINAL and (open_ones, landed) != (0, swaps):
        yield f"G5: {order.order_id} is {order.status} with attempts {states}"
    for earlier, later in pairwise(attempts):
        ended = [e for e in events if earlier.created_at <= e.at <= later.created_at]
        if Status.ROUTING not in {event.status for event in ended}:
            yield f"G5: {order.order_id} made attempt {later.number} before {earlier.number} had ended"


def events_legal(order: OrderRow, events: Sequence[EventRow]) -> Iterator[str]:
    """G6: gaps, repeats, illegal steps, or a journal that ends elsewhere than its order."""
    if [event.sequence for event in events] != list(range(1, order.version + 1)):
        yield f"G6: {order.order_id} has events {[event.sequence for event in events]}"
    first = {Status.PENDING, Status.OPEN}
    if events and (events[0].status not in first or events[-1].status != order.status):
        yield f"G6: {order.order_id} is {order.status}, its journal ends with {events[-1].status}"
    for earlier, later in pairwise(events):
        if not may_follow(Status(earlier.status), Status(later.status)):
            yield f"G6: {order.order_id} went from {earlier.status} to {later.status}"


def _unknown_signatures(
    attempts: Mapping[UUID, Sequence[AttemptRow]], landed: Sequence[Landed]
) -> Iterator[str]:
    known = {attempt.signature for each in attempts.values() for attempt in each}
    for one in landed:
        if one.signature not in known:
            yield f"G4: {one.signature} is on chain and in no attempt"


def _differences(
    whose: str, before: Mapping[str, int], now: Mapping[str, int], expected: Mapping[str, int]
) -> Iterator[str]:
    for mint in sorted(before.keys() | now.keys() | expected.keys()):
        moved = now.get(mint, 0) - before.get(mint, 0)
        if moved != expected.get(mint, 0):
            yield f"G3: {whose} moved {moved} of {mint}, orders and fees say {expected.get(mint, 0)}"
