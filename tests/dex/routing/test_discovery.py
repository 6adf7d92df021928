"""Finding the pools of a pair, with a hand-written node."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence

import pytest
from solders.pubkey import Pubkey

from dex.errors import ChainBusy, WrongMint
from dex.routing.discovery import PoolDirectory
from dex.routing.pool_set import PoolSet
from dex.types import AccountData, AccountFilter, PoolAddress, Snapshot, VenueError
from dex.types import Clock as Clock_
from dex.venues.registry import venues_for
from tests.dex.recorded_swaps import CPMM, DAMM_V2, Recorded, recorded

BY_NAME = {venue.name: venue for venue in venues_for("localnet")}
VENUES = METEORA, RAYDIUM = BY_NAME["meteora-damm-v2"], BY_NAME["raydium-cpmm"]


class Node:
    """Accounts that can be listed by program and filter, as a node does; failures on demand."""

    def __init__(self, accounts: Iterable[tuple[Pubkey, AccountData]] = ()) -> None:
        self.accounts = dict(accounts)
        self.asked: Counter[Pubkey] = Counter()
        self.failing: set[Pubkey] = set()
        self.was_asked = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def program_accounts(
        self, program_id: Pubkey, query: AccountFilter, /
    ) -> list[tuple[Pubkey, AccountData]]:
        self.asked[program_id] += 1
        self.was_asked.set()
        await self.gate.wait()
        if program_id in self.failing:
            raise ChainBusy("429 Too Many Requests")
        return [
            (address, account)
            for address, account in self.accounts.items()
            if account.owner == program_id and fits(account.data, query)
        ]


def fits(data: bytes, query: AccountFilter) -> bool:
    return query.data_size in (None, len(data)) and all(
        data[offset : offset + len(wanted)] == wanted for offset, wanted in query.memcmp
    )


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def account_of(entry: Recorded, mints: tuple[Pubkey, Pubkey] | None = None) -> AccountData:
    account = entry.snapshot.account(entry.pool.address)
    if mints is None:
        return account
    data = account.data[:168] + bytes(mints[0]) + bytes(mints[1]) + account.data[232:]
    return AccountData(account.owner, account.lamports, data)


def with_depth(account: AccountData, lp_supply: int) -> AccountData:
    data = account.data[:333] + lp_supply.to_bytes(8, "little") + account.data[341:]
    return AccountData(account.owner, account.lamports, data)


CPMM_ENTRY = recorded(CPMM)["cpmm-0"]
DAMM_ENTRY = recorded(DAMM_V2)["damm-208"]
MINTS = CPMM_ENTRY.pool.mints


@pytest.fixture
def node() -> Node:
    """One pool of each venue for the same pair; DAMM v2 has the mints the other way round."""
    return Node(
        [
            (CPMM_ENTRY.pool.address, account_of(CPMM_ENTRY)),
            (DAMM_ENTRY.pool.address, account_of(DAMM_ENTRY, MINTS[::-1])),
            (Pubkey.new_unique(), account_of(DAMM_ENTRY)),
        ]
    )


def addresses(found: PoolSet) -> list[Pubkey]:
    return [pool.address for pool in found.pools]


async def test_pools_of_all_venues_are_found_in_either_order_of_mints(node: Node) -> None:
    directory = PoolDirectory(node, VENUES)

    found = await directory.pools(*MINTS)

    assert addresses(found) == [DAMM_ENTRY.pool.address, CPMM_ENTRY.pool.address]
    assert [pool.venue for pool in found.pools] == ["meteora-damm-v2", "raydium-cpmm"]
    assert found.errors == ()
    assert await directory.pools(*MINTS[::-1]) == found
    assert node.asked == {METEORA.program_id: 2, RAYDIUM.program_id: 1}


async def test_a_pool_of_another_pair_is_no_pool_of_this_one(node: Node) -> None:
    directory = PoolDirectory(ListingAnything(node.accounts.items()), VENUES)
    strange = Pubkey.new_unique()

    found = await directory.pools(MINTS[0], strange)

    assert found.pools == ()
    assert {error.code for error in found.errors} == {"WRONG_MINT"}


class ListingAnything(Node):
    """A node that passes over the filters of a query."""

    async def program_accounts(
        self, program_id: Pubkey, query: AccountFilter, /
    ) -> list[tuple[Pubkey, AccountData]]:
        return [(address, one) for address, one in self.accounts.items() if one.owner == program_id]


async def test_an_answer_is_believed_for_its_time_and_then_asked_again(node: Node) -> None:
    clock = Clock()
    directory = PoolDirectory(node, [RAYDIUM], ttl_seconds=60, monotonic=clock)
    await directory.pools(*MINTS)

    clock.now += 59
    await directory.pools(*MINTS)
    assert node.asked[RAYDIUM.program_id] == 1

    clock.now += 61
    node.accounts.clear()
    assert (await directory.pools(*MINTS)).pools == ()
    assert node.asked[RAYDIUM.program_id] == 2


async def test_pools_are_at_hand_while_they_are_looked_up_anew(node: Node) -> None:
    clock = Clock()
    directory = PoolDirectory(node, [RAYDIUM], ttl_seconds=60, monotonic=clock)
    await directory.pools(*MINTS)

    clock.now += 60
    node.accounts.clear()
    node.was_asked.clear()
    assert addresses(await directory.pools(*MINTS)) == [CPMM_ENTRY.pool.address]
    await asyncio.wait_for(node.was_asked.wait(), 2)
    assert (await directory.pools(*MINTS)).pools == ()
    assert node.asked[RAYDIUM.program_id] == 2


async def test_that_a_leg_has_no_pools_is_at_hand_for_as_long() -> None:
    node, clock = Node(), Clock()
    directory = PoolDirectory(node, [RAYDIUM], ttl_seconds=60, empty_ttl_seconds=5, monotonic=clock)
    await directory.pools(*MINTS, at_hand=True)

    node.accounts[CPMM_ENTRY.pool.address] = account_of(CPMM_ENTRY)
    node.was_asked.clear()
    clock.now += 5
    assert await directory.pools(*MINTS, at_hand=True) == PoolSet()
    await asyncio.wait_for(node.was_asked.wait(), 2)
    assert addresses(await directory.pools(*MINTS, at_hand=True)) == [CPMM_ENTRY.pool.address]
    assert node.asked[RAYDIUM.program_id] == 2


async def test_an_empty_answer_is_believed_only_briefly() -> None:
    node, clock = Node(), Clock()
    directory = PoolDirectory(node, [RAYDIUM], empty_ttl_seconds=5, monotonic=clock)
    assert await directory.pools(*MINTS) == PoolSet()

    node.accounts[CPMM_ENTRY.pool.address] = account_of(CPMM_ENTRY)
    clock.now += 4
    assert await directory.pools(*MINTS) == PoolSet()

    clock.now += 1
    assert addresses(await directory.pools(*MINTS)) == [CPMM_ENTRY.pool.address]


async def test_concurrent_callers_share_one_lookup(node: Node) -> None:
    directory = PoolDirectory(node, [RAYDIUM])
    node.gate.clear()
    callers = [asyncio.create_task(directory.pools(*MINTS)) for _ in range(20)]
    callers += [asyncio.create_task(directory.pools(*MINTS[::-1])) for _ in range(20)]
    await asyncio.wait_for(node.was_asked.wait(), 2)
    node.gate.set()

    found = await asyncio.gather(*callers)

    assert all(addresses(each) == [CPMM_ENTRY.pool.address] for each in found)
    assert node.asked[RAYDIUM.program_id] == 1


async def test_a_caller_that_gives_up_leaves_the_lookup_to_the_others(node: Node) -> None:
    directory = PoolDirectory(node, [RAYDIUM])
    node.gate.clear()
    first = asyncio.create_task(directory.pools(*MINTS))
    second = asyncio.create_task(directory.pools(*MINTS))
    await asyncio.wait_for(node.was_asked.wait(), 2)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    node.gate.set()

    assert addresses(await second) == [CPMM_ENTRY.pool.address]
    assert node.asked[RAYDIUM.program_id] == 1


async def test_a_failing_venue_adds_an_error_and_fails_no_other(node: Node) -> None:
    node.failing.add(METEORA.program_id)

    found = await PoolDirectory(node, VENUES).pools(*MINTS)

    assert addresses(found) == [CPMM_ENTRY.pool.address]
    assert found.errors == (VenueError("meteora-damm-v2", "CHAIN_BUSY", "429 Too Many Requests"),)


async def test_a_failure_is_not_remembered_as_an_empty_answer(node: Node) -> None:
    clock = Clock()
    directory = PoolDirectory(node, VENUES, empty_ttl_seconds=50, failure_ttl_seconds=1, monotonic=clock)
    node.failing.add(RAYDIUM.program_id)
    await directory.pools(*MINTS)
    node.failing.clear()

    clock.now += 1
    found = await directory.pools(*MINTS)

    assert addresses(found) == [DAMM_ENTRY.pool.address, CPMM_ENTRY.pool.address]
    assert found.errors == ()
    # The venue that had answered was not asked again.
    assert node.asked == {METEORA.program_id: 2, RAYDIUM.program_id: 2}


async def test_a_failing_venue_keeps_the_pools_last_seen(node: Node) -> None:
    clock = Clock()
    directory = PoolDirectory(node, [RAYDIUM], ttl_seconds=60, monotonic=clock)
    await directory.pools(*MINTS)
    node.failing.add(RAYDIUM.program_id)

    clock.now += 120
    found = await directory.pools(*MINTS)

    assert addresses(found) == [CPMM_ENTRY.pool.address]
    assert [error.code for error in found.errors] == ["CHAIN_BUSY"]


@pytest.mark.parametrize("is_listed", [True, False])
async def test_a_pool_that_has_come_up_is_found_at_once(is_listed: bool) -> None:
    node = Node()
    directory = PoolDirectory(Reader(node), [RAYDIUM])
    assert await directory.pools(*MINTS) == PoolSet()

    node.accounts[CPMM_ENTRY.pool.address] = account_of(CPMM_ENTRY)
    if not is_listed:
        node.failing.add(RAYDIUM.program_id)
    directory.take_up([PoolAddress("raydium-cpmm", CPMM_ENTRY.pool.address, MINTS)])

    assert addresses(await directory.pools(*MINTS)) == [CPMM_ENTRY.pool.address]


async def test_a_pool_without_liquidity_is_believed_only_briefly() -> None:
    empty = with_depth(account_of(CPMM_ENTRY), 0)
    node, clock = Node([(CPMM_ENTRY.pool.address, empty)]), Clock()
    directory = PoolDirectory(node, [RAYDIUM], ttl_seconds=60, empty_ttl_seconds=5, monotonic=clock)
    assert [pool.depth for pool in (await directory.pools(*MINTS)).pools] == [0]

    node.accounts[CPMM_ENTRY.pool.address] = account_of(CPMM_ENTRY)
    clock.now += 5
    assert [pool.depth > 0 for pool in (await directory.pools(*MINTS)).pools] == [True]


async def test_a_pool_that_cannot_be_opened_becomes_an_error(node: Node) -> None:
    broken = Pubkey.new_unique()
    good = account_of(CPMM_ENTRY)
    data = bytes(8) + good.data[8:]
    node.accounts[broken] = AccountData(good.owner, good.lamports, data)

    found = await PoolDirectory(node, [RAYDIUM]).pools(*MINTS)

    assert addresses(found) == [CPMM_ENTRY.pool.address]
    assert [(e.venue, e.code, e.pool) for e in found.errors] == [("raydium-cpmm", "UNKNOWN_LAYOUT", broken)]


async def test_the_deepest_pools_come_first_and_the_rest_is_cut_off() -> None:
    depths = {Pubkey.new_unique(): depth for depth in (5, 900, 70, 3, 10_000)}
    base = account_of(CPMM_ENTRY)
    node = Node((address, with_depth(base, depth)) for address, depth in depths.items())

    found = await PoolDirectory(node, [RAYDIUM], pools_per_venue=3).pools(*MINTS)

    assert [depths[address] for address in addresses(found)] == [10_000, 900, 70]


async def test_eight_pools_a_venue_are_kept_unless_told_otherwise() -> None:
    node = Node((Pubkey.new_unique(), account_of(CPMM_ENTRY)) for _ in range(10))

    found = await PoolDirectory(node, [RAYDIUM]).pools(*MINTS)

    assert len(found.pools) == 8
    assert list(map(str, addresses(found))) == sorted(map(str, node.accounts))[:8]


async def test_a_pair_needs_two_mints(node: Node) -> None:
    with pytest.raises(WrongMint):
        await PoolDirectory(node, VENUES).pools(MINTS[0], MINTS[0])


async def test_a_bug_is_not_hidden_and_does_not_block_the_next_lookup(node: Node) -> None:
    directory = PoolDirectory(node, [RAYDIUM])
    node.accounts[Pubkey.new_unique()] = None  # type: ignore[assignment]
    with pytest.raises(AttributeError):
        await directory.pools(*MINTS)
    node.accounts = {CPMM_ENTRY.pool.address: account_of(CPMM_ENTRY)}

    assert addresses(await directory.pools(*MINTS)) == [CPMM_ENTRY.pool.address]


async def test_many_pinned_pools_are_read_some_at_a_time(node: Node) -> None:
    strangers = [Pubkey.new_unique() for _ in range(200)]
    reader = Reader(node)
    directory = PoolDirectory(reader, VENUES, pinned=[*strangers, CPMM_ENTRY.pool.address])
    node.failing = {METEORA.program_id, RAYDIUM.program_id}

    assert addresses(await directory.pools(*MINTS)) == [CPMM_ENTRY.pool.address]
    assert [len(asked) for asked in reader.asked][:3] == [90, 90, 21]


class Reader:
    """The node, and how many accounts each look at it asked for."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.asked: list[list[Pubkey]] = []

    async def program_accounts(
        self, program_id: Pubkey, query: AccountFilter, /
    ) -> list[tuple[Pubkey, AccountData]]:
        return await self._node.program_accounts(program_id, query)

    async def snapshot(self, wanted: Sequence[Pubkey], /) -> Snapshot:
        self.asked.append(list(wanted))
        return Snapshot(Clock_(1, 1, 0), {key: self._node.accounts.get(key) for key in wanted})
