"""Snapshots that hold what pools' states point to, at one slot."""

from __future__ import annotations

from collections.abc import Sequence

from solders.pubkey import Pubkey

from dex.errors import AccountMissing
from dex.routing.snapshots import Snapshots
from dex.types import AccountData, Clock, QuoteRequest, Snapshot
from tests.dex.plans import GENESIS, MINTS, genesis_pool

REQUEST = QuoteRequest(MINTS["SOL"], MINTS["USDC"], 1)
ARRAYS = [Pubkey.new_unique() for _ in range(3)]


class Node:
    """A node that counts what it is asked, each time at a new slot."""

    def __init__(self) -> None:
        self.asked: list[list[Pubkey]] = []

    async def snapshot(self, addresses: Sequence[Pubkey], /) -> Snapshot:
        self.asked.append(list(addresses))
        accounts: dict[Pubkey, AccountData | None] = {key: GENESIS.accounts.get(key) for key in addresses}
        return Snapshot(Clock(len(self.asked), 0, 0), accounts)


class Pointing:
    """A genesis pool whose first array points to a second; ``broken`` cannot say what it reads."""

    def __init__(self, broken: bool = False) -> None:
        _, self._pool = genesis_pool("raydium", "SOL", "USDC")
        self.address, self.accounts = self._pool.address, self._pool.accounts
        self.broken = broken

    def further_accounts(self, snapshot: Snapshot, request: QuoteRequest) -> Sequence[Pubkey]:
        if self.broken:
            raise AccountMissing(self.address)
        return ARRAYS[:2] if ARRAYS[0] in snapshot.accounts else ARRAYS[:1]


async def test_what_a_pool_points_to_is_read_at_one_slot_with_it() -> None:
    node, pool = Node(), Pointing()
    snapshot = await Snapshots(node).read([(REQUEST, pool)], [ARRAYS[2]])  # type: ignore[list-item]
    assert len(node.asked) == 3
    assert snapshot.clock.slot == 3
    assert set(snapshot.accounts) == {*pool.accounts, *ARRAYS}


async def test_the_second_time_one_read_does() -> None:
    node, pool = Node(), Pointing()
    snapshots = Snapshots(node)
    await snapshots.read([(REQUEST, pool)])  # type: ignore[list-item]
    await snapshots.read([(REQUEST, pool)])  # type: ignore[list-item]
    assert [len(asked) - len(pool.accounts) for asked in node.asked] == [0, 1, 2, 2]


async def test_a_pool_that_cannot_say_gets_its_own_accounts_alone() -> None:
    node, pool = Node(), Pointing(broken=True)
    snapshot = await Snapshots(node).read([(REQUEST, pool)])  # type: ignore[list-item]
    assert set(snapshot.accounts) == set(pool.accounts)
    assert len(node.asked) == 1


class SetClock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_what_was_read_a_moment_ago_is_taken_again() -> None:
    node, pool, clock = Node(), Pointing(), SetClock()
    snapshots = Snapshots(node, monotonic=clock)
    read = await snapshots.read([(REQUEST, pool)], [ARRAYS[2]])  # type: ignore[list-item]
    clock.now += 0.9
    taken = await snapshots.take([(REQUEST, pool)], [ARRAYS[2]], 1)  # type: ignore[list-item]
    assert taken.snapshot is read
    assert taken.asked_at == 1000.0
    clock.now += 0.1
    later = await snapshots.take([(REQUEST, pool)], [ARRAYS[2]], 1)  # type: ignore[list-item]
    assert later.snapshot.clock.slot == 4
    assert later.asked_at == 1001.0


async def test_what_lacks_an_account_is_not_taken_again() -> None:
    node, pool = Node(), Pointing()
    snapshots = Snapshots(node)
    await snapshots.read([(REQUEST, pool)])  # type: ignore[list-item]
    taken = await snapshots.take([(REQUEST, pool)], [ARRAYS[2]], 60)  # type: ignore[list-item]
    assert taken.snapshot.clock.slot == 4
    assert ARRAYS[2] in taken.snapshot.accounts
